import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import units


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("42 ms", units.TIME, 42e6),
        ("1.5s", units.TIME, 1.5e9),
        ("1.1 GB", units.BYTES, 1.1e9),
        ("1 GiB", units.BYTES, 2**30),
        ("3 %", units.RATIO, 0.03),
        ("0.03", units.RATIO, 0.03),
        ("-4 C", units.TEMPERATURE, -4),
        ("20 tokens/s", units.RATE, 20),
    ],
)
def test_a_quantity_is_read_with_its_unit(text: str, quantity: units.Quantity, value: float) -> None:
    assert units.parse(text, quantity) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "ms", "42", "42 parsec", "4 2 ms", "nan ms", "inf ms", "1,5 ms", "42 MS"])
def test_what_is_not_a_time_is_refused_with_the_units_that_would_do(text: str) -> None:
    with pytest.raises(ValueError, match="ns, us, ms, s, min, h"):
        units.parse(text, units.TIME)


@pytest.mark.parametrize(
    ("value", "quantity", "text"),
    [
        (13_020, units.TIME, "13.0 us"),
        (999, units.TIME, "999 ns"),
        (1e9, units.TIME, "1.00 s"),
        (90e9, units.TIME, "90.0 s"),
        (6_954_321, units.BYTES, "6.95 MB"),
        (0, units.BYTES, "0 B"),
        (0.031, units.RATIO, "3.10 %"),
        (1234.5, None, "1234"),
    ],
)
def test_a_value_is_shown_in_the_unit_people_would_choose(value: float, quantity: units.Quantity | None, text: str) -> None:
    assert units.show(value, quantity) == text


@given(st.floats(min_value=1, max_value=1e15))
def test_what_is_shown_reads_back_to_three_digits(value: float) -> None:
    assert units.parse(units.show(value, units.TIME), units.TIME) == pytest.approx(value, rel=0.006)


def test_a_name_states_its_quantity() -> None:
    assert units.quantity_of("latency_ns") is units.TIME
    assert units.quantity_of("decode_tokens_per_s") is units.RATE
    assert units.quantity_of("load_1m") is None


def test_what_no_number_holds_is_no_quantity() -> None:
    with pytest.raises(ValueError, match="more than a number holds"):
        units.parse("1e999 ms", units.TIME)


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (12345, "12 345 runs")])
def test_things_are_counted_in_words(number: int, text: str) -> None:
    assert units.counted(number, "run") == text
    assert units.counted(number, "series", "series") == text.replace("runs", "series").replace("run", "series")
