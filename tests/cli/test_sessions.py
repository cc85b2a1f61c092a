"""Sessions that go on over several rounds: what is held stays held, and what ends gives its device up."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from farm.cli import unfinished
from farm.cli.context import Context
from farm.cli.measuring import Done, Measuring
from farm.cli.taken import Taken
from farm.devices import Holder
from farm.errors import DeviceBusy
from farm.workloads import HarnessBuild, Provenance, new_id
from tests.conftest import LOCAL, NOW, FakeModel, a_job, a_session

WAITING = replace(LOCAL, name="waiting")


@dataclass
class Waits:
    """A device that another host has taken: all it can do here is to be claimed."""

    claims: int = 0

    def claim(self, holder: Holder) -> None:
        assert holder.words == "me"
        self.claims += 1
        raise DeviceBusy("waiting is held by another host")


@pytest.fixture
def measuring(tmp_path: Path, fake_harness: HarnessBuild) -> Measuring:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "harness").symlink_to(fake_harness.folder.parent)
    context = Context(tmp_path / "data", None)
    return Measuring(context, 1, Provenance("0.1.0"), None, unfinished.begin(context.data, new_id(NOW), "gate", {}, "plan"))


def test_a_device_that_waits_for_another_is_claimed_again_and_then_given_up(measuring: Measuring, fake_model: FakeModel) -> None:
    waits, given_up = Waits(), list[str]()
    job = a_job(fake_model(sleep_ns=50_000_000), duration_ms=500)
    with measuring.sessions([LOCAL]) as sessions:
        stack = ExitStack()
        stack.callback(given_up.append, "waiting")
        sessions.renew_s = 0.2
        sessions.done.append(Done(WAITING))
        ticket = sessions.sharing.ticket(WAITING)
        sessions.held["waiting"] = Taken(waits, {}, a_session(), Holder("host", "me"), ticket, stack)  # type: ignore[arg-type]
        sessions.measure({"local": [job]}, hold=True)
        assert not given_up
        assert set(sessions.held) == {"local", "waiting"}
        first = sessions.done[0].session
        sessions.measure({"local": [replace(job, repeat=1)]}, hold=True)
        assert sessions.done[0].session is first
    assert waits.claims >= 1
    assert given_up == ["waiting"]
    assert [run.job.repeat for run in sessions.done[0].runs] == [0, 1]
    with measuring.sessions([LOCAL]) as again:  # the lock was let go of
        again.measure({"local": [replace(job, repeat=2)]})
        assert again.done[0].failure is None
        assert not again.held


def test_an_interrupt_that_was_swallowed_ends_the_sessions(measuring: Measuring, fake_model: FakeModel) -> None:
    job = a_job(fake_model(sleep_ns=50_000_000), duration_ms=500)
    work = [(LOCAL, [replace(job, repeat=repeat) for repeat in range(50)])]
    threading.Timer(2.0, measuring.interrupting.set).start()
    with pytest.raises(KeyboardInterrupt):
        measuring.measure(work)
    assert measuring.interrupted.is_set()
    ended = len(measuring.context.journal.entries()) + measuring.context.store().query("count_runs").row(0)[0]
    assert ended < 50
