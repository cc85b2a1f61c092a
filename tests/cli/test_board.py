"""What processes of a data folder tell each other: cheaply, and not at all where the database is held."""

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from farm.cli import members
from farm.cli.board import Board
from farm.cli.context import Context
from farm.cli.ticket import Asking, Ticket
from farm.queue import Priority, Standing
from tests.conftest import LOCAL

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path, None)


def asking(context: Context, priority: Priority = Priority.AD_HOC) -> Asking:
    said: list[str] = []
    member = members.join(context.data)
    return Asking(Board(context), member, priority, "a test", lambda: None, Event(), lambda _, text: said.append(text))


def measures(ticket: Ticket) -> None:
    ticket.request = replace(ticket.request, standing=Standing.MEASURING)
    ticket.post(None)
    assert ticket.asking.board.flush(5)


def test_looking_costs_next_to_nothing_where_nothing_has_changed(context: Context) -> None:
    mine = asking(context, Priority.NIGHTLY)
    ticket = mine.ticket(LOCAL)
    measures(ticket)
    assert not ticket.must_stop()
    took_s = []
    for _ in range(200):
        began_s = time.perf_counter()
        assert not ticket.must_stop()
        took_s.append(time.perf_counter() - began_s)
    assert statistics.median(took_s) < 0.005  # of the 50 ms that a run may cost; tens of microseconds on a quiet machine


def test_a_request_is_seen_by_another_process_and_is_none_when_that_is_gone(context: Context) -> None:
    night, person = asking(context, Priority.NIGHTLY), asking(context)
    holds = night.ticket(LOCAL)
    measures(holds)
    assert not holds.must_stop()
    wants = person.ticket(LOCAL)
    assert person.board.flush(5)
    assert holds.must_stop()
    assert holds.next is not None
    assert holds.next.id == wants.request.id
    person.member.leave()
    assert not holds.must_stop()
    night.board.bury(NOW)
    assert night.board.flush(5)
    assert [row["standing"] for row in context.store().sql("SELECT standing FROM queue_standings ORDER BY number").to_dicts()][-1] == "lost"


def test_a_device_of_another_place_and_identity_is_another_device(context: Context) -> None:
    night, person = asking(context, Priority.NIGHTLY), asking(context)
    holds = night.ticket(LOCAL)
    holds.known("this")
    measures(holds)
    other = person.ticket(replace(LOCAL, name="other", serial="R5CX"))
    person.board.flush(5)
    assert not holds.must_stop()
    other.known("this")  # under another name and place, the same device
    other.post(None)
    person.board.flush(5)
    assert holds.must_stop()


def test_what_is_to_be_told_waits_while_the_database_is_in_use_and_nothing_of_it_is_lost(context: Context) -> None:
    mine = asking(context)
    ticket = mine.ticket(LOCAL)
    with mine.board.storing:
        assert not mine.board.flush()
        assert not mine.board.flush(0.05)
        mine.board.look()
    ticket.post("again")
    assert mine.board.is_unheard
    assert mine.board.flush(5)
    assert not mine.board.has_news
    assert context.store().sql("SELECT count(*) AS n FROM queue_standings")["n"][0] == 2


def test_a_process_is_there_until_its_lock_is_let_go(context: Context) -> None:
    member = members.join(context.data)
    assert members.is_there(context.data, member.name)
    member.leave()
    assert not members.is_there(context.data, member.name)
    left_behind = context.data / "queue" / "123-dead.process"
    left_behind.touch()
    assert not members.has_process(context.data, 123)
    members.join(context.data).leave()
    assert not left_behind.exists()
