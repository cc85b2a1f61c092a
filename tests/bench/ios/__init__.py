"""iPhones for tests, where there is no iPhone: see README.md."""

from tests.bench.ios.bench import BUNDLE, Bench, Iphone

__all__ = ["BUNDLE", "Bench", "Iphone"]
