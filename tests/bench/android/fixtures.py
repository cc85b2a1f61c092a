"""What tests need to use the bench: a conftest.py imports android_bench from here, one for all tests that share it.

(A fixture that two conftest.py import is two fixtures, and two benches.)
"""

from collections.abc import Iterator

import pytest

from tests.bench.android.bench import Bench
from tests.bench.android.errors import BenchUnavailable


@pytest.fixture(scope="session")
def android_bench() -> Iterator[Bench]:
    """Four phones for all tests of the session: a test leaves them as they were, or takes a bench of its own."""
    from tests.conftest import ROOT, in_ci  # which may be the one that imports this

    bench = Bench(ROOT / ".farm")
    try:
        bench.__enter__()
    except BenchUnavailable as error:
        if in_ci():
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield bench
    bench.__exit__(None, None, None)
