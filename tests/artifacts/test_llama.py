"""Language models of two layers, exported by the code that exports big ones, on the real runtime. Needs torch: make test EXPORT=1."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from farm import items
from farm.artifacts import open_artifact, sidecar
from farm.devices.local import LocalTransport
from farm.harness import build
from farm.outputs import compare
from farm.runner import Attempt, execute
from farm.workloads import Artifact, Comparison, HarnessBuild, Job, Outcome, Pass, PassSettings, Reference, Run, Workload
from tests.conftest import LOCAL, NOW

pytestmark = [
    pytest.mark.export,
    pytest.mark.timeout(600),
    # torch, torchao and executorch warn of their own deprecations while they export.
    pytest.mark.filterwarnings("default"),
]
PARAMS: dict[str, Any] = {
    "dim": 128,
    "n_layers": 2,
    "n_heads": 4,
    "n_kv_heads": 2,
    "hidden_dim": 256,
    "vocab_size": 512,
    "norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "use_scaled_rope": False,
    "use_hf_rope": True,
}
PROMPT = (1, 5, 9, 100, 200, 300, 17, 3)
TEXTS = ((1, 5, 9, 100, 200, 300, 17, 3), (7, 6, 5, 4, 3), (500, 2))


@pytest.fixture(scope="module")
def harness(builds: Path) -> HarnessBuild:
    return build.ensure(build.Target.HOST, "executorch", builds, on_progress=lambda _: None)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An 8da4w program of seeded weights, with the eager model's answer to PROMPT in its sidecar."""
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    import torch
    from executorch.examples.models.llama.llama_transformer import construct_transformer
    from executorch.examples.models.llama.model_args import ModelArgs

    from farm.artifacts import llama

    torch.manual_seed(0)
    settings = llama.Settings(max_context_tokens=64)
    fresh = construct_transformer(ModelArgs(**PARAMS, max_seq_len=64, max_context_len=64))
    checkpoint = {name: weight for name, weight in fresh.state_dict().items() if name.endswith(".weight")}
    program = llama.export(checkpoint, PARAMS, settings)
    expected = llama.eager(checkpoint, PARAMS, settings, quantised=True)(PROMPT)
    path = tmp_path_factory.mktemp("tiny") / "tiny.pte"
    path.write_bytes(program)
    given = np.asarray(PROMPT, "<i8").tobytes()
    reference = Reference((given,), expected[-1].tobytes(), "float32", (512,), Comparison.COSINE, 0.999, "eager 8da4w")
    sidecar.write(path, hashlib.sha256(program).hexdigest(), sidecar.Sidecar({"name": "tiny"}, reference))
    return path


def test_the_program_computes_what_the_eager_model_quantised_alike_does(tiny: Path) -> None:
    from farm.artifacts import llama

    loaded = llama.load(tiny.read_bytes())
    reference = open_artifact(tiny).reference
    assert reference is not None
    assert compare(reference, loaded.feed(PROMPT, 0).tobytes()).passed
    one_by_one = loaded.run(PROMPT)[-1]
    assert compare(reference, one_by_one.tobytes()).passed  # through the cache, as a phone decodes


def test_perplexity_of_a_model_that_knows_nothing_is_its_vocabulary() -> None:
    pytest.importorskip("torch", reason="make test EXPORT=1 installs it")
    from farm.artifacts import llama

    assert llama.perplexity(lambda tokens: np.zeros((len(tokens), 512), np.float32), [PROMPT, PROMPT]) == pytest.approx(512)
    certain = np.full((8, 512), -100, np.float32)
    certain[np.arange(7), PROMPT[1:]] = 100
    assert llama.perplexity(lambda _: certain, [PROMPT]) == pytest.approx(1)


def test_a_checkpoint_without_its_weights_is_refused() -> None:
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    from farm.artifacts import llama
    from farm.errors import ArtifactError

    with pytest.raises(ArtifactError, match=r"has no .*layers\.0\.attention\.wq\.weight"):
        llama.eager({}, PARAMS, llama.Settings(64), quantised=False)


def measured(harness: HarnessBuild, folder: Path, model: Artifact, pass_: Pass, **settings: Any) -> Run:
    transport = LocalTransport(folder / "box")
    transport.preflight()
    workload = Workload(
        "tiny", (pass_,), PassSettings(**{"threads": 1, "warmup_iterations": 1, "decode_tokens": 6} | settings), prompt=PROMPT
    )
    return execute(Job(LOCAL, workload, model, pass_, 0), transport, Attempt("a-session", 1, harness, lambda: NOW, lambda _: None))


def test_the_harness_measures_it_and_its_answer_is_the_references(harness: HarnessBuild, tiny: Path, tmp_path: Path) -> None:
    run = measured(harness, tmp_path, open_artifact(tiny), Pass.LATENCY, generations=2)
    assert run.outcome is Outcome.OK, run.reason
    assert run.output_check == "passed"
    assert run.measured is not None
    assert run.measured.flavour == "plain_attention+xnnpack"
    read = {item.metric: item.values for item in run.readings if not item.source}
    assert len(read["ttft_ns"]) == len(read["prefill_ns"]) == 2
    assert len(read["token_ns"]) == 2 * 5  # the first of six tokens comes out of the prefill
    assert min(first - prefill for first, prefill in zip(read["ttft_ns"], read["prefill_ns"], strict=True)) >= 0
    assert read["prompt_tokens_count"] == (8,)


def test_the_harness_reads_texts_as_the_python_runtime_does(harness: HarnessBuild, tiny: Path, tmp_path: Path) -> None:
    from farm.artifacts import llama

    path, _ = items.write(tmp_path / "texts.items", items.tokens_file(TEXTS), {}, None)
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    workload = Workload("tiny", (Pass.QUALITY,), PassSettings(threads=1), items=items.open_items(path))
    job = Job(LOCAL, workload, open_artifact(tiny), Pass.QUALITY, 0)
    run = execute(job, transport, Attempt("a-session", 1, harness, lambda: NOW, lambda _: None))
    assert run.outcome is Outcome.OK, run.reason
    (found,) = next(item.values for item in run.readings if item.metric == "perplexity")
    assert found == pytest.approx(llama.perplexity(llama.load(tiny.read_bytes()).run, TEXTS), rel=1e-4)


def test_more_tokens_than_the_context_holds_are_refused_in_a_sentence(harness: HarnessBuild, tiny: Path, tmp_path: Path) -> None:
    run = measured(harness, tmp_path, open_artifact(tiny), Pass.LATENCY, decode_tokens=60)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "input_mismatch")
    assert run.reason is not None
    assert "are 68, the model's context holds 64" in run.reason


def test_a_model_that_takes_a_position_for_every_token_decodes_what_it_does_in_eager(harness: HarnessBuild, tmp_path: Path) -> None:
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    from tests.artifacts.all_positions import AllPositions

    model = AllPositions()
    ids, positions = torch.tensor([PROMPT]), torch.arange(len(PROMPT))
    length = torch.export.Dim("length", min=1, max=32)
    path = tmp_path / "all.pte"
    with torch.no_grad():
        exported = torch.export.export(model, (ids, positions), dynamic_shapes=({1: length}, {0: length}))
        path.write_bytes(bytes(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch().buffer))
        wanted = [int(model(ids, positions)[0, -1].argmax())]
        for place in range(len(PROMPT), len(PROMPT) + 5):
            wanted.append(int(model(torch.tensor([wanted[-1:]]), torch.tensor([place]))[0, -1].argmax()))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "prompt").write_bytes(np.asarray(PROMPT, "<i8").tobytes())
    options = {"protocol": 1, "nonce": "n", "pass": "latency", "threads": 1, "decode-tokens": 6, "warmup-iterations": 0}
    files = {"model": path, "result": folder / "r", "prompt": folder / "prompt"}
    given = [text for name, value in (options | files).items() for text in (f"--{name}", str(value))]
    subprocess.run([*harness.command, *given], cwd=harness.folder, check=True, capture_output=True)
    lines = [json.loads(line) for line in (folder / "r").read_text().splitlines()]
    assert lines[1]["language_model"]["position_input"] == "all"
    assert next(line["values"] for line in lines if line["type"] == "tokens") == wanted

    # It gives the logits of every token, so that a text is read at once.
    (folder / "items").write_bytes(items.tokens_file(TEXTS))
    options = {"protocol": 1, "nonce": "n", "pass": "quality", "threads": 1}
    files = {"model": path, "result": folder / "q", "items": folder / "items", "items-output": folder / "answers"}
    given = [text for name, value in (options | files).items() for text in (f"--{name}", str(value))]
    subprocess.run([*harness.command, *given], cwd=harness.folder, check=True, capture_output=True)
    with torch.no_grad():
        logits = [model(torch.tensor([text]), torch.arange(len(text)))[0].double().log_softmax(-1) for text in TEXTS]
    expected = [float(rows[at, text[at + 1]]) for rows, text in zip(logits, TEXTS, strict=True) for at in range(len(text) - 1)]
    assert np.frombuffer((folder / "answers").read_bytes(), "<f8") == pytest.approx(expected, abs=1e-4)
