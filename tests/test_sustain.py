import pytest

from farm.sustain import derived
from farm.workloads import Readings

S = 1_000_000_000


def windows(speeds_per_s: list[float], length_ns: int = S) -> tuple[Readings, ...]:
    """Windows of one length, one after the other, at these speeds; the work begins at 5 s on the harness's clock."""
    at_ns = tuple(5 * S + length_ns * (place + 1) for place in range(len(speeds_per_s)))
    items = tuple(speed * length_ns / S for speed in speeds_per_s)
    return (
        Readings("window_items_count", items, at_ns=at_ns),
        Readings("window_busy_ns", tuple(float(length_ns) for _ in speeds_per_s), at_ns=at_ns),
        Readings("wall_ns", (1.0,)),
    )


def values(readings: tuple[Readings, ...]) -> dict[str, float]:
    return {item.metric: item.values[0] for item in readings}


def test_a_device_that_slows_down_has_an_onset_and_a_ratio() -> None:
    found, missing = derived(windows([100.0] * 30 + [70.0] * 90), tokens=False)
    assert values(found) == pytest.approx({"sustained_ratio": 0.7, "sustained_latency_ns": S / 70, "throttle_onset_ns": 30 * S})
    assert not missing


def test_a_language_model_is_followed_by_its_tokens() -> None:
    found, _ = derived(windows([20.0] * 30 + [10.0] * 30), tokens=True)
    assert values(found) == pytest.approx({"sustained_ratio": 0.5, "sustained_tokens_per_s": 10.0, "throttle_onset_ns": 30 * S})


def test_a_device_that_keeps_its_speed_has_no_onset_and_says_why() -> None:
    found, missing = derived(windows([100.0, 99.0, 101.0, 100.0] * 15), tokens=False)
    assert values(found)["sustained_ratio"] == pytest.approx(1.0, abs=0.01)
    assert [item.metric for item in missing] == ["throttle_onset_ns"]
    assert "in 60 s of work" in missing[0].reason


def test_a_short_dip_is_no_throttling() -> None:
    _, missing = derived(windows([100.0] * 30 + [60.0] * 4 + [100.0] * 30), tokens=False)
    assert [item.metric for item in missing] == ["throttle_onset_ns"]


def test_a_device_that_speeds_up_has_a_ratio_above_one() -> None:
    found, _ = derived(windows([80.0] * 12 + [100.0] * 30), tokens=False)
    assert values(found)["sustained_ratio"] == pytest.approx(1.25)


@pytest.mark.parametrize("readings", [(), windows([100.0] * 7), windows([0.0] * 20), windows([100.0] * 20)[:1]])
def test_too_little_to_tell_is_absent_with_the_reason(readings: tuple[Readings, ...]) -> None:
    found, missing = derived(readings, tokens=False)
    assert not found
    assert {item.metric for item in missing} == {"sustained_ratio", "throttle_onset_ns", "sustained_latency_ns"}
    assert "windows" in missing[0].reason


def test_windows_in_which_nothing_ended_are_passed_over() -> None:
    slow = windows([100.0] * 10 + [0.0] * 10 + [100.0] * 30)
    found, _ = derived(slow, tokens=False)
    assert values(found)["sustained_ratio"] == pytest.approx(1.0)
