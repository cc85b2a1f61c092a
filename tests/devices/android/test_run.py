"""A harness that is launched on a phone: what it is told, and what its launcher wrote of itself."""

import io
import time
from dataclasses import dataclass, replace

import pytest

from farm.devices.android import run
from farm.devices.android.adb import Adb
from farm.devices.android.box import Box
from farm.devices.android.device import AndroidTransport
from farm.devices.android.server import Server
from farm.devices.transport import Handle, Status
from farm.errors import InputError
from tests.bench.android import Phone
from tests.conftest import FakeModel, a_job
from tests.devices import started

BOOT = "1d3b4f0e-8f1b-4b7e-9c1a-0c7d6f2a9e55"
STAT = f"4711 (sh) S 1 4711 4711 0 -1 {' '.join('0' for _ in range(13))} 812345 9 9 9"


@dataclass
class Written(Box):
    """A box in which a launcher has written this."""

    text: str | None = None

    def pull(self, name: str, into: io.BytesIO, most_bytes: int) -> bool:
        if self.text is not None:
            into.write(self.text.encode())
        return self.text is not None


def box(text: str | None) -> Written:
    return Written(Adb(Server("127.0.0.1", 1), "serial", "s25"), text=text)


def test_a_run_that_has_begun_is_told_by_its_boot_and_by_when_in_it_its_process_began() -> None:
    assert run.begun(box(f"4711\n{BOOT}\n{STAT}\n"), "ab") == Handle("ab", 4711, f"{BOOT} 812345")


@pytest.mark.parametrize("text", [None, "", "4711\n", f"4711\n{BOOT}\n", f"sh: no pid\n{BOOT}\n{STAT}\n", f"4711\n{BOOT}\n4711 (sh) S 1\n"])
def test_what_tells_no_process_is_no_run_that_could_be_ended(text: str | None) -> None:
    assert run.begun(box(text), "ab") is None


def test_names_and_options_reach_the_harness_as_they_are(phone: Phone, transport: AndroidTransport, fake_model: FakeModel) -> None:
    evil = "$(touch /data/local/tmp/evil)`touch /data/local/tmp/evil`'\"; touch /data/local/tmp/evil"
    job = a_job(fake_model())
    job = replace(job, workload=replace(job.workload, method=evil))
    handle = started(transport, job)
    deadline_s = time.monotonic() + 20
    while transport.poll(handle) is Status.RUNNING and time.monotonic() < deadline_s:
        time.sleep(0.05)
    left = transport.collect(handle)
    transport.clean(handle)
    assert left.result is not None
    assert "touch /data/local/tmp/evil" in left.result
    assert phone.shell("ls /data/local/tmp").stdout.split() == ["farm"]
    with pytest.raises(InputError, match="line break"):
        transport.start(["--method", "a\nb"], "ac")
