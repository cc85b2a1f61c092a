"""Whether an output is the reference's: bytes in, a figure and a sentence out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.workloads import Comparison, Reference


@dataclass(frozen=True, slots=True)
class Checked:
    """What the comparison came to. figure is None when nothing could be computed; why says it in words."""

    passed: bool
    figure: float | None
    why: str


def compare(reference: Reference, output: bytes) -> Checked:
    """Return whether output, raw little-endian bytes of the first output tensor, agrees with the reference within its tolerance.

    Further output tensors may follow it. A length, a value or a norm with which nothing can be computed does not pass.
    """
    dtype = np.dtype(reference.dtype).newbyteorder("<")
    wanted = np.frombuffer(reference.output, dtype).astype(np.float64)
    if len(output) < len(reference.output):
        return Checked(passed=False, figure=None, why=f"it is {len(output)} bytes, the reference {len(reference.output)}")
    found = np.frombuffer(output[: len(reference.output)], dtype).astype(np.float64)
    if not np.isfinite(found).all():
        return Checked(passed=False, figure=None, why="it holds values that are not finite")
    match reference.comparison:
        case Comparison.MAX_ABS:
            return _at_most(float(np.max(np.abs(found - wanted), initial=0.0)), reference.tolerance)
        case Comparison.COSINE:
            return _cosine(found, wanted, reference.tolerance)
        case Comparison.TOP1:
            rows = (-1, reference.shape[-1])
            same = float(np.mean(found.reshape(rows).argmax(axis=1) == wanted.reshape(rows).argmax(axis=1)))
            return _at_least("the share of rows with the same greatest element", same, reference.tolerance)


def _cosine(found: NDArray[np.float64], wanted: NDArray[np.float64], tolerance: float) -> Checked:
    norm = float(np.linalg.norm(found) * np.linalg.norm(wanted))
    if norm == 0:
        return Checked(passed=False, figure=None, why="one of the two is all zeros, so there is no angle between them")
    return _at_least("the cosine similarity", float(found @ wanted) / norm, tolerance)


def _at_most(figure: float, tolerance: float) -> Checked:
    return Checked(figure <= tolerance, figure, f"the largest difference is {figure:g}, the tolerance {tolerance:g}")


def _at_least(name: str, figure: float, tolerance: float) -> Checked:
    return Checked(figure >= tolerance, figure, f"{name} is {figure:.6g}, the least allowed {tolerance:g}")
