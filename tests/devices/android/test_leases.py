"""A phone is held by one host at a time."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.transport import Holder
from farm.errors import DeviceBusy
from farm.workloads import Device
from tests.bench.android import Phone


def lease_of(phone: Phone) -> list[str]:
    """The words of the lease in a phone's box: host, until when by the phone's clock, holder."""
    return phone.shell("cat /data/local/tmp/farm/lease").stdout.splitlines()


@pytest.fixture
def slow_hash(phone: Phone) -> Iterator[None]:
    """The phone's sha256sum takes four seconds more."""
    program = phone.root / "system/bin/sha256sum"
    own = program.rename(program.with_name("own-sha256sum"))
    program.write_text('#!/system/bin/sh\nsleep 4\nexec own-sha256sum "$@"\n')
    program.chmod(0o755)
    yield
    own.rename(program)


@pytest.mark.usefixtures("slow_hash")
def test_a_lease_is_renewed_while_a_big_file_is_sent_and_while_the_phone_hashes_it(
    phone: Phone, transport: AndroidTransport, tmp_path: Path
) -> None:
    transport.lease.seconds = 6.0
    transport.claim(Holder("here", "a test"))
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 12_000 + b"lease")
    phone.slow(1_000_000)
    left_s: list[int] = []
    began_s = time.monotonic()
    watching = threading.Thread(target=transport.push, args=(file, "files/leased"))
    watching.start()
    while watching.is_alive():
        left_s.append(int(lease_of(phone)[1]) - int(time.time()))
        time.sleep(0.5)
    took_s = time.monotonic() - began_s
    phone.restore()
    transport.release()
    assert took_s > transport.lease.seconds  # to send it, to hash it, and to see that it is not there
    assert min(left_s) >= 1


def test_a_lease_in_the_box_keeps_another_host_away_until_it_is_given_up_or_ends(
    phone: Phone, device: Device, transport: AndroidTransport
) -> None:
    other = AndroidTransport(device, reconnect_s=0.0)
    transport.claim(Holder("host-one", "process 7 of ann on one since noon: farm run"))
    with pytest.raises(DeviceBusy, match="s25 is held by process 7 of ann on one since noon: farm run"):
        other.claim(Holder("host-two", "bob"))
    transport.release()
    other.claim(Holder("host-two", "bob"))
    phone.shell("cd /data/local/tmp/farm && { echo host-two; echo 1000; echo bob; } >lease")  # its host died long ago
    transport.claim(Holder("host-one", "ann"))
    with pytest.raises(DeviceBusy, match="held by ann"):
        AndroidTransport(device, reconnect_s=0.0).claim(Holder("host-two", "bob"))
    phone.shell("cd /data/local/tmp/farm && { echo host-one; echo 99999999999; echo ann; } >lease")  # the clock went back
    other.claim(Holder("host-two", "bob"))
    other.release()
    assert "lease" not in phone.shell("ls /data/local/tmp/farm").stdout.split()


@pytest.mark.parametrize("words", ["farm run a\\c.pte", "farm run C:\\new\\table \\0101", "farm run -n", "-n"])
def test_a_lease_says_its_holders_words_as_they_are(device: Device, transport: AndroidTransport, words: str) -> None:
    transport.claim(Holder("host-one", words))
    assert transport.holder() == Holder("host-one", words)
    with pytest.raises(DeviceBusy, match=re.escape(f"s25 is held by {words}")):
        AndroidTransport(device, reconnect_s=0.0).claim(Holder("host-two", "bob"))
    transport.release()
    assert transport.holder() is None


def test_a_controller_that_was_away_longer_than_its_lease_finds_it_taken(phone: Phone, device: Device, transport: AndroidTransport) -> None:
    transport.claim(Holder("host-one", "ann"))
    phone.shell("cd /data/local/tmp/farm && { echo host-two; echo $(($(date +%s) + 60)); echo bob; } >lease")
    transport.lease.renewed_s -= 1000.0
    with pytest.raises(DeviceBusy, match="held by bob"):
        transport.vitals("before")
    phone.shell("rm /data/local/tmp/farm/lease")
    transport.release()
