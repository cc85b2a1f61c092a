"""A host without room is told before a run could be lost on it."""

from pathlib import Path

import pytest

from farm.cli import host
from farm.errors import HostExhausted


def test_a_host_with_room_says_nothing(tmp_path: Path) -> None:
    host.check(tmp_path / "not" / "there" / "yet", "again")


def test_a_full_disk_and_a_full_memory_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_LEAST_MEMORY_BYTES", 1e15)
    with pytest.raises(HostExhausted, match="of memory left, so nothing more is measured; what ended is kept"):
        host.check(tmp_path, "farm run --resume goes on with what is left")
    monkeypatch.setattr(host, "_LEAST_ROOM_BYTES", 1e18)
    with pytest.raises(HostExhausted, match=f"the disk of {tmp_path} has") as caught:
        host.check(tmp_path, "farm run --resume goes on with what is left")
    assert caught.value.exit_code == 3
