"""What tests need to use the bench: a conftest.py imports ios_bench from here, one for all tests that share it."""

import importlib.util
import shutil
from collections.abc import Iterator

import pytest

from farm.workloads import HarnessBuild
from tests.bench.ios.bench import Bench


@pytest.fixture(scope="session")
def ios_bench(fake_harness: HarnessBuild) -> Iterator[Bench]:
    """Two iPhones, of iOS 16.7 and 18.6, for all tests of the session: a test leaves them as they were."""
    from tests.conftest import in_ci  # which may be the one that imports this

    missing = [name for name in ("pymobiledevice3", "cryptography") if importlib.util.find_spec(name) is None]
    if shutil.which("setpriv") is None:
        missing.append("setpriv (util-linux)")
    if missing:
        words = f"the iOS bench needs {' and '.join(missing)}: make setup-dev"
        if in_ci():
            pytest.fail(words)
        pytest.skip(words)
    with Bench([fake_harness]) as bench:
        yield bench
