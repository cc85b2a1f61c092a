import contextlib
import hashlib
import itertools
import math
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest

from farm import items, rack
from farm.devices.local import LocalTransport
from farm.errors import ArtifactError, DeviceNotReady
from farm.runner import Attempt, execute
from farm.workloads import (
    Artifact,
    Comparison,
    Conditions,
    Device,
    DeviceKind,
    HarnessBuild,
    Job,
    Outcome,
    Pass,
    PowerSettings,
    PowerSource,
    Reference,
    Run,
    Workload,
)
from tests.conftest import CALM, LOCAL, NOW, FakeModel, a_job, an_artifact


@pytest.fixture
def transport(tmp_path: Path, fake_harness: HarnessBuild) -> LocalTransport:
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(fake_harness)
    return transport


def run_of(job: Job, transport: LocalTransport) -> Run:
    assert transport._harness is not None
    return execute(job, transport, Attempt("a-session", 1, transport._harness, lambda: NOW, lambda _: None))


def with_reference(artifact: Artifact, output: bytes) -> Artifact:
    reference = Reference((b"\0\0\0\0",), output, "float32", (1,), Comparison.MAX_ABS, 0.01, "a test")
    return replace(artifact, reference=reference)


def test_a_measured_run_has_its_readings_and_its_state(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(fake_model(spin_ns=100_000)), transport)
    assert run.outcome is Outcome.OK, run.reason
    latency = next(item for item in run.readings if item.metric == "latency_ns")
    assert len(latency.values) == 5
    assert min(latency.values) >= 100_000
    assert run.measured is not None
    assert run.measured.flavour == "fake"
    assert {state.phase for state in run.state} == {"before", "after"}
    assert run.output_check == "unchecked"
    assert not list((transport.box / "runs").iterdir())


@pytest.mark.parametrize(
    ("settings", "outcome", "error_class", "said"),
    [
        ({"crash_at_iteration": 3}, Outcome.FAILED, "crashed", "SIGABRT"),
        ({"exit_at_iteration": 3}, Outcome.FAILED, "no_end", "without writing its end line"),
        ({"hang_at_iteration": 3}, Outcome.TIMED_OUT, "hung", "had not ended after 1 s"),
        ({"fail_at_iteration": 3}, Outcome.FAILED, "execution_failed", "as its model says"),
        ({"fail_load": "the model is of no use"}, Outcome.FAILED, "model_invalid", "of no use"),
        ({"speed": "fast"}, Outcome.FAILED, "model_invalid", "not understood"),
    ],
)
def test_whatever_happens_there_is_a_run_with_its_reason(
    transport: LocalTransport, fake_model: FakeModel, settings: dict[str, object], outcome: Outcome, error_class: str, said: str
) -> None:
    run = run_of(a_job(fake_model(**settings), timeout_s=1.0), transport)
    assert (run.outcome, run.error_class) == (outcome, error_class)
    assert run.reason is not None
    assert said in run.reason
    assert not run.readings
    again = run_of(a_job(fake_model("other.fake")), transport)  # the device is as it was
    assert again.outcome is Outcome.OK


def test_a_sustain_pass_says_how_fast_a_device_stays(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(fake_model(spin_ns=1_000_000), Pass.SUSTAIN, sustain_ms=1000, timeout_s=20.0), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "not_measured")  # one window is too few, and it says so
    assert run.reason is not None
    assert "sustained_ratio could not be measured: the pass has only" in run.reason
    assert sum(next(item.values for item in run.readings if item.metric == "window_items_count")) > 0


def test_a_pass_that_throttled_is_invalid(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    touchy = Device("local", DeviceKind.LOCAL, conditions=replace(CALM, max_slowdown_ratio=-1.0))  # any time at all is too long
    run = run_of(replace(job, device=touchy), transport)
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "throttled")
    assert run.reason is not None
    assert "a fixed computation took" in run.reason
    assert run.readings


@pytest.mark.parametrize(
    ("output", "check", "outcome"), [(b"\0\0\x80\x3f", "passed", Outcome.OK), (b"\0\0\0\x40", "failed", Outcome.FAILED)]
)
def test_a_fast_wrong_answer_is_a_failed_run(
    transport: LocalTransport, fake_model: FakeModel, output: bytes, check: str, outcome: Outcome
) -> None:
    run = run_of(a_job(with_reference(fake_model(), output)), transport)
    assert (run.output_check, run.outcome) == (check, outcome)
    assert run.readings  # kept, and shown


def test_a_model_that_becomes_another_file_is_not_measured_under_its_old_name(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    job.artifact.path.write_text("farm-fake 1\nspin_ns 2000\n")
    with pytest.raises(ArtifactError, match="has become another file"):
        run_of(job, transport)
    job.artifact.path.unlink()
    with pytest.raises(ArtifactError, match="cannot be read any more"):
        run_of(job, transport)


def test_a_model_that_the_box_holds_is_not_asked_for_again(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    assert run_of(job, transport).outcome is Outcome.OK
    job.artifact.path.unlink()
    assert run_of(job, transport).outcome is Outcome.OK


def test_an_output_that_is_not_a_number_fails(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(with_reference(fake_model(output_values="nan"), b"\0\0\x80\x3f")), transport)
    assert run.error_class == "wrong_output"
    assert run.reason is not None
    assert "not finite" in run.reason


# Quality passes.


def classify_job(artifact: Artifact, folder: Path, rows: list[list[float]], targets: list[int]) -> Job:
    path, _ = items.write(folder / "a.items", items.classify_file([[struct.pack(f"<{len(row)}f", *row)] for row in rows]), {}, targets)
    job = a_job(artifact, Pass.QUALITY)
    return replace(job, workload=replace(job.workload, items=items.open_items(path)))


def texts_job(artifact: Artifact, folder: Path, texts: list[list[int]], prompt: tuple[int, ...] | None = None) -> Job:
    path, _ = items.write(folder / "a.items", items.tokens_file(texts), {}, None)
    job = a_job(artifact, Pass.QUALITY, decode_tokens=2)
    return replace(job, workload=replace(job.workload, items=items.open_items(path), prompt=prompt))


def values_of(run: Run, metric: str) -> tuple[float, ...]:
    return next(item.values for item in run.readings if item.metric == metric)


def test_every_item_is_answered_and_held_against_its_right_answer(transport: LocalTransport, fake_model: FakeModel, tmp_path: Path) -> None:
    rows = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [-2.0, -1.0]]
    job = classify_job(fake_model(echo=1, input_bytes=8), tmp_path, rows, [1, 1, 0, 1])
    touchy = Device("local", DeviceKind.LOCAL, conditions=replace(CALM, max_run_delay_ratio=-1.0, min_thread_cpu_ratio=99.0))
    run = run_of(replace(job, device=touchy), transport)  # other work makes no answer wrong
    assert run.outcome is Outcome.OK, run.reason
    assert run.answers is not None
    assert (run.answers.values, run.answers.predicted) == ((1.0, 0.0, 1.0, 1.0), (1, 0, 0, 1))
    assert values_of(run, "accuracy_ratio") == (0.75,)
    assert values_of(run, "wall_ns")[0] > 0
    assert run.answers.output_sha256 == hashlib.sha256(struct.pack("<8f", *itertools.chain(*rows))).hexdigest()


@pytest.mark.parametrize(
    "convention",
    [{}, {"all_logits": 1}, {"one_at_a_time": 1}, {"all_positions": 1, "all_logits": 1}, {"all_positions": 1, "one_at_a_time": 1}],
)
@pytest.mark.parametrize("prompt", [None, (1, 2, 3)])
def test_a_language_models_perplexity_is_the_same_however_it_takes_its_tokens(
    transport: LocalTransport, fake_model: FakeModel, tmp_path: Path, convention: dict[str, int], prompt: tuple[int, ...] | None
) -> None:
    model = fake_model(vocabulary=8, context=16, **convention)
    run = run_of(texts_job(model, tmp_path, [[1, 2, 3, 5], [7, 0], [4, 4, 5]], prompt), transport)
    assert run.outcome is Outcome.OK, run.reason
    # The fake model gives the logit 1 to the token that counting on would give, and 0 to the seven others.
    right, wrong = 1 - math.log(math.e + 7), -math.log(math.e + 7)
    assert run.answers is not None
    assert run.answers.values == pytest.approx((2 * right + wrong, right, wrong + right))
    assert run.answers.tokens == (3, 1, 2)
    assert values_of(run, "perplexity")[0] == pytest.approx(math.exp(-(4 * right + 2 * wrong) / 6))


@pytest.mark.parametrize(
    ("model", "target", "error_class", "said"),
    [
        ({"echo": 1, "input_bytes": 8}, 0, "input_mismatch", "is 8 bytes, an item's is 4"),
        ({"echo": 1, "input_bytes": 4}, 1, "input_mismatch", "the model gives 1 numbers"),
        ({"output_values": "1 nan"}, 1, "wrong_output", "not finite, the first is number 0"),
        ({}, None, "input_mismatch", "does not take tokens and positions"),
        ({"vocabulary": 8, "context": 4}, None, "input_mismatch", "the model's context holds 4"),
        ({"vocabulary": 5, "context": 8}, None, "input_mismatch", "token 5 is not in the vocabulary"),
    ],
)
def test_items_that_the_model_does_not_take_are_a_failed_run_that_says_so(
    transport: LocalTransport,
    fake_model: FakeModel,
    tmp_path: Path,
    model: dict[str, object],
    target: int | None,
    error_class: str,
    said: str,
) -> None:
    artifact = fake_model(**model)
    texts = texts_job(artifact, tmp_path, [[1, 2, 3, 4, 5]])
    run = run_of(texts if target is None else classify_job(artifact, tmp_path, [[1.0]], [target]), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert run.reason is not None
    assert said in run.reason
    assert run.answers is None


def test_a_reference_to_a_prompt_is_no_input_of_a_text(transport: LocalTransport, fake_model: FakeModel, tmp_path: Path) -> None:
    artifact = with_reference(fake_model(vocabulary=8, context=16), b"\0\0\x80\x3f")
    run = run_of(texts_job(artifact, tmp_path, [[1, 2, 3]]), transport)
    assert (run.outcome, run.output_check) == (Outcome.OK, "unchecked"), run.reason


def test_items_that_became_others_since_they_were_read_are_not_asked(
    transport: LocalTransport, fake_model: FakeModel, tmp_path: Path
) -> None:
    job = classify_job(fake_model(echo=1, input_bytes=4), tmp_path, [[1.0]], [0])
    (tmp_path / "a.items").write_bytes(items.classify_file([[b"1234"]]))
    with pytest.raises(ArtifactError, match="has become another file"):
        run_of(job, transport)


@pytest.mark.parametrize(
    ("edit", "error_class", "said"),
    [
        ("truncate -s -4 ${result%/*}/items-output.bin", "garbage", "and 12 bytes of them arrived"),
        ("rm ${result%/*}/items-output.bin", "garbage", "wrote no answers"),
        ('sed -i \'s/"items_count","values":.2/"items_count","values":[1/\' $result', "garbage", "answered 1 of 2 items"),
        ('sed -i \'s/"items":"[^"]*"/"items":"files\\/00"/\' $result', "wrong_job", "items 'files/00' instead of"),
    ],
)
def test_answers_that_did_not_arrive_whole_are_a_failed_run(
    tmp_path: Path, fake_harness: HarnessBuild, fake_model: FakeModel, edit: str, error_class: str, said: str
) -> None:
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(edited(tmp_path / "harness", fake_harness, edit))
    run = run_of(classify_job(fake_model(echo=1, input_bytes=8), tmp_path, [[0.0, 1.0], [1.0, 0.0]], [1, 1]), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert run.reason is not None
    assert said in run.reason


# What a harness that leaves things out would come to: the real one, and its result edited.


def edited(folder: Path, real: HarnessBuild, edit: str) -> HarnessBuild:
    """The real harness, followed by a line of shell that edits its result: $result."""
    folder.mkdir()
    program = folder / "farm-harness"
    program.write_text(f'#!/bin/sh\n{real.folder}/farm-harness "$@" || exit\nresult=$6\n{edit}\n')
    program.chmod(0o755)
    return HarnessBuild(real.target, "fake", "1", real.source_hash, folder, ("./farm-harness",))


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
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    fewer = '$(($(grep -c \'"type":"series"\' $result) - 1))'
    transport.install(edited(tmp_path / "harness", fake_harness, edit.replace("COUNT", f"'\"{fewer}\"'")))
    run = run_of(a_job(fake_model(spin_ns=1000)), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert run.reason is not None
    assert said in run.reason


def test_an_output_that_is_missing_does_not_pass_for_a_right_one(tmp_path: Path, fake_harness: HarnessBuild, fake_model: FakeModel) -> None:
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(edited(tmp_path / "harness", fake_harness, "rm $8"))
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
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(a_stand_in(tmp_path / "harness", script))
    run = run_of(a_job(fake_model()), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason


def test_a_device_that_does_not_settle_is_a_run_that_says_so(transport: LocalTransport, fake_model: FakeModel) -> None:
    restless = Device("local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=-1.0, settle_timeout_s=0.1))
    job = a_job(fake_model())
    started_s = time.monotonic()
    run = run_of(Job(restless, job.workload, job.artifact, job.pass_, 0), transport)
    assert run.outcome is Outcome.NOT_READY
    assert run.reason is not None
    assert "did not settle in 0.1 s: the CPUs are" in run.reason
    assert time.monotonic() - started_s < 10


def test_a_plan_has_every_job_once_in_blocks_and_the_seed_decides_the_order() -> None:
    work = [(Workload(name, (Pass.LATENCY, Pass.MEMORY)), an_artifact(name)) for name in "abc"]
    jobs = rack.plan(LOCAL, work, 4, seed=1)
    assert jobs == rack.plan(LOCAL, work, 4, seed=1)
    assert jobs != rack.plan(LOCAL, work, 4, seed=2)
    blocks = [jobs[at : at + 6] for at in range(0, 24, 6)]
    for repeat, block in enumerate(blocks):
        assert {(job.workload.id, job.pass_, job.repeat) for job in block} == {
            (*pair, repeat) for pair in itertools.product("abc", (Pass.LATENCY, Pass.MEMORY))
        }
    assert len({tuple((job.workload.id, job.pass_) for job in block) for block in blocks}) > 1


def test_what_gives_the_same_again_is_planned_once() -> None:
    jobs = rack.plan(LOCAL, [(Workload("w", (Pass.LATENCY, Pass.QUALITY)), an_artifact())], 4, seed=1)
    assert [(job.repeat, job.pass_) for job in jobs if job.pass_ is Pass.QUALITY] == [(0, Pass.QUALITY)]
    assert len(jobs) == 5


def test_a_disturbed_run_is_kept_and_replaced_as_often_as_stated(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    strict = Device(
        "local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=10.0, max_run_delay_ratio=10.0, min_thread_cpu_ratio=99.0)
    )
    job = a_job(fake_model(spin_ns=1000))
    kept: list[Run] = []
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, kept.append)
    runs = list(rack.measure([(replace(job, device=strict), 1)], transport, {"fake": fake_harness}, "s", hooks, replacements=2))
    assert [run.attempt for run in runs] == [1, 2, 3]
    assert {run.outcome for run in runs} == {Outcome.INVALID}
    assert kept == runs
    assert runs[0].readings


@pytest.mark.parametrize(("jobs", "measured", "ends"), [(5, 3, True), (3, 3, False), (2, 2, False)])
def test_a_device_that_is_never_ready_ends_its_session_while_jobs_are_left(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild, jobs: int, measured: int, ends: bool
) -> None:
    restless = Device("local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=-1.0, settle_timeout_s=0.01))
    artifact = fake_model()
    work = [(replace(a_job(artifact, repeat=repeat), device=restless), 1) for repeat in range(jobs)]
    kept: list[Run] = []
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, kept.append)
    said = pytest.raises(DeviceNotReady, match="was not ready for 3 jobs in a row, so its session ends here: local did not settle")
    with said if ends else contextlib.nullcontext():
        list(rack.measure(work, transport, {"fake": fake_harness}, "s", hooks))
    assert [run.outcome for run in kept] == [Outcome.NOT_READY] * measured
    assert len(rack.left([job for job, _ in work], kept)) == jobs  # all can be gone on with


def test_a_device_that_its_power_pass_alone_finds_not_ready_goes_on_with_the_others(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    device = Device("local", DeviceKind.LOCAL, power=PowerSettings(PowerSource.NONE), conditions=CALM)
    power = [replace(a_job(fake_model(), repeat=repeat), device=device, pass_=Pass.POWER) for repeat in range(4)]
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, lambda _run: None)
    work = [(job, 1) for job in (*power, replace(power[0], pass_=Pass.MEMORY))]
    *refused, last = rack.measure(work, transport, {"fake": fake_harness}, "s", hooks)
    assert [run.error_class for run in refused] == ["no_power_source"] * 4
    assert last.outcome is Outcome.OK, last.reason


def test_a_run_is_waited_for_also_where_the_kernel_does_not_tell_its_end(
    transport: LocalTransport, fake_model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.pidfd_open", forbidden)
    run = run_of(a_job(fake_model(spin_ns=1_000_000)), transport)
    assert run.outcome is Outcome.OK, run.reason
