"""Columns of numbers as text that a page can hold: little-endian arrays in base64, which a browser reads as typed arrays."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Packed = dict[str, str]
_KINDS = {"f8": "<f8", "f4": "<f4", "u4": "<u4", "u2": "<u2", "u1": "u1"}


def packed(values: ArrayLike, kind: str) -> Packed:
    """Return values as one of f8, f4, u4, u2, u1. Raises ValueError for a whole number that the kind does not hold."""
    given = np.asarray(values, dtype=np.float64 if kind[0] == "f" else np.int64)
    if kind[0] == "u" and given.size and not 0 <= int(given.min()) <= int(given.max()) < 256 ** int(kind[1]):
        raise ValueError(f"values from {given.min()} to {given.max()} are no {kind}")
    return {"k": kind, "b": base64.b64encode(given.astype(_KINDS[kind]).tobytes()).decode()}


def quarters(small: ArrayLike) -> Packed:
    """Return numbers from 0 to 3, four to a byte, the first in the lowest bits; what lies beyond is the nearest of them."""
    given = np.clip(np.asarray(small, dtype=np.int64), 0, 3)
    rows = np.concatenate([given, np.zeros(-given.size % 4, dtype=np.int64)]).reshape(-1, 4)
    return packed((rows << np.array([0, 2, 4, 6])).sum(axis=1), "u1")


def shares(values: ArrayLike, low: float, high: float) -> Any:  # noqa: ANN401 - NumPy's integers
    """Return where values lie between low and high, as whole numbers of 65535ths."""
    given = np.asarray(values, dtype=np.float64)
    span = high - low
    return np.zeros(given.shape, dtype=np.int64) if span <= 0 else np.clip(np.rint((given - low) / span * 65535), 0, 65535).astype(np.int64)


def thinned(values: Sequence[float], most: int) -> list[int]:
    """Return the places of at most about so many values: of each stretch the least and the greatest, so that no outlier is lost."""
    count = len(values)
    if count <= most:
        return list(range(count))
    array = np.asarray(values, dtype=np.float64)
    kept = {0, count - 1}
    for stretch in np.array_split(np.arange(count), most // 2):
        own = array[stretch]
        kept |= {int(stretch[int(np.argmin(own))]), int(stretch[int(np.argmax(own))])}
    return sorted(kept)
