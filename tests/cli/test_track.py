"""farm track and farm ack as a person uses them: real processes, real exit codes."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from farm.publish.findings_json import schema
from farm.store import Store
from tests.processes import command, completed, unset
from tests.track import rack
from tests.track.rack import Rack, Step

NIGHTS = 60
Farm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return completed(command(*arguments, data=tmp_path), tmp_path, environment=unset())

    return call


def measured(folder: Path, *steps: Step, devices: tuple[str, ...] = ("s25", "pixel9"), seed: int = 3) -> None:
    """Measure NIGHTS nights, the last one just now."""
    first = datetime.now(UTC) - timedelta(minutes=10, days=NIGHTS - 1)
    made = Rack(seed, devices=devices, workloads=("net",), steps=steps, first=first)
    rack.load(Store(folder / "farm.duckdb"), made.nights(0, NIGHTS))


def test_a_quiet_branch_is_one_sentence_and_zero(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path)
    done = farm("track")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("main: 2 series, ")
    assert done.stdout.endswith(": nothing changed\n")


def test_a_regression_is_a_row_with_its_group_and_exits_with_four(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path, Step(30, 1.1))
    done = farm("track")
    assert done.returncode == 4
    (row,) = [line for line in done.stdout.splitlines() if "2 series: pixel9, s25; net; latency_ns" in line]
    assert "REGRESSION" in row
    assert "the artifact changed" in row
    assert re.search(r"rev002\d .* rev003\d", row)
    assert done.stdout.count("s25 net latency_ns +") == 1
    assert "2 regressions" in done.stdout.splitlines()[-1]


def test_the_json_is_of_the_published_form_whatever_was_found(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path, Step(30, 1.1, devices=("s25",)), Step(NIGHTS - 2, 1.2, devices=("pixel9",)))
    suite = tmp_path / "suite.toml"
    (tmp_path / "m.pte").write_bytes(b"x")
    suite.write_text('[suite]\nname = "nightly"\npasses = ["latency"]\n[[workloads]]\nid = "depth"\nartifact = "m.pte"\n')
    for arguments in ([], ["--suite", suite], ["--device", "nobody"]):
        done = farm("track", "--json", *arguments)
        document = json.loads(done.stdout)
        jsonschema.Draft202012Validator(schema()).validate(document)
        assert document["exit_code"] == done.returncode
        if "nobody" not in arguments:
            assert {change["standing"] for group in document["groups"] for change in group["changes"]} == {"confirmed", "suspected"}
            assert [request["device"] for request in document["confirmations"]] == ["pixel9"]
        assert [item["workload"] for item in document["missing"]] == (["depth"] * 2 if "--suite" in arguments else [])
    assert done.returncode == 3  # nothing to follow


def test_a_profile_that_a_suite_states_is_no_series_that_could_be_missing(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path)
    (tmp_path / "m.pte").write_bytes(b"x")
    text = '[suite]\nname = "nightly"\npasses = ["latency", "profile"]\n[[workloads]]\nid = "net"\nartifact = "m.pte"\n'
    (tmp_path / "suite.toml").write_text(text)
    done = farm("track", "--suite", "suite.toml")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_suite_may_name_a_pool_of_the_lab(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path)
    (tmp_path / "devices.toml").write_text('[devices.s25]\nkind = "android"\nserial = "x"\n[pools]\nrack = ["s25"]\n')
    (tmp_path / "m.pte").write_bytes(b"x")
    text = '[suite]\nname = "nightly"\npasses = ["latency"]\n[[workloads]]\nid = "net"\nartifact = "m.pte"\n'
    text += '[[budgets]]\nworkload = "net"\nmetric = "latency_ns"\nmax = "1 ms"\npool = "rack"\n'
    (tmp_path / "suite.toml").write_text(text)
    done = farm("track", "--suite", "suite.toml")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_acknowledgement_silences_a_group_until_it_is_revoked_and_all_of_it_is_kept(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path, Step(30, 1.1))
    (group,) = json.loads(farm("track", "--json").stdout)["groups"]
    until = date.today() + timedelta(days=30)  # noqa: DTZ011 - some day to come
    said = farm("ack", group["id"], "--until", until, "--owner", "kim", "--reason", "slower by design")
    assert said.returncode == 0, said.stderr
    done = farm("track")
    assert done.returncode == 0
    assert "2 acknowledged" in done.stdout
    assert f"accepted until {until} by kim: slower by design" in farm("track", "--all").stdout
    assert farm("ack", group["id"], "--revoke", "--owner", "lee", "--reason", "it is not").returncode == 0
    assert farm("track").returncode == 4
    history = farm("ack", group["changes"][0]["id"])
    assert history.returncode == 0
    assert [word in history.stdout for word in ("kim said: accept", "lee said: revoked", "confirmed")] == [True] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--until", "2099-01-01", "--owner", "kim", "--reason", "r"], 'there is no finding "nothing"'),
        (["ID", "--until", "2020-01-01", "--owner", "kim", "--reason", "r"], "2020-01-01 is over"),
        (["ID", "--until", "soon", "--owner", "kim", "--reason", "r"], '"soon" is no day'),
        (["ID", "--until", "2099-01-01", "--reason", "r"], "an acknowledgement has an --owner"),
        (["ID", "--until", "2099-01-01", "--owner", "kim"], "an acknowledgement has an --reason"),
        (["ID", "--until", "2099-01-01", "--owner", "k", "--reason", "r", "--accept", "--false-alarm"], "say one of"),
    ],
)
def test_what_cannot_be_acknowledged_is_said_in_one_sentence(farm: Farm, tmp_path: Path, arguments: list[str], words: str) -> None:
    measured(tmp_path, Step(30, 1.1), devices=("s25",))
    (group,) = json.loads(farm("track", "--json").stdout)["groups"]
    done = farm("ack", *(group["id"] if word == "ID" else word for word in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_branch_that_nothing_is_of_is_an_error_with_the_nearest_name(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path)
    done = farm("track", "--branch", "mian")
    assert done.returncode == 2
    assert 'no run is of a branch "mian"; did you mean "main"?' in done.stderr


def test_without_any_run_nothing_can_be_told(farm: Farm) -> None:
    done = farm("track")
    assert done.returncode == 3
    assert "there is nothing to follow on branch main" in done.stdout


def test_text_of_devices_and_people_cannot_write_on_the_terminal(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path, Step(30, 1.1), devices=("s25\x1b[2J[bold]",))
    document = json.loads(farm("track", "--json").stdout)
    jsonschema.Draft202012Validator(schema()).validate(document)
    name = document["groups"][0]["changes"][0]["id"]
    assert farm("ack", name, "--until", "2099-01-01", "--owner", "k\x1b]0;x\x07", "--reason", "r\x9b31m").returncode == 0
    for shown in (farm("track", "--all"), farm("ack", name)):
        assert not {"\x1b", "\x07", "\x9b"} & set(shown.stdout + shown.stderr)
    assert "s25\N{REPLACEMENT CHARACTER}[2J[bold] net" in farm("track", "--all").stdout


def test_a_branch_is_held_against_the_base_that_it_left(farm: Farm, tmp_path: Path) -> None:
    measured(tmp_path)
    first = datetime.now(UTC) - timedelta(minutes=5, days=5)
    made = Rack(9, devices=("s25",), workloads=("net",), steps=(Step(0, 1.2),), first=first, branch="feature")
    rack.load(Store(tmp_path / "farm.duckdb"), made.nights(0, 6))
    done = farm("track", "--branch", "feature", "--base", "main")
    assert "against main as it was up to " in done.stdout, done.stdout + done.stderr
    assert "1 series compared, 1 worse, 0 better; advice only" in done.stdout
    document = json.loads(farm("track", "--branch", "feature", "--base", "main", "--json").stdout)
    jsonschema.Draft202012Validator(schema()).validate(document)
    (one,) = document["base"]["compared"]
    assert (one["direction"], one["is_told"], one["series"]["device"]) == ("worse", True, "s25")
    assert one["low"] < 1.2 < one["high"]
    assert json.loads(farm("track", "--json").stdout)["base"] is None
    for base, said in (("feature", "is the branch itself"), ("mian", 'no run is of a branch "mian"; did you mean "main"?')):
        refused = farm("track", "--branch", "feature", "--base", base)
        assert (refused.returncode, said in refused.stderr) == (2, True)
