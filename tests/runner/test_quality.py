"""Quality passes: every item is asked, and its answer held against the right one."""

import hashlib
import itertools
import math
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from farm import items
from farm.devices.local import LocalTransport
from farm.errors import ArtifactError
from farm.workloads import (
    Artifact,
    Device,
    DeviceKind,
    HarnessBuild,
    Job,
    Outcome,
    Pass,
    Run,
)
from tests.conftest import CALM, FakeModel, a_job
from tests.runner import edited, run_of, this_machine, with_reference


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
    transport = this_machine(tmp_path, edited(tmp_path / "harness", fake_harness, edit))
    run = run_of(classify_job(fake_model(echo=1, input_bytes=8), tmp_path, [[0.0, 1.0], [1.0, 0.0]], [1, 1]), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert run.reason is not None
    assert said in run.reason
