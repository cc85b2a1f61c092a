import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import outputs
from farm.workloads import Comparison, Reference


def reference(values: list[float], comparison: Comparison, tolerance: float) -> Reference:
    array = np.asarray(values, dtype="<f4")
    return Reference((b"",), array.tobytes(), "float32", (1, len(values)), comparison, tolerance, "a test")


def bytes_of(values: list[float]) -> bytes:
    return np.asarray(values, dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("comparison", "tolerance", "found", "passed", "figure"),
    [
        (Comparison.MAX_ABS, 0.5, [1.0, 2.5, 3.0], True, 0.5),
        (Comparison.MAX_ABS, 0.4, [1.0, 2.5, 3.0], False, 0.5),
        (Comparison.COSINE, 0.99, [2.0, 4.0, 6.0], True, 1.0),
        (Comparison.COSINE, 0.99, [-1.0, -2.0, -3.0], False, -1.0),
        (Comparison.TOP1, 1.0, [0.0, 0.0, 9.0], True, 1.0),
        (Comparison.TOP1, 1.0, [9.0, 0.0, 0.0], False, 0.0),
    ],
)
def test_an_output_is_held_against_its_reference(
    comparison: Comparison, tolerance: float, found: list[float], passed: bool, figure: float
) -> None:
    checked = outputs.compare(reference([1.0, 2.0, 3.0], comparison, tolerance), bytes_of(found))
    assert checked.passed is passed
    assert checked.figure == pytest.approx(figure)


@pytest.mark.parametrize("comparison", [*Comparison])
@pytest.mark.parametrize("found", [bytes_of([1.0, 2.0]), bytes_of([1.0, float("nan"), 3.0]), bytes_of([1.0, float("inf"), 3.0]), b""])
def test_what_cannot_be_compared_does_not_pass(comparison: Comparison, found: bytes) -> None:
    checked = outputs.compare(reference([1.0, 2.0, 3.0], comparison, 0.0), found)
    assert not checked.passed
    assert checked.figure is None


def test_all_zeros_have_no_angle() -> None:
    assert not outputs.compare(reference([1.0, 2.0], Comparison.COSINE, -1.0), bytes_of([0.0, 0.0])).passed


@given(st.binary(max_size=64), st.sampled_from([*Comparison]))
def test_no_bytes_raise(found: bytes, comparison: Comparison) -> None:
    outputs.compare(reference([1.0, 2.0, 3.0], comparison, 0.5), found)
