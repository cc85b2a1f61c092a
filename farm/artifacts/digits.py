"""A small CNN on scikit-learn's handwritten digits, trained here, as float and as int8 (PT2E, XNNPACK).

Two files of about 100 to 400 kB, small enough to travel in the package, big enough that one inference is far above the
clock's grain. Each is run once by ExecuTorch's own Python runtime and held against its eager model before it is kept.
"""

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import executorch.version
import numpy as np
import sklearn
import torch
from numpy.typing import NDArray

from farm import outputs
from farm.artifacts import sidecar
from farm.errors import ArtifactError
from farm.workloads import Comparison, Reference

_SEED = 20260101
_EPOCHS = 30
_HELD_OUT = 360
_LEAST_ACCURACY = 0.98
# Float kernels differ from eager in the order of their sums: a few units in the last place of logits of size 10.
_FLOAT_TOLERANCE = 1e-4
# Quantised, both compute the same integers but for ties of rounding; one step of the output's scale may differ, measured as 0.0.
_INT8_TOLERANCE = 0.2


@dataclass(frozen=True, slots=True)
class _Digits:
    """Images [n, 1, 8, 8] in [0, 1], and their labels."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    sha256: str


class _Net(torch.nn.Module):
    """Three convolutions on 8 x 8 pixels, pooled to 4 x 4, and two dense layers: about 80,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(1, 32, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Conv2d(32, 64, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(64, 64, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
        )
        self.head = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(256, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits [n, 10] of images [n, 1, 8, 8]."""
        logits: torch.Tensor = self.head(self.features(image))
        return logits


def build(into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Train, export, check and write digits_fp32.pte and digits_int8.pte with their sidecars."""
    data = _load()
    recipe = {
        "name": "digits",
        "model": "CNN, 3 convolutions and 2 dense layers",
        "data": f"scikit-learn {sklearn.__version__} load_digits, the last {_HELD_OUT} of a seeded order held out",
        "data_sha256": data.sha256,
        "seed": _SEED,
        "epochs": _EPOCHS,
        "torch": torch.__version__,
        "executorch": executorch.version.__version__,
        "source_sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
    }
    wanted = [into / "digits_fp32.pte", into / "digits_int8.pte"]
    if all(sidecar.is_made(path, recipe) for path in wanted):
        on_progress(f"{into} holds the artifacts of this recipe already")
        return wanted
    into.mkdir(parents=True, exist_ok=True)
    on_progress(f"training on {len(data.train_images)} images")
    net = _train(data)
    on_progress("exporting digits_fp32.pte and digits_int8.pte")
    _write(wanted[0], _lowered(_exported(net)), net, data, recipe | {"scheme": "float32"}, _FLOAT_TOLERANCE)
    quantised = _quantised(net, data)
    _write(
        wanted[1],
        _lowered(_exported(quantised)),
        quantised,
        data,
        recipe | {"scheme": "int8, PT2E static, XNNPACKQuantizer"},
        _INT8_TOLERANCE,
    )
    return wanted


def _load() -> _Digits:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images: NDArray[np.float32] = (bunch.images / 16).astype(np.float32)[:, None]
    labels: NDArray[np.int64] = bunch.target.astype(np.int64)
    order = np.random.default_rng(_SEED).permutation(len(images))
    train, test = order[:-_HELD_OUT], order[-_HELD_OUT:]
    tensor = torch.from_numpy
    return _Digits(
        tensor(images[train]),
        tensor(labels[train]),
        tensor(images[test]),
        tensor(labels[test]),
        hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
    )


def _train(data: _Digits) -> _Net:
    torch.manual_seed(_SEED)
    torch.set_num_threads(1)  # sums in one order: the same weights every time on one kind of machine
    net = _Net()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, epochs=_EPOCHS, steps_per_epoch=-(-len(data.train_images) // 64))
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(data.train_images)).split(64):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(data.train_images[batch]), data.train_labels[batch])
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def _exported(net: torch.nn.Module) -> torch.export.ExportedProgram:
    return torch.export.export(net, (torch.zeros(1, 1, 8, 8),))


def _quantised(net: _Net, data: _Digits) -> torch.nn.Module:
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    prepared = prepare_pt2e(_exported(copy.deepcopy(net)).module(), quantizer)
    for image in data.train_images[:200]:
        prepared(image[None])
    converted: torch.nn.Module = convert_pt2e(prepared)
    return converted


def _lowered(program: torch.export.ExportedProgram) -> bytes:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    lowered: bytes = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()]).to_executorch().buffer
    return bytes(lowered)


def _write(path: Path, program: bytes, eager: torch.nn.Module, data: _Digits, recipe: dict[str, Any], tolerance: float) -> None:
    """Hold the program against its eager model, measure both on the held-out images, and write it when it is right."""
    image = data.test_images[:1]
    with torch.no_grad():
        expected = eager(image).numpy()
        eager_accuracy = _accuracy(lambda one: eager(one).numpy(), data)
    reference = Reference(
        inputs=(image.numpy().tobytes(),),
        output=expected.tobytes(),
        dtype="float32",
        shape=tuple(expected.shape),
        comparison=Comparison.MAX_ABS,
        tolerance=tolerance,
        made_by=f"eager {recipe['scheme']} model, torch {torch.__version__}",
    )
    run = runner(program)
    checked = outputs.compare(reference, run(image).tobytes())
    if not checked.passed:
        raise ArtifactError(f"{path.name} does not compute what its eager model does: {checked.why}")
    accuracy = _accuracy(run, data)
    if min(accuracy, eager_accuracy) < _LEAST_ACCURACY:
        raise ArtifactError(f"{path.name} recognises {accuracy:.2%} of the held-out images, its eager model {eager_accuracy:.2%}")
    facts = {
        "held_out_accuracy": round(accuracy, 6),
        "eager_held_out_accuracy": round(eager_accuracy, 6),
        "reference_figure": checked.figure,
    }
    path.write_bytes(program)
    sidecar.write(path, hashlib.sha256(program).hexdigest(), sidecar.Sidecar(json.loads(json.dumps(recipe | facts)), reference))


def runner(program: bytes) -> Callable[[torch.Tensor], NDArray[np.float32]]:
    """Return a function that runs a program by ExecuTorch's own Python runtime: image [1, 1, 8, 8] in, logits [1, 10] out."""
    from executorch.runtime import Runtime

    method = Runtime.get().load_program(program).load_method("forward")

    def run(image: torch.Tensor) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = method.execute([image.contiguous()])[0].numpy().copy()
        return logits

    return run


def _accuracy(run: Callable[[torch.Tensor], NDArray[np.float32]], data: _Digits) -> float:
    found = [int(run(image[None]).argmax()) for image in data.test_images]
    return float(np.mean(np.asarray(found) == data.test_labels.numpy()))
