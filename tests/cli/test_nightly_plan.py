"""farm nightly --dry-run: the plan of a night, which measures and writes nothing."""

import json

import pytest

from farm.cli import nightly
from farm.cli.nightly_open import Asked
from farm.workloads import new_id
from tests.cli.gating import rows
from tests.cli.nights import SCHEDULE, Lab, a_suite, broken_off, called


def test_the_command_shows_its_plan_and_measures_nothing(lab: Lab) -> None:
    a_suite(lab.home, SCHEDULE)
    shown = called(lab.home, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "would measure 4 jobs; its order is drawn when the first night is opened" in shown.stdout
    assert "not known: nothing of it was ever measured" in shown.stdout
    assert "how long it takes is not known" in shown.stdout
    assert not (lab.home / "data" / "farm.duckdb").exists()
    done = called(lab.home)
    assert done.returncode == 0, done.stderr
    shown = called(lab.home, "--dry-run")
    assert "is over; the night of" in shown.stdout
    assert "from one night" in shown.stdout
    assert "all devices at once: " in shown.stdout
    page = json.dumps(rows(lab.home, "SELECT phase FROM night_events"))
    assert all(phase in page for phase in ("open", "health", "canary", "measure", "track", "report", "notify", "close"))


def test_the_plan_of_a_night_that_goes_on_says_what_waits_in_the_journal(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    lab.context.journal.write({"runs": [{"id": new_id(lab.at)}]})
    assert nightly.dry_run(lab.context, Asked(lab.home / "suite.toml"), lab.clock()) == 0
    assert "goes on: 4 jobs are to come, less what is measured and waits in the journal (1)" in capsys.readouterr().out
    assert len(lab.context.journal.entries()) == 1  # a plan writes nothing


def test_a_plan_says_which_models_are_not_there(lab: Lab) -> None:
    (lab.home / "net.fake").unlink()
    shown = called(lab.home, "--dry-run")
    assert shown.returncode == 3
    (said,) = shown.stderr.splitlines()
    assert said.startswith("farm: net could not be measured: there is no ")
    assert "net.fake" in said
    assert "would measure 4 jobs" in shown.stdout
