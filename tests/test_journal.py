import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from farm.errors import RecordRefused, StoreError
from farm.journal import Journal
from farm.records import Record, record
from tests.conftest import a_run, a_session


def an_entry(folder: Path) -> Path:
    session = a_session()
    return Journal(folder).write(record(session, a_run(session)))


def test_what_is_written_comes_back_the_same(tmp_path: Path) -> None:
    session = a_session()
    wanted = record(session, a_run(session))
    journal = Journal(tmp_path / "new" / "journal")
    journal.write(wanted)
    found: list[object] = []
    assert journal.drain(found.extend) == 1
    assert found == [wanted]
    assert journal.entries() == []


def test_an_entry_stays_when_the_database_refuses(tmp_path: Path) -> None:
    an_entry(tmp_path)

    def refuse(_: object) -> None:
        raise StoreError("no")

    with pytest.raises(StoreError):
        Journal(tmp_path).drain(refuse)
    assert len(Journal(tmp_path).entries()) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"journal": 1}', '{"journal": 1, "rows": {"runs": []}}'])
def test_an_entry_that_cannot_be_read_is_set_aside_and_the_others_go_in(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    an_entry(tmp_path)
    (tmp_path / "00000000.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert Journal(tmp_path).drain(lambda _: None) == 1
    assert (tmp_path / "00000000.unreadable").read_text() == text
    assert "set aside" in caplog.text


def test_an_entry_of_another_version_stays_and_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "1.json").write_text('{"journal": 99, "rows": {}}')
    found: list[object] = []
    kept = an_entry(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert Journal(tmp_path).drain(found.extend) == 1  # it stops nobody else
    assert "another version of farm" in caplog.text
    assert (tmp_path / "1.json").exists()
    assert not kept.exists()


def test_an_entry_that_is_refused_is_set_aside_and_the_others_go_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    session = a_session()
    good, bad = record(session, a_run(session)), record(session, a_run(session))
    entries = [Journal(tmp_path).write(each) for each in (bad, good)]
    taken: list[object] = []

    def append(records: Sequence[Record]) -> None:
        if bad in records:
            raise RecordRefused("the database does not take it")
        taken.extend(records)

    with caplog.at_level(logging.WARNING):
        assert Journal(tmp_path).drain(append) == 1
    assert taken == [good]
    assert "the database does not take it" in caplog.text
    assert entries[0].with_suffix(".refused").exists()
    assert Journal(tmp_path).entries() == []


def test_a_half_written_entry_is_none(tmp_path: Path) -> None:
    (tmp_path / "1.partial").write_text("{")
    assert Journal(tmp_path).entries() == []


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    session = a_session()
    with pytest.raises(StoreError, match="could not be written to the journal"):
        Journal(tmp_path / "file" / "journal").write(record(session, a_run(session)))
