"""Files that are sent to a phone and fetched from it: whole, over any link, while there is room."""

import threading
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.errors import DeviceNotReady
from farm.workloads import HarnessBuild
from tests.bench.android import Phone


def test_a_slow_link_is_waited_for(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 8_000 + b"slow")
    seen: list[int] = []
    phone.slow(1_000_000)
    assert transport.push(file, "files/slow", lambda sent, _size: seen.append(sent)) == file.stat().st_size
    phone.restore()
    assert seen == sorted(seen)
    assert seen[-1] == file.stat().st_size
    assert transport.push(file, "files/slow") == 0


@pytest.mark.parametrize("fault", ["cut", "kill_adbd"])
def test_a_push_that_is_cut_off_is_made_again_and_arrives_whole(
    phone: Phone, transport: AndroidTransport, tmp_path: Path, fault: str
) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 100_000 + fault.encode())  # other bytes each time: what is there is not sent
    once: list[int] = []

    def trouble(sent: int, _size: int) -> None:
        if sent > 8_000_000 and not once:
            once.append(sent)
            if fault == "cut":
                phone.cut()
            else:
                phone.crash_adbd()

    transport.push(file, "files/big", trouble)
    assert once
    assert transport.pull("files/big", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert "partial" not in phone.shell("ls /data/local/tmp/farm/files").stdout


def test_a_pull_that_is_cut_off_begins_anew_and_arrives_whole(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 40_000 + b"pull")
    transport.push(file, "files/pulled")
    phone.cut_after(4 << 20)
    threading.Timer(2, phone.restore).start()
    assert transport.pull("files/pulled", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()


def test_a_full_disk_is_said_with_what_is_needed(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(3_000_000))
    phone.fill_disk(leave_bytes=1_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 1 MB free, file needs 67 MB"):
        transport.push(file, "files/new")


def test_a_harness_on_the_phone_goes_when_room_is_made_and_comes_back_when_it_is_needed(
    phone: Phone, transport: AndroidTransport, fake_harness: HarnessBuild
) -> None:
    count = "find /data/local/tmp/farm/harness -type f | wc -l"
    assert int(phone.shell(count).stdout) >= len(fake_harness.files)
    transport.shrink(0)
    assert int(phone.shell(count).stdout) == 0
    transport.install(fake_harness)
    assert int(phone.shell(count).stdout) == len(fake_harness.files)
