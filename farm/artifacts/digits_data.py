"""Scikit-learn's handwritten digits, split for training and for testing, and the test images as items. No torch here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from farm import items

SEED = 20260101
_HELD_OUT = 360
_NAME = "digits_test.items"


@dataclass(frozen=True, slots=True)
class Digits:
    """Images [n, 1, 8, 8] in [0, 1], and their labels."""

    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int64]
    source: str
    sha256: str
    """Of all images and labels, before they were split."""


def load() -> Digits:
    """Return the digits, the last 360 of a seeded order held out."""
    bunch = load_digits()
    images: NDArray[np.float32] = (bunch.images / 16).astype(np.float32)[:, None]
    labels: NDArray[np.int64] = bunch.target.astype(np.int64)
    order = np.random.default_rng(SEED).permutation(len(images))
    train, test = order[:-_HELD_OUT], order[-_HELD_OUT:]
    source = f"scikit-learn {sklearn.__version__} load_digits, the last {_HELD_OUT} of a seeded order held out"
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return Digits(images[train], labels[train], images[test], labels[test], source, digest)


def make_items(into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Write the held-out images as digits_test.items, and their labels beside it."""
    data = load()
    recipe = {
        "name": "digits",
        "data": data.source,
        "data_sha256": data.sha256,
        "seed": SEED,
        "items": "held-out images [1, 1, 8, 8], float32",
    }
    into.mkdir(parents=True, exist_ok=True)
    on_progress(f"writing {len(data.test_images)} images")
    content = items.classify_file([[image.astype("<f4").tobytes()] for image in data.test_images])
    return list(items.write(into / _NAME, content, recipe, data.test_labels.tolist()))
