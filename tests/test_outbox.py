from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import StoreError
from farm.notices import Kind, Notice
from farm.outbox import Outbox, Waiting

A = Waiting("001", "mail", Notice(Kind.NIGHT, "night main", "a title \udcff", "text", "s"), "2026-01-02 03:04:05")


def test_what_is_put_in_comes_back_oldest_first(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box")
    assert box.waiting() == []
    box.put(replace(A, id="002"))
    box.put(A)
    assert box.waiting() == [A, replace(A, id="002")]
    box.tried(A, "it is down", "2026-01-02 03:05:00")
    assert box.waiting()[0] == replace(A, tries=1, tried="2026-01-02 03:05:00", why="it is down")
    box.drop(A)
    assert [message.id for message in box.waiting()] == ["002"]


def test_the_last_state_told_of_each_key_is_kept(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "box")
    assert box.told() == {}
    box.tell("rack", "dead")
    box.tell("night", "x")
    box.tell("rack", "alive")
    assert box.told() == {"rack": "alive", "night": "x"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outbox": 99}', '{"outbox": 1, "notice": {"kind": "later"}}'])
def test_what_cannot_be_read_stays_where_it_is_and_stops_nothing(tmp_path: Path, text: str) -> None:
    box = Outbox(tmp_path)
    (tmp_path / "000.json").write_text(text)
    (tmp_path / "told.json").write_text(text)
    box.put(A)
    assert box.waiting() == [A]
    assert (tmp_path / "000.json").exists()
    box.tell("k", "s")
    assert box.told()["k"] == "s"


def test_only_one_process_sends_at_a_time(tmp_path: Path) -> None:
    box = Outbox(tmp_path)
    with box.sending() as first, box.sending() as second:
        assert (first, second) == (True, False)
    with box.sending() as again:
        assert again


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be written down"):
        Outbox(tmp_path / "file" / "box").put(A)
