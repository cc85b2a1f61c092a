"""From histories to findings."""

import math

import numpy as np
import pytest

from farm import changepoints, track
from farm.findings import BASELINE_NIGHTS
from farm.verdicts import Finding, FindingKind, History


def history(name: str, steps: dict[int, float], nights: int = 60, runs: int = 5) -> History:
    """Return a history with 2 % noise from run to run, whose level is multiplied by steps[night] from that night on."""
    values = 20e6 * np.exp(0.02 * np.random.default_rng(1).standard_normal((nights, runs)))
    for night, factor in steps.items():
        values[night:] *= factor
    return History(name, tuple(tuple(night) for night in values.tolist()), tuple(f"night {night}" for night in range(nights)))


def test_a_history_that_does_not_change_has_no_finding() -> None:
    assert track.find([history("a", {}), History("none", ()), History("one", ((1.0,),))]) == [(), (), ()]


def test_a_change_and_a_suspected_one_after_it_are_two_findings() -> None:
    ((change, suspected),) = track.find([history("a", {30: 1.1, 58: 0.9})])
    assert (change.kind, change.history) == (FindingKind.CHANGE, "a")
    assert change.index_low <= 30 <= change.index_high
    assert change.size.is_ratio
    assert change.size.low < 1.1 < change.size.high
    assert change.significance is not None
    assert change.deviations is None
    assert suspected.kind is FindingKind.SUSPECTED
    assert suspected.index == 58
    assert suspected.index_low <= 58 <= suspected.index_high == 59
    assert suspected.size.low < 0.9 < suspected.size.high
    assert suspected.after / suspected.before == pytest.approx(suspected.size.value)
    assert suspected.significance is None
    assert suspected.deviations is not None


def test_nights_without_values_are_gaps_that_still_count() -> None:
    whole = history("a", {30: 1.1, 58: 0.9})
    gapped = list(whole.sessions)
    gapped[10] = ()
    gapped[20] = (math.nan, math.nan)
    gapped[40] = (math.nan, *gapped[40][1:])
    ((change, suspected),) = track.find([History("a", tuple(gapped))])
    assert abs(change.index - 30) <= 1
    assert suspected.index == 58


def test_findings_do_not_depend_on_other_histories() -> None:
    many = [history(str(night), {night: 1.08}, nights=40 + night) for night in (15, 20, 39)]
    alone: list[tuple[Finding, ...]] = [track.find([each])[0] for each in many]
    assert track.find(many) == alone


def test_values_that_are_not_positive_have_a_size_in_their_unit() -> None:
    rng = np.random.default_rng(1)
    ((change,),) = track.find([History("t", tuple((value + 8 * (night >= 20),) for night, value in enumerate(rng.standard_normal(40))))])
    assert not change.size.is_ratio
    assert change.size.low < 8 < change.size.high


def test_an_infinite_value_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        track.find([History("a", ((1.0,), (math.inf,)))])


def test_labels_are_for_every_session_or_none() -> None:
    with pytest.raises(ValueError, match="label for each session"):
        History("a", ((1.0,), (2.0,)), ("monday",))
    assert History("a", ((1.0,),)).label(0) == "#0"


def test_a_change_after_the_first_nights_is_found_and_one_among_them_is_not() -> None:
    noise = np.random.default_rng(1).normal(1, 0.005, (20, 3))

    def found(before: int) -> bool:
        sessions = tuple(tuple((100 if night < before else 115) * own) for night, own in enumerate(noise))
        return bool(track.find([History("net", sessions)])[0])

    assert changepoints.SHORTEST == BASELINE_NIGHTS
    assert found(BASELINE_NIGHTS)
    assert not any(found(before) for before in range(1, BASELINE_NIGHTS))
