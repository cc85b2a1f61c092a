"""The Android bench, once for all tests of this folder."""

from tests.bench.android.fixtures import android_bench

__all__ = ["android_bench"]
