import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import PowerUnread
from farm.power.current import Counted, Current, learn
from farm.workloads import PowerSettings


@pytest.mark.parametrize(
    ("idle", "work", "unit_ua", "sign"),
    [
        ([-120_000.0], [-812_000.0], 1, 1),  # Pixel: uA, plus flows in
        ([-120.0], [-812.0], 1000, 1),  # Samsung: mA, plus flows in
        ([120.0], [812.0], 1000, -1),  # OPLUS: mA, minus flows in
        ([120_000.0, 0.0], [812_000.0], 1, -1),  # Qualcomm's gauge: uA, minus flows in
    ],
)
def test_unit_and_sign_of_every_vendor_are_learned_from_an_unplugged_phone(
    idle: list[float], work: list[float], unit_ua: int, sign: int
) -> None:
    found = learn(idle, work)
    assert found == Current(unit_ua, sign)
    assert found.drawn_ua(work[0]) == 812_000


def refused(idle: list[float], work: list[float], stated: PowerSettings, counted: Counted | None = None) -> PowerUnread:
    with pytest.raises(PowerUnread) as caught:
        learn(idle, work, stated, counted=counted)
    assert caught.value.error_class == "power_ambiguous"
    assert caught.value.hint
    return caught.value


def test_a_stated_sign_that_the_readings_deny_is_refused() -> None:
    error = refused([-120.0], [-812.0], PowerSettings(current_sign=-1))
    assert error.message == "devices.toml says that plus flows out of the battery, and unplugged the current reads minus"
    assert error.hint == 'current_plus = "in", or leave it out'


def test_a_stated_unit_that_the_readings_deny_is_refused() -> None:
    error = refused([-120.0], [-812.0], PowerSettings(current_unit_ua=1))
    assert error.message == "devices.toml says that the current is in uA, and 812 uA is not what a phone draws while it works"
    assert error.hint == 'current_unit = "mA", or leave it out'
    error = refused([-120_000.0], [-812_000.0], PowerSettings(current_unit_ua=1000))
    assert error.hint == 'current_unit = "uA", or leave it out'


@pytest.mark.parametrize("working", [15_500.0, 25_000.0, 12.0, 40e6])
def test_what_is_a_phones_current_in_no_unit_is_refused(working: float) -> None:
    error = refused([-working / 2], [-working], PowerSettings())
    assert "is no phone's in uA or mA" in error.message


def test_a_frugal_phone_is_believed_when_its_unit_is_stated() -> None:
    assert learn([-8_000.0], [-20_000.0], PowerSettings(current_unit_ua=1)) == Current(1, 1)
    assert "12 uA is not what" in refused([-8.0], [-12.0], PowerSettings(current_unit_ua=1)).message


@pytest.mark.parametrize("values", [[-100.0, 100.0], [0.0, 0.0]])
def test_a_current_without_one_direction_is_refused(values: list[float]) -> None:
    refused(values, values, PowerSettings())


def test_the_charge_counter_must_not_deny_it() -> None:
    fell = Counted(-6_700, 60.0)  # 402 mA
    assert learn([-120.0], [-812.0], counted=fell) == Current(1000, 1)
    assert learn([-120.0], [-812.0], counted=Counted(0, 60.0)) == Current(1000, 1)  # it goes in large steps
    assert learn([-120.0], [-812.0], counted=Counted(-40_000, 60.0)) == Current(1000, 1)
    rose = refused([-120.0], [-812.0], PowerSettings(), Counted(6_700, 60.0))
    assert rose.message == "the gauge shows 466 mA drawn, and the charge counter -402 mA"
    refused([-120.0], [-812.0], PowerSettings(), Counted(-6_700_000, 60.0))


@given(st.floats(30_000, 15e6), st.sampled_from([1, 1000]), st.sampled_from([1, -1]))
def test_no_current_of_a_phone_is_taken_for_another(drawn_ua: float, unit_ua: int, sign: int) -> None:
    printed = -sign * drawn_ua / unit_ua
    found = learn([printed / 5], [printed])
    assert found == Current(unit_ua, sign)
    assert found.drawn_ua(printed) == pytest.approx(drawn_ua)
