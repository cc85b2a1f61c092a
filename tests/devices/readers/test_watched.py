from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers.watched import Look, looks

TEXT = """\
@@@ farm begin 1764090000.250000
@@@ farm battery
Current Battery Service state:
  level: 71
@@@ farm command
-402133
@@@ farm end 1764090000.270000
@@@ farm begin 1764090001.260000
@@@ farm battery
  level: 70
@@@ farm command
@@@ farm end 1764090001.280000
"""
FIRST = Look(1_764_090_000_260_000_000, 10_000_000, {"battery": "Current Battery Service state:\n  level: 71\n", "command": "-402133\n"})
SECOND = Look(1_764_090_001_270_000_000, 10_000_000, {"battery": "  level: 70\n", "command": ""})


def test_each_look_has_its_time_between_its_two_and_what_each_source_said() -> None:
    assert looks(TEXT) == (FIRST, SECOND)


@given(st.integers(0, len(TEXT)))
def test_a_look_that_is_cut_off_is_left_out(length: int) -> None:
    assert looks(TEXT[:length]) in ((), (FIRST,), (FIRST, SECOND))


@given(st.text(max_size=300))
def test_other_text_is_no_look(text: str) -> None:
    assert looks(text) == ()


def test_a_clock_that_went_back_makes_no_look() -> None:
    assert looks(TEXT.replace("begin 1764090000.25", "begin 1764090000.28")) == (SECOND,)
    assert looks(TEXT.replace("begin 1764090000.250000", "begin ")) == (SECOND,)


def test_times_of_any_number_of_digits() -> None:
    assert looks("@@@ farm begin 5.5\n@@@ farm end 5.500000100\n") == (Look(5_500_000_050, 50, {}),)
