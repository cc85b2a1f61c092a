"""A controller that is being stopped: it waits for nothing, and leaves the phone as it was where it can."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.readers import proc
from farm.devices.transport import Handle, Holder, Status
from farm.errors import DeviceLost, DeviceNotReady, FarmError
from tests.bench.android import Phone
from tests.bench.android.processes import wait_until
from tests.conftest import CALM
from tests.devices.android import settings_of


def interrupted(transport: AndroidTransport, work: Callable[[], object], after_s: float = 1.0) -> tuple[float, BaseException | None]:
    """Do work in a thread, interrupt the transport meanwhile; how long the work went on from then, and what it raised."""
    raised: list[BaseException] = []

    def go() -> None:
        try:
            work()
        except (FarmError, KeyboardInterrupt) as error:
            raised.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    time.sleep(after_s)
    began_s = time.monotonic()
    transport.interrupt()
    thread.join()
    return time.monotonic() - began_s, raised[0] if raised else None


@pytest.mark.parametrize("cable", ["slow", "frozen"])
def test_a_push_is_interrupted_and_a_link_that_does_not_answer_is_not_waited_for(
    phone: Phone, transport: AndroidTransport, tmp_path: Path, cable: str
) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 100_000 + cable.encode())
    transport.claim(Holder("here", "a test"))
    if cable == "slow":
        phone.slow(40_000)
        took_s, error = interrupted(transport, lambda: transport.push(file, "files/interrupted"))
    else:
        phone.freeze()
        took_s, error = interrupted(transport, lambda: transport.vitals("before"))
    assert isinstance(error, KeyboardInterrupt)
    assert took_s < 5  # the rest of the push would take ten minutes
    began_s = time.monotonic()
    with pytest.raises(DeviceLost, match=r"s25 is gone: s25 did not answer in [1-4][0-9.]* s"):
        transport.restore()
    with pytest.raises(DeviceLost, match=r"does not answer at once|did not answer in [1-4][0-9.]* s"):  # the cable may be just too slow
        transport.vitals("after")
    transport.release()
    assert time.monotonic() - began_s < 12
    phone.restore()
    phone.connect()
    successor = AndroidTransport(transport.device)
    successor.claim(Holder("here", "the next one"))
    successor.restore()
    successor.release()
    assert "partial" not in phone.shell("ls /data/local/tmp/farm/files").stdout
    assert "lease" not in phone.shell("ls /data/local/tmp/farm").stdout.split()


def test_a_phone_that_answers_is_put_back_also_when_its_controller_is_stopped_meanwhile(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.prepare(CALM)
    _, error = interrupted(transport, transport.restore, after_s=0.1)
    assert error is None
    assert settings_of(phone) == before


def test_a_harness_that_cannot_be_ended_is_not_waited_for_for_ever(phone: Phone, transport: AndroidTransport) -> None:
    transport.stop_s = 1.0
    line = "setsid sh -c 'echo $$ >/data/local/tmp/pid; sleep 8' >/dev/null 2>&1 &"
    phone._inside("/system/bin/sh", "-c", line)  # its owner is root: a shell cannot end it
    wait_until(lambda: phone.shell("cat /data/local/tmp/pid").stdout.endswith("\n"), "the shell to say its pid")
    pid = phone.shell("cat /data/local/tmp/pid").stdout.strip()
    boot_id, stat = phone.shell(f"cat /proc/sys/kernel/random/boot_id /proc/{pid}/stat").stdout.splitlines()
    phone._inside("/system/bin/rm", "/data/local/tmp/pid")
    handle = Handle("ab", int(pid), f"{boot_id} {proc.start_mark(stat)}")
    assert transport.poll(handle) is Status.RUNNING
    with pytest.raises(DeviceNotReady, match="the harness on s25 does not end"):
        transport.stop(handle)
