import logging
from pathlib import Path

import pytest

from farm.errors import StoreError
from farm.journal import Journal
from farm.records import record
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


@pytest.mark.parametrize("text", ["", "{", "[]", '{"journal": 1}', '{"journal": 1, "rows": {"runs": []}}'])
def test_an_entry_that_cannot_be_read_is_set_aside_and_the_others_go_in(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    an_entry(tmp_path)
    (tmp_path / "00000000.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert Journal(tmp_path).drain(lambda _: None) == 1
    assert (tmp_path / "00000000.unreadable").read_text() == text
    assert "set aside" in caplog.text


def test_an_entry_of_another_version_stays_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('{"journal": 99, "rows": {}}')
    with pytest.raises(StoreError, match="another version of farm"):
        Journal(tmp_path).drain(lambda _: None)
    assert (tmp_path / "1.json").exists()


def test_a_half_written_entry_is_none(tmp_path: Path) -> None:
    (tmp_path / "1.partial").write_text("{")
    assert Journal(tmp_path).entries() == []


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    session = a_session()
    with pytest.raises(StoreError, match="could not be written to the journal"):
        Journal(tmp_path / "file" / "journal").write(record(session, a_run(session)))
