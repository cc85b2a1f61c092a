"""What tests need to use the bench: a conftest.py imports ios_bench from here, one for all tests that share it."""

import importlib.util
import shutil
from collections.abc import Iterator

import pytest

from farm.devices.ios.client import Address, Worker
from farm.workloads import HarnessBuild
from tests.bench.ios.bench import BUNDLE, Bench


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


@pytest.fixture(scope="session")
def ios_workers(ios_bench: Bench) -> Iterator[dict[str, Worker]]:
    """A worker for each phone, for tests that do not need one of their own: starting one takes a second."""
    workers = {phone.name: Worker(Address(phone.udid, ios_bench.address, BUNDLE), phone.name) for phone in ios_bench.phones.values()}
    yield workers
    for worker in workers.values():
        worker.close()
