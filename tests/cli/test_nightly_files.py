"""Models and inputs that crash, vanish or come late: they cost their own workload only."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from farm import items
from farm.cli import nightly
from farm.cli.nightly_open import Asked
from farm.devices import Transport
from farm.devices.local import LocalTransport
from farm.workloads import Device
from tests.cli.gating import a_model
from tests.cli.nights import DAY, Lab, broken_off, called


def test_a_harness_that_crashes_twice_is_the_artifacts_fault(lab: Lab) -> None:
    a_model(lab.home / "net.fake", crash_at_iteration=2)
    assert lab.night() == 3
    found = lab.sql("SELECT DISTINCT workload_id, reason FROM expected_states WHERE state = 'accounted for'")
    assert {row["workload_id"] for row in found} == {"net"}
    assert all("crashed" in row["reason"] and "it crashed twice, so the artifact" in row["reason"] for row in found)
    assert lab.states() == Counter({"accounted for": 2, "done": 2})
    assert set(lab.runs().values()) == {1, 2}


def test_an_artifact_that_is_gone_keeps_no_other_waiting(lab: Lab) -> None:
    (lab.home / "net.fake").unlink()
    assert lab.night() == 3
    assert lab.states() == Counter({"accounted for": 2, "done": 2})
    assert all("there is no" in row["reason"] for row in lab.sql("SELECT reason FROM expected_states WHERE state = 'accounted for'"))


def losing(file: Path) -> Callable[[Device, Path], Transport]:
    """A way to devices on which a file is lost when the night is about to measure."""

    def connect(device: Device, data: Path) -> Transport:
        file.unlink(missing_ok=True)
        return LocalTransport(data / "box" / device.name)

    return connect


def test_an_artifact_that_vanishes_while_the_night_measures_costs_its_own_jobs_only(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    code = nightly.run(
        lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), connect=losing(lab.home / "net.fake"))
    )
    assert code == 3
    told = lab.sql("SELECT workload_id, state, reason FROM expected_states ORDER BY ALL")
    assert [(row["workload_id"], row["state"]) for row in told] == [*[("net", "accounted for")] * 2, *[("other", "done")] * 2]
    words = f"{lab.home / 'net.fake'} cannot be read any more: No such file or directory"
    assert {row["reason"] for row in told if row["workload_id"] == "net"} == {words}
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]
    assert f"local 2 jobs of net: {words}" in capsys.readouterr().out
    assert [f"local 2 jobs of net: {words}"] == list(lab.news[0].missing)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('inputs = ["given.bin"]', "inputs: "),
        ('items = "given.bin"', "items: "),
        ('prompt = "given.bin"', "prompt: "),
    ],
)
def test_an_input_that_is_not_there_when_the_night_is_opened_costs_its_own_workload_only(lab: Lab, line: str, why: str) -> None:
    suite = lab.home / "suite.toml"
    text = suite.read_text().replace('id = "net"\n', f'id = "net"\n{line}\n')
    if "prompt" in line:  # then other keys tell how long it takes
        head, net, other = text.split("[[workloads]]")
        net = net.replace("\niterations = 5", "").replace('\nduration = "1 ms"', "")
        text = "[[workloads]]".join([head, net, other])
    suite.write_text(text)
    shown = called(lab.home, "--dry-run")
    assert (shown.returncode, f"farm: net could not be measured: {why}" in shown.stderr) == (3, True), shown.stderr
    assert lab.night() == 3
    told = lab.sql("SELECT workload_id, pass, state, reason FROM expected_states ORDER BY ALL")
    assert [row["state"] for row in told if row["workload_id"] == "other"] == ["done"] * 2
    assert {row["pass"] for row in told if row["workload_id"] == "net"} == {"latency", *(["quality"] if "items" in line else [])}
    assert {row["state"] for row in told if row["workload_id"] == "net"} == {"accounted for"}
    assert all(row["reason"].startswith(why) and "given.bin" in row["reason"] for row in told if row["workload_id"] == "net")
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]


def test_a_file_that_comes_while_the_night_goes_on_is_for_the_next_night(lab: Lab) -> None:
    suite = lab.home / "suite.toml"
    suite.write_text(suite.read_text().replace('id = "net"\n', 'id = "net"\ninputs = ["given.bin"]\n'))
    broken_off(lab)
    (lab.home / "given.bin").write_bytes(b"\0" * 4)
    assert lab.night() == 3
    reasons = {row["reason"] for row in lab.sql("SELECT reason FROM expected_states WHERE workload_id = 'net'")}
    assert reasons == {"net.fake, or what it is given, was not there when the night was opened"}
    lab.passes(DAY)
    lab.night()
    assert lab.sql("SELECT count(*) AS jobs FROM expected_states WHERE workload_id = 'net' AND artifact_sha256 IS NOT NULL") == [
        {"jobs": 2}
    ]


@pytest.mark.parametrize("key", ["inputs", "items"])
def test_an_input_that_vanishes_during_the_night_costs_its_own_workload_only(lab: Lab, key: str) -> None:
    suite, file = lab.home / "suite.toml", lab.home / "given.bin"
    if key == "items":
        items.write(file, items.classify_file([[b"\0" * 4]]), {}, [0])
    else:
        file.write_bytes(b"\0" * 4)
    line = f'inputs = ["{file.name}"]' if key == "inputs" else f'items = "{file.name}"'
    suite.write_text(suite.read_text().replace('id = "net"\n', f'id = "net"\n{line}\n'))
    broken_off(lab)
    file.unlink()
    assert lab.night() == 3
    told = lab.sql("SELECT workload_id, state, reason FROM expected_states ORDER BY ALL")
    assert [row["state"] for row in told if row["workload_id"] == "other"] == ["done"] * 2
    assert {row["state"] for row in told if row["workload_id"] == "net"} == {"accounted for"}
    assert all(str(file) in row["reason"] for row in told if row["workload_id"] == "net")
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]
