"""What tests need to use the bench; a conftest.py that wants it says: from tests.bench.android.fixtures import android_bench."""

from collections.abc import Iterator

import pytest

from tests.bench.android.bench import Bench
from tests.bench.android.errors import BenchUnavailable
from tests.conftest import ROOT, in_ci


@pytest.fixture(scope="session")
def android_bench() -> Iterator[Bench]:
    """Four phones for all tests of the session: a test leaves them as they were, or takes a bench of its own."""
    bench = Bench(ROOT / ".farm")
    try:
        bench.__enter__()
    except BenchUnavailable as error:
        if in_ci():
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield bench
    bench.__exit__(None, None, None)
