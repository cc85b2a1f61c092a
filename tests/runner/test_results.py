"""Results that leave something out or belong elsewhere: the real harness, and its result edited; programs that are no harness."""

from pathlib import Path

import pytest

from farm.workloads import (
    HarnessBuild,
    Outcome,
)
from tests.conftest import FakeModel, a_job
from tests.runner import edited, run_of, this_machine, with_reference


@pytest.mark.parametrize(
    ("edit", "error_class", "said"),
    [
        (
            'sed -i \'/"latency_ns"/d; s/"series":[0-9]*,"nonce"/"series":COUNT,"nonce"/\' $result',
            "not_measured",
            "latency_ns could not be measured",
        ),
        ('sed -i \'/"wall_ns"/d; s/"series":[0-9]*,"nonce"/"series":COUNT,"nonce"/\' $result', "garbage", "has no wall_ns"),
        ("sed -i '/\"latency_ns\"/p' $result", "garbage", "not of protocol 1's form"),
        ('sed -i \'s/"latency_ns","values":\\[/&-5,/\' $result', "garbage", "not of protocol 1's form"),
        ('sed -i \'s/"threads":1/"threads":2/\' $result', "wrong_job", "threads 2 instead of 1"),
        ('sed -i \'s/"model_sha256":"[0-9a-f]*"/"model_sha256":"00"/\' $result', "wrong_job", "model_sha256"),
        ('sed -i \'s/"source_hash":"[0-9a-f]*"/"source_hash":"00"/\' $result', "wrong_harness", "other sources"),
        ('sed -i \'s/"build_type":"[A-Za-z]*",//\' $result', "garbage", "not of protocol 1's form"),
        ("sed -i 's/\"latency_ns\",\"values\":\\[/&'$(printf '9%.0s' $(seq 400))',/' $result", "garbage", "not of protocol 1's form"),
        ("head -c 200000 /dev/zero | tr '\\0' '[' >> $result; echo >> $result", "garbage", "is not JSON"),
        ("rm $result; mkdir $result", "no_end", "without writing its end line"),
    ],
)
def test_a_result_that_leaves_something_out_or_belongs_elsewhere_gives_no_number(
    tmp_path: Path, fake_harness: HarnessBuild, fake_model: FakeModel, edit: str, error_class: str, said: str
) -> None:
    fewer = '$(($(grep -c \'"type":"series"\' $result) - 1))'
    transport = this_machine(tmp_path, edited(tmp_path / "harness", fake_harness, edit.replace("COUNT", f"'\"{fewer}\"'")))
    run = run_of(a_job(fake_model(spin_ns=1000)), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert run.reason is not None
    assert said in run.reason


def test_an_output_that_is_missing_does_not_pass_for_a_right_one(tmp_path: Path, fake_harness: HarnessBuild, fake_model: FakeModel) -> None:
    transport = this_machine(tmp_path, edited(tmp_path / "harness", fake_harness, "rm $8"))
    run = run_of(a_job(with_reference(fake_model(), b"\0\0\x80\x3f")), transport)
    assert (run.outcome, run.output_check) == (Outcome.FAILED, "failed")
    assert run.reason == "the harness wrote no output to hold against the reference"


def a_stand_in(folder: Path, script: str) -> HarnessBuild:
    """A program in the harness's place that does what no harness of ours would."""
    folder.mkdir()
    program = folder / "farm-harness"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return HarnessBuild("host", "fake", "1", "0", folder, ("./farm-harness",))


@pytest.mark.parametrize(
    ("script", "error_class"),
    [
        ("exit 0", "no_end"),
        ("exit 7", "no_result"),
        ("kill -SEGV $$", "crashed"),
        ("echo 'hello' > $6", "garbage"),
        ('printf \'{"type":"begin","protocol":1,"nonce":"old"}\\n{"type":"end","series":0}\\n\' > $6', "wrong_nonce"),
        ("head -c 2000000 /dev/urandom > $6", "garbage"),
    ],
)
def test_a_program_that_is_no_harness_is_a_failed_run(tmp_path: Path, fake_model: FakeModel, script: str, error_class: str) -> None:
    transport = this_machine(tmp_path, a_stand_in(tmp_path / "harness", script))
    run = run_of(a_job(fake_model()), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
