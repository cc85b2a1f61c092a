"""Profiles of the shipped models by the real harness: operators inside XNNPACK, times that are in each other, the same parts every time."""

import json
from pathlib import Path

import pytest

from farm.harness import protocol
from farm.workloads import HarnessBuild, Operator
from tests.cli.commands import Farm, data, farm
from tests.test_end_to_end import EXAMPLES, host, started

__all__ = ["data", "farm", "host"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
OPTIONS = ("--pass", "profile", "--threads", "1", "--warmup-iterations", "5", "--iterations", "50", "--max-iterations", "50")
CONVOLUTIONS = {"digits_fp32.pte": "Convolution (NHWC, F32) IGEMM", "digits_int8.pte": "Convolution (NHWC, QC8) IGEMM"}


def profiled(harness: HarnessBuild, model: str, folder: Path) -> protocol.Result:
    code, _, _ = started(harness, EXAMPLES / model, folder, [], *OPTIONS)
    assert code == 0
    return protocol.parse((folder / "r").read_text(), "n")


@pytest.mark.parametrize("model", CONVOLUTIONS)
def test_the_operators_inside_the_delegate_are_told_and_take_no_longer_than_the_whole(
    host: HarnessBuild, tmp_path: Path, model: str
) -> None:
    result = profiled(host, model, tmp_path / "run")
    (whole,) = (item.values for item in result.readings if item.metric == "traced_latency_ns")
    assert not any(item.metric == "latency_ns" for item in result.readings)
    assert len(whole) == 50
    parts = result.operators
    assert [part.name for part in parts[:2]] == ["Method::execute", "DELEGATE_CALL"]
    inside = [part for part in parts if part.parent == 1]
    assert sum(part.name.startswith(CONVOLUTIONS[model]) for part in inside) == 3
    assert all(part.delegate == "xnnpack" and part.calls == 50 for part in inside)
    parents = {part.parent for part in parts}
    operators = [part for part in parts if part.place not in parents]
    for iteration in range(50):
        assert sum(part.times_ns[iteration] for part in operators) <= whole[iteration]
        assert parts[0].times_ns[iteration] <= whole[iteration]
        assert sum(part.times_ns[iteration] for part in inside) <= parts[1].times_ns[iteration] <= parts[0].times_ns[iteration]
    assert max(sum(part.times_ns) for part in operators) > 0


def test_xnnpack_rounds_its_times_to_whole_microseconds(host: HarnessBuild, tmp_path: Path) -> None:
    result = profiled(host, "digits_fp32.pte", tmp_path / "run")
    assert all(time_ns % 1000 == 0 for part in result.operators if part.parent == 1 for time_ns in part.times_ns)
    assert any(time_ns % 1000 for time_ns in result.operators[0].times_ns)


def test_repeats_have_the_same_parts(host: HarnessBuild, tmp_path: Path) -> None:
    def structure(operators: tuple[Operator, ...]) -> list[tuple[object, ...]]:
        return [(part.place, part.name, part.parent, part.delegate, part.instruction, part.calls) for part in operators]

    first, second = (profiled(host, "digits_int8.pte", tmp_path / name).operators for name in ("one", "two"))
    assert structure(first) == structure(second)


def test_a_profile_of_a_shipped_model_is_stored_checked_and_shown(farm: Farm, host: HarnessBuild) -> None:
    assert host.folder.exists()
    done = farm("run", EXAMPLES / "digits_int8.pte", "--passes", "profile", "--repeat", 1, "--threads", 1)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(farm("sql", "SELECT id::VARCHAR AS id, output_check FROM runs", "--json").stdout)
    assert run["output_check"] == "passed"  # the right answer, with the tracer too
    shown = farm("show", run["id"])
    assert "Convolution (NHWC, QC8) IGEMM #1" in shown.stdout
    assert "xnnpack tells its operators' times in whole microseconds, rounded down" in shown.stdout
