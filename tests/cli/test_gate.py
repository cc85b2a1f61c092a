"""farm gate and farm explain as a person uses them: real processes, the fake runtime, real exit codes."""

import hashlib
import json
import signal
import struct
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from click.testing import CliRunner

from farm import items
from farm.cli.main import farm as group
from farm.errors import FarmError
from farm.publish import verdict_json
from tests.bench.inboxes import webhook
from tests.cli.gating import BUDGET, USUAL_NS, WORKLOAD, Farm, a_model, a_suite, gate, rows
from tests.conftest import CALM_TOML
from tests.processes import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VERDICTS = jsonschema.Draft202012Validator(verdict_json.schema())
JUNIT = xmlschema.XMLSchema(Path(__file__).parents[1] / "publish" / "junit.xsd")


def test_an_unchanged_candidate_passes_and_stored_runs_say_so_again(farm: Farm, home: Path) -> None:
    done = farm(*gate("new.fake", "--seed", 5, "--json"))
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    VERDICTS.validate(document)
    (verdict,) = document["verdicts"]
    assert (verdict["decision"], verdict["used"][0]["candidate"], verdict["used"][0]["baseline"]) == ("pass", 4, 4)
    statement = "SELECT side, count(*) AS runs, count(DISTINCT block) AS blocks FROM placements GROUP BY side ORDER BY side"
    assert rows(home, statement) == [{"side": side, "runs": 4, "blocks": 2} for side in ("baseline", "candidate")]
    (kept,) = rows(home, "SELECT gates.seed, exit_code, decision, estimate FROM gates JOIN verdicts ON gate_id = id")
    assert kept == {"seed": 5, "exit_code": 0, "decision": "pass", "estimate": verdict["estimate"]["value"]}
    assert not list((home / "data" / "unfinished").iterdir())

    told = farm("explain", document["gate"])
    assert told.returncode == 0
    assert told.stdout.count("counts\n") + told.stdout.count("counts ") >= 8
    digest = hashlib.sha256((home / "new.fake").read_bytes()).hexdigest()
    for part in (
        f"new.fake; SHA-256 {digest}",
        "drawn from seed 5",
        "van Elteren",
        "docs/trust.md",
        "farm.stats.ranks",
        "judged again from these runs: the same verdict",
    ):
        assert part in told.stdout, part

    stored = farm(*gate("new.fake", "--stored", "--json"))
    assert stored.returncode == 0, stored.stderr
    again = json.loads(stored.stdout)
    assert again["verdicts"] == document["verdicts"]
    assert again["gate"] != document["gate"]
    assert "judged again from these runs: the same verdict" in farm("explain").stdout
    other_settings = farm(*gate("new.fake", "--stored", "--seed", 1))
    assert (other_settings.returncode, "measures nothing" in other_settings.stderr) == (2, True)


def test_a_slower_candidate_fails_with_4_in_every_form_and_whatever_it_is_called(farm: Farm, home: Path) -> None:
    name = "a|b\n::error::<x>& \udcff.fake"
    a_model(home / name, sleep_ns=round(1.3 * USUAL_NS))
    forms = ("json", "junit", "sarif", "markdown", "github")
    done = farm(*gate(name, *(part for form in forms for part in ("--publish", f"{form}=out.{form}")), "--publish", "github=-"))
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout.endswith((home / "out.github").read_text())
    assert "FAIL" in done.stdout
    assert "\x1b" not in done.stdout
    VERDICTS.validate(json.loads((home / "out.json").read_text()))
    JUNIT.validate((home / "out.junit").read_text())
    assert json.loads((home / "out.sarif").read_text())["version"] == "2.1.0"
    assert "<x>" not in (home / "out.markdown").read_text()
    assert [line.split("::")[1].split(" ")[0] for line in (home / "out.github").read_text().splitlines()] == ["error", "notice"]
    told = farm("explain")
    assert told.returncode == 0
    kept = rows(home, "SELECT metric, statistic, worse FROM gate_changes")
    found = json.loads((home / "out.json").read_text())["changes"]
    assert kept == [{name: change[name] for name in ("metric", "statistic", "worse")} for change in found]
    assert ("Changes found outside the budgets of this gate" in told.stdout) == bool(found)


@pytest.mark.parametrize(
    ("crash", "arguments", "said"),
    [
        (3, (), "8 runs on local (candidate) are left out: failed: the harness crashed"),
        (0, ("--time-budget", "1 ms"), "the time that the gate may take was used up"),
    ],
)
def test_what_cannot_be_measured_is_3_and_never_4(farm: Farm, home: Path, crash: int, arguments: tuple[str, ...], said: str) -> None:
    a_model(home / "bad.fake", sleep_ns=USUAL_NS, crash_at_iteration=crash)
    done = farm(*gate("bad.fake", *arguments))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "INCONCLUSIVE" in done.stdout
    assert said in done.stdout
    assert "judged again from these runs: the same verdict" in farm("explain").stdout


WRONG = [
    (gate("bare.fake"), 'the candidate bare.fake of "net" has no reference for its input'),
    (gate("none.fake"), "there is no none.fake"),
    (gate("new.fake", baseline="data"), "there is no data/old.fake"),
    (gate("net=new.fake", "--candidate", "nett=old.fake"), '"nett=old.fake" is not WORKLOAD=FILE; did you mean "net"?'),
    (gate("new.fake", "--publish", "jnit=x"), '"jnit=x" is not FORM=FILE; did you mean "junit"?'),
    (gate("new.fake", "--json", "--publish", "github=-"), "--json has standard output already"),
    (gate("new.fake", "--publish", "junit=data"), "the junit file data cannot be written: it is no ordinary file"),
    (gate("new.fake", "--most-runs", 7), "7 is no even number of runs"),
    (gate("new.fake", "--time-budget", "1 parsec"), '"1 parsec" is not a time'),
    (gate("new.fake", "--device", "s25"), 'there is no device "s25"'),
    (gate("new.fake", "--stored"), "no stored run of these workloads on these devices is of the candidate"),
    (["explain"], "no gate was judged yet"),
    (["explain", "5f0c.x"], '"5f0c.x" names no verdict'),
    (["explain", "5f0c.1"], "no gate was judged yet"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_wrong_input_is_2_in_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[object], said: str) -> None:
    a_model(home / "bare.fake", checked=False, sleep_ns=USUAL_NS)
    monkeypatch.chdir(home)
    refused = CliRunner().invoke(group, ["--data", "data", *map(str, arguments)], standalone_mode=False)
    assert isinstance(refused.exception, FarmError), refused.exc_info
    assert refused.exception.exit_code == 2
    assert said in refused.exception.message


def test_a_suite_that_only_warns_takes_what_is_unchecked_and_ends_with_0(farm: Farm, home: Path) -> None:
    a_suite(home, f'{BUDGET}severity = "warn"\n')
    a_model(home / "bare.fake", checked=False, sleep_ns=round(1.5 * USUAL_NS))
    done = farm(*gate("bare.fake"))
    assert done.returncode == 0, done.stderr
    assert "FAIL (warns)" in done.stdout


@pytest.mark.parametrize(("output", "code", "decision"), [("0 1", 0, "pass"), ("1 0", 4, "fail")])
def test_a_quality_is_judged_on_the_items_that_both_sides_answered(farm: Farm, home: Path, output: str, code: int, decision: str) -> None:
    """The baseline answers with its input, nine times of ten rightly; the candidate always, or never."""
    rows = [[struct.pack("<2f", 1 - 2 * (place % 10 > 0), 0)] for place in range(200)]
    items.write(home / "some.items", items.classify_file(rows), {}, [1] * 200)
    a_suite(
        home, '[[budgets]]\nworkload = "net"\nmetric = "accuracy_ratio"\nmax_drop = "5 %"\n', workload=f'{WORKLOAD}items = "some.items"\n'
    )
    asked = struct.pack("<2f", 0, 1)
    a_model(home / "old.fake", (asked, asked), echo=1, input_bytes=8)
    a_model(home / "new.fake", (asked, struct.pack("<2f", *map(float, output.split()))), output_values=output, input_bytes=8)
    done = farm(*gate("new.fake", "--json"))
    assert done.returncode == code, done.stdout + done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert (verdict["decision"], verdict["used"][0]["candidate"], verdict["used"][0]["baseline"]) == (decision, 200, 200)
    assert verdict["estimate"]["value"] == pytest.approx(-0.1 if decision == "pass" else 0.9)
    assert rows_of(home) == [{"pass": "quality", "side": side} for side in ("baseline", "candidate")]
    assert "judged again from these runs: the same verdict" in farm("explain").stdout
    stored = farm(*gate("new.fake", "--stored", "--json"))
    assert json.loads(stored.stdout)["verdicts"] == [verdict]


def rows_of(home: Path) -> list[dict[str, Any]]:
    return rows(home, "SELECT pass, side FROM runs JOIN placements ON run_id = id ORDER BY side")


def test_an_artifact_held_against_itself_is_told(farm: Farm, home: Path) -> None:
    done = farm(*gate("old.fake", "--json"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "net: candidate and baseline are the same bytes" in done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert "candidate and baseline are the same bytes" in verdict["warnings"]


def test_two_stored_artifacts_are_compared_by_every_number_that_both_have(farm: Farm, home: Path) -> None:
    a_suite(home, most_runs=8, budgets=BUDGET.replace("latency_ns", "vm_hwm_bytes") + BUDGET)
    a_model(home / "slow.fake", sleep_ns=round(1.5 * USUAL_NS))
    farm(*gate("slow.fake"))
    old, slow = (hashlib.sha256((home / name).read_bytes()).hexdigest() for name in ("old.fake", "slow.fake"))
    done = farm("compare", old[:12], slow[:12], "--json")
    assert done.returncode == 4, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert (document["baseline"], document["candidate"]) == (old[:12], slow[:12])
    decisions = {verdict["budget"]["metric"]: verdict["decision"] for verdict in document["verdicts"]}
    assert decisions["latency_ns"] == "fail"
    assert {"vm_hwm_bytes", "rss_anon_bytes", "pss_bytes"} <= decisions.keys()
    (mirrored,) = json.loads(farm("compare", slow, old, "--metric", "latency_ns", "--device", "local", "--json").stdout)["verdicts"]
    assert mirrored["decision"] == "pass"
    assert mirrored["estimate"]["value"] == pytest.approx(1 / 1.5, rel=0.15)
    for arguments, said in (
        ((old, "0" * 12), 'no stored run of these workloads on these devices is of the candidate "000000000000"'),
        ((old, slow, "--metric", "latncy_ns"), 'both sides have no number "latncy_ns"; did you mean "latency_ns"?'),
        ((old, slow, "--workload", "other"), "no stored run of these workloads"),
        ((old, slow, "--better", "lower"), "--better is for files"),
        ((old, "slow.fake"), f'slow.fake is a file and "{old}" is none'),
        (("a.csv", "b.csv", "--metric", "value"), "choose among stored runs"),
    ):
        refused = farm("compare", *arguments)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_goes_on_with_a_gate_that_was_killed(farm: Farm, home: Path, how: signal.Signals) -> None:
    a_suite(home, most_runs=6)
    with subprocess.Popen(command(*gate("new.fake")), cwd=home, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "[6/12]" in line:
                process.send_signal(how)
                break
        process.communicate()
    assert process.returncode in (-signal.SIGKILL, 130)
    before = len(rows(home, "SELECT run_id FROM placements"))
    assert before >= 6
    done = farm(*gate("new.fake", "--json"))
    assert done.returncode == 0, done.stderr
    assert "going on with it" in done.stderr
    assert "[4/12] local: 4 jobs were done before" in done.stderr
    assert len(rows(home, "SELECT run_id FROM placements")) == before + 8
    assert rows(home, "SELECT count(*) AS n, count(DISTINCT block) AS blocks FROM judged_runs") == [{"n": 12, "blocks": 3}]
    assert len(rows(home, "SELECT DISTINCT gate_id FROM placements")) == 1
    assert not list((home / "data" / "unfinished").iterdir())
    if how is signal.SIGKILL:
        stored = json.loads(farm(*gate("new.fake", "--stored", "--json")).stdout)
        assert stored["verdicts"] == json.loads(done.stdout)["verdicts"]


def test_two_phones_are_measured_at_once_and_one_that_is_gone_leaves_only_its_own_budgets_open(phones: Farm, home: Path) -> None:
    pool, absent = f'{BUDGET}pool = "rack"\n', f'{BUDGET}devices = ["absent"]\n'
    a_suite(home, pool + absent)
    a_model(home / "slow.fake", sleep_ns=2 * USUAL_NS)
    done = phones(*gate("slow.fake", "--json"))
    assert done.returncode == 4, done.stdout + done.stderr
    failed, open_ = json.loads(done.stdout)["verdicts"]
    assert failed["decision"] == "fail"
    assert {used["device"] for used in failed["used"]} == {"s25", "oneplus13"}
    assert open_["decision"] == "inconclusive"
    assert open_["reason"].startswith("absent was not measured to the end: absent is gone: no device with the serial R5CX")
    spans = rows(home, "SELECT min(started_at) AS a, max(ended_at) AS b FROM runs GROUP BY session_id")
    assert len(spans) == 2
    assert max(span["a"] for span in spans) < min(span["b"] for span in spans)


def test_a_blocked_release_is_told_at_once_where_that_is_asked_for(farm: Farm, home: Path) -> None:
    pytest.importorskip("apprise")
    a_model(home / "slow.fake", sleep_ns=USUAL_NS * 2)
    with webhook() as hook:
        (home / "devices.toml").write_text(f'{CALM_TOML}\n[notify.chat]\nurl = "{hook.url()}"\nkinds = ["blocked"]\n')
        assert farm(*gate("slow.fake", "--notify")).returncode == 4
        assert farm(*gate("slow.fake")).returncode == 4
        assert farm(*gate("new.fake", "--notify")).returncode in (0, 3)
    (told,) = hook.came
    assert told["title"] == "farm: slow.fake is blocked"
    assert "net latency_ns.p50 at most 15 % worse on local: measured +" in told["message"]
    assert "why: farm explain" in told["message"]
