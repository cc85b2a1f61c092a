"""Android phones made of Debian's own adbd: see README.md."""

from tests.bench.android.bench import Bench, Spec
from tests.bench.android.errors import BenchFailed, BenchUnavailable
from tests.bench.android.phone import Phone
from tests.bench.android.profiles import ARM64, X86_64

__all__ = ["ARM64", "X86_64", "Bench", "BenchFailed", "BenchUnavailable", "Phone", "Spec"]
