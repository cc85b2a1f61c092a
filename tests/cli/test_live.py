import io
import sys
import time

import pytest

from farm.cli.live import live
from farm.workloads import Outcome
from tests.conftest import a_job, a_run, a_session, an_artifact


def test_a_device_that_is_waited_for_is_told_once_with_what_is_unmet(capsys: pytest.CaptureFixture[str]) -> None:
    job = a_job(an_artifact())
    with live({"local": 2}) as view:
        view.phase(job, "settling: the CPUs are 90% busy, the limit is 25%")
        assert capsys.readouterr().err == ""  # a moment is nothing to tell
        time.sleep(3.2)
        for _ in range(3):
            view.phase(job, "settling: the CPUs are 80% busy, the limit is 25%")
        told = "farm: local a-workload latency #1: settling: the CPUs are 80% busy, the limit is 25% (for up to 5 s)\n"
        assert capsys.readouterr().err == told
        view.phase(job, "measuring")
        view.phase(job, "settling: the CPUs are 70% busy, the limit is 25%")
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("count", "told"), [(1, "1 job was done before"), (2, "2 jobs were done before")])
def test_what_was_done_before_is_counted(capsys: pytest.CaptureFixture[str], count: int, told: str) -> None:
    with live({"local": 3}) as view:
        view.more("local", 3)
        view.taken_up("local", count)
    assert capsys.readouterr().err == f"farm: [{count}/3] local: {told}\n"


def test_a_run_whose_standard_error_is_closed_has_nobody_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with live({"local": 1}) as view:
        view.phase(a_job(an_artifact()), "measuring")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_device_that_has_done_its_jobs_is_not_said_to_do_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_job(an_artifact())
    seen = _Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    monkeypatch.setenv("COLUMNS", "120")
    with live({"local": 1}) as view:
        view.more("local", 1)
        view.phase(job, "measuring")
        view.ended(a_run(a_session(), job=job))
    last = seen.getvalue().rpartition("local")[2]
    assert "a-workload latency #1: ok" in last
    assert "measuring" not in last


@pytest.mark.parametrize("terminal", [False, True])
def test_what_a_run_came_to_is_said_in_words(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    seen = _Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", seen)
    monkeypatch.setenv("COLUMNS", "120")
    with live({"local": 1}) as view:
        view.more("local", 1)
        view.ended(a_run(a_session(), outcome=Outcome.NOT_READY, reason="it charges"))
    assert "local a-workload latency #1: not ready: it charges" in seen.getvalue()
