from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers.clock import Round, offset
from tests.conftest import NOW

UNIX_S = int(NOW.timestamp())


def a_round(out_us: int, back_us: int, offset_us: int) -> Round:
    """A question that took out_us to a device whose clock is offset_us ahead, and an answer that took back_us."""
    device_us = UNIX_S * 1_000_000 + out_us + offset_us
    return Round(NOW, f"{device_us // 1_000_000}.{device_us % 1_000_000:06d}\n", NOW + timedelta(microseconds=out_us + back_us))


def test_the_quickest_round_trip_counts() -> None:
    found, uncertainty = offset([a_round(9000, 500, 2_000_000), a_round(400, 400, 2_000_000), a_round(3000, 3000, 2_000_000)])
    assert (found.value, uncertainty.value) == (2_000_000_000, 401_000)
    assert found.source == "quickest of 3 round trips"


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1), st.integers(-(10**12), 10**12))
def test_the_offset_is_never_further_off_than_its_uncertainty(ways_us: list[tuple[int, int]], offset_us: int) -> None:
    found, uncertainty = offset([a_round(out, back, offset_us) for out, back in ways_us])
    assert found.value is not None
    assert uncertainty.value is not None
    assert abs(found.value - offset_us * 1000) <= uncertainty.value


def test_a_coarse_answer_is_as_uncertain_as_its_last_digit() -> None:
    _, uncertainty = offset([Round(NOW, f"{UNIX_S}.12\n", NOW)])
    assert uncertainty.value == 10_000_000


@pytest.mark.parametrize("answer", ["", "date: bad format\n", "1764090000\n", "1764090000.5", "1764090000.%N\n"])
def test_what_is_no_time_is_no_offset(answer: str) -> None:
    found = offset([Round(NOW, answer, NOW)])
    assert [reading.value for reading in found] == [None, None]
    assert all(reading.reason for reading in found)
    assert offset([])[0].reason == "the device does not tell its time: nothing"


def test_a_host_whose_clock_was_set_back_meanwhile_proves_nothing() -> None:
    backwards = Round(NOW, f"{UNIX_S}.000000\n", NOW - timedelta(seconds=1))
    assert offset([backwards])[0].value is None
    assert offset([backwards, a_round(100, 100, 7)])[0].value == 7000
