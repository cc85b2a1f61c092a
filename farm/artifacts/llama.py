"""Language models of the llama family as ExecuTorch programs: 8da4w with an 8-bit embedding, by ExecuTorch's own export_llm.

The program takes tokens [1, S] and the position of the first of them, and gives the logits of the last one. It is held
against the eager model quantised alike: weight-only schemes are known to export without a word and to compute nonsense.
"""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from farm.errors import ArtifactError

# llama::custom_sdpa, the fused attention, has no kernel in ExecuTorch's wheel that does without libtorch.
ATTENTION = "plain, without the fused kernel llama::custom_sdpa"
SCHEME = "8da4w (8-bit dynamic activations, 4-bit weights), HQQ scales, embedding 8 bit"
_EMBEDDING = "8,0"
_TIMEOUT_S = 3600

Checkpoint = Mapping[str, torch.Tensor]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is fixed at export."""

    max_context_tokens: int
    group_size: int = 32


def export(checkpoint: Checkpoint, params: Mapping[str, Any], settings: Settings) -> bytes:
    """Return the program of a checkpoint (Meta's names of weights; params as in its params.json). Raises ArtifactError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(dict(checkpoint), folder / "checkpoint.pth")
        (folder / "params.json").write_text(json.dumps(dict(params)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "executorch.extension.llm.export.export_llm", *_options(settings)],
            cwd=folder,  # it writes there, whatever it is told
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        program = folder / "model.pte"
        if done.returncode != 0 or not program.exists():
            said = [line for line in done.stderr.splitlines() if line.strip()] or ["it gave no reason"]
            raise ArtifactError(f"export_llm ended with {done.returncode}: {said[-1]}")
        return program.read_bytes()


def _options(settings: Settings) -> list[str]:
    context = settings.max_context_tokens
    return [
        "base.model_class=llama3",
        "base.params=params.json",
        "base.checkpoint=checkpoint.pth",
        "model.use_kv_cache=True",
        "model.use_sdpa_with_kv_cache=False",
        "backend.xnnpack.enabled=True",
        "quantization.qmode=8da4w",
        f"quantization.group_size={settings.group_size}",
        f'quantization.embedding_quantize="{_EMBEDDING}"',
        f"export.max_seq_length={context}",
        f"export.max_context_length={context}",
        "export.output_name=model.pte",
    ]


def eager(checkpoint: Checkpoint, params: Mapping[str, Any], settings: Settings, *, quantised: bool) -> Callable[[Sequence[int]], Logits]:
    """Return the eager model: token ids in, the logits of every position out, [S, V]. quantised: as export() quantises it."""
    from executorch.examples.models.llama.llama_transformer import construct_transformer
    from executorch.examples.models.llama.model_args import ModelArgs
    from executorch.examples.models.llama.source_transformation.quantize import get_quant_embedding_transform, get_quant_weight_transform

    context = settings.max_context_tokens
    model = construct_transformer(ModelArgs(**params, max_seq_len=context, max_context_len=context, generate_full_logits=True))
    missing, _ = model.load_state_dict(dict(checkpoint), strict=False)
    if weights := [name for name in missing if name.endswith(".weight")]:
        raise ArtifactError(f"the checkpoint has no {', '.join(weights)}")
    if quantised:
        model = get_quant_embedding_transform(_EMBEDDING)(model)
        model = get_quant_weight_transform("8da4w", group_size=settings.group_size)(model)
    model = model.eval()

    def run(tokens: Sequence[int]) -> Logits:
        with torch.no_grad():
            logits: Logits = model(torch.tensor([list(tokens)]))[0].numpy()
        return logits

    return run


@dataclass(frozen=True, slots=True)
class Program:
    """A program in ExecuTorch's own Python runtime, with its key-value cache."""

    method: Any

    def feed(self, tokens: Sequence[int], position: int) -> Logits:
        """Return the logits [V] after the last of tokens, which stand from position on; position 0 begins anew."""
        logits: Logits = self.method.execute([torch.tensor([list(tokens)]), torch.tensor([position])])[0].numpy()
        last: Logits = logits.reshape(-1, logits.shape[-1])[-1].copy()
        return last

    def run(self, tokens: Sequence[int]) -> Logits:
        """Return the logits of every position, [S, V], one token at a time as a phone decodes them."""
        return np.stack([self.feed([token], position) for position, token in enumerate(tokens)])


def load(program: bytes) -> Program:
    """Return a program ready to run."""
    import executorch.kernels.quantized  # noqa: F401 - registers the embedding's kernel
    from executorch.runtime import Runtime

    return Program(Runtime.get().load_program(program).load_method("forward"))


def perplexity(run: Callable[[Sequence[int]], Logits], windows: Sequence[Sequence[int]]) -> float:
    """Return the perplexity of a model over windows of token ids: exp of the mean negative log-likelihood per predicted token.

    Each window is read by itself and its first token only conditions (Jelinek et al., Perplexity - a measure of the difficulty of
    speech recognition tasks, JASA 62, 1977, as usually computed today).
    """
    losses = []
    for window in windows:
        logits = run(window)[:-1].astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_likelihoods = shifted[np.arange(len(window) - 1), list(window[1:])] - np.log(np.exp(shifted).sum(axis=1))
        losses.append(-log_likelihoods)
    return math.exp(float(np.concatenate(losses).mean()))
