"""The canary as values: what band sessions tell, and what lies outside it."""

from dataclasses import replace

import numpy as np
import pytest

from farm import canary
from farm.canary import Sitting, State

NOW = Sitting(13_000.0, 5, "series", "os 1", "harness 1", "1.5.1")


def sittings(*values_ns: float) -> list[Sitting]:
    return [replace(NOW, value_ns=value) for value in values_ns]


USUAL = sittings(13_000, 13_050, 12_980, 13_020, 13_010)


def test_five_sessions_tell_a_band_and_four_do_not() -> None:
    told = canary.judge(USUAL[-1], USUAL[:-1], is_band=True)
    assert told.state is State.BAND
    assert told.band is not None
    assert told.band.sessions == 5
    assert told.band.low_ns < 13_000 < told.band.high_ns
    few = canary.judge(USUAL[3], USUAL[:3], is_band=True)
    assert (few.state, few.band, few.reason) == (State.BAND, None, "4 of 5 sessions that tell a band")
    assert canary.judge(NOW, USUAL[:4], is_band=False).state is State.UNKNOWN


@pytest.mark.parametrize(("factor", "state"), [(1.0, State.WITHIN), (1.2, State.SUSPECT), (0.8, State.SUSPECT), (1.009, State.WITHIN)])
def test_outside_its_band_a_device_is_suspect_whichever_way_it_drifts(factor: float, state: State) -> None:
    judged = canary.judge(replace(NOW, value_ns=13_010 * factor), USUAL, is_band=False)
    assert judged.state is state
    if state is State.SUSPECT:
        assert f"lies {'above' if factor > 1 else 'below'} its band" in judged.reason
        assert f"({100 * factor - 100:+.1f} %)" in judged.reason


def test_what_changed_since_is_named_as_the_likelier_cause() -> None:
    judged = canary.judge(replace(NOW, value_ns=20_000.0, os_build="os 2", runtime_version="1.6"), USUAL, is_band=False)
    assert judged.reason.endswith("; since then the OS build is another one and the runtime's version is another one")


def test_other_settings_have_no_band_and_too_few_runs_no_level() -> None:
    other = canary.judge(replace(NOW, series_key="other"), USUAL, is_band=False)
    assert (other.state, "of other settings" in other.reason) == (State.UNKNOWN, True)
    few = canary.judge(replace(NOW, value_ns=None, runs=2), USUAL, is_band=False)
    assert (few.state, few.reason) == (State.UNKNOWN, "2 valid runs, and 3 tell a level")
    assert canary.judge(replace(NOW, value_ns=None, runs=0), USUAL, is_band=True).state is State.UNKNOWN


@pytest.mark.parametrize("sessions", [5, 8, 20])
def test_an_unchanged_device_lies_outside_in_one_case_of_a_hundred(sessions: int) -> None:
    rng = np.random.default_rng(7)
    outside, cases = 0, 4000
    for _ in range(cases):
        *told, now = np.exp(0.02 * rng.standard_normal(sessions + 1)).tolist()
        found = canary.band(told)
        assert found is not None
        outside += not found.low_ns <= now <= found.high_ns
    assert 0.006 < outside / cases < 0.015


def test_sessions_that_all_come_out_alike_still_leave_room() -> None:
    found = canary.band([100.0] * 5)
    assert found is not None
    assert (found.low_ns, found.high_ns) == pytest.approx((100 / 1.01, 101))
