"""The images of scikit-learn's handwritten digits that the digits models were not trained on, as items. No torch here.

The split is that of digits.py, said again: that file is left as it is, because the shipped models are known by its hash. Tests hold the
two together by the recipes' seed, data and hash of the data, and by the accuracy that the recipes state.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits

from farm import items

_SEED = 20260101
_HELD_OUT = 360
_NAME = "digits_test.items"


def make(into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Write the held-out images as digits_test.items, and their labels beside it."""
    bunch = load_digits()
    images = (bunch.images / 16).astype("<f4")[:, None]
    labels = bunch.target.astype("<i8")
    held_out = np.random.default_rng(_SEED).permutation(len(images))[-_HELD_OUT:]
    recipe = {
        "name": "digits",
        "data": f"scikit-learn {sklearn.__version__} load_digits, the last {_HELD_OUT} of a seeded order held out",
        "data_sha256": hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
        "seed": _SEED,
        "items": "held-out images [1, 1, 8, 8], float32",
    }
    into.mkdir(parents=True, exist_ok=True)
    on_progress(f"writing {_HELD_OUT} images")
    content = items.classify_file([[image.tobytes()] for image in images[held_out]])
    return list(items.write(into / _NAME, content, recipe, labels[held_out].tolist()))
