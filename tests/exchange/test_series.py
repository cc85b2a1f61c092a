"""Series from files: CSV and JSON, and what is wrong with others in one sentence."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import InputError
from farm.exchange import series
from farm.verdicts import History


def test_rows_of_one_series_with_the_same_time_are_runs_of_one_session_and_times_give_the_order() -> None:
    text = "series,time,value,host\nb,2026-01-02,5,x\na,2026-01-10T12:00:00Z,3,x\na,2026-01-09,1,x\na,2026-01-10T12:00:00Z,4,x\n"
    assert series.parse(text.encode(), "n.csv") == (
        History("b", ((5.0,),), ("2026-01-02",)),
        History("a", ((1.0,), (3.0, 4.0)), ("2026-01-09", "2026-01-10T12:00:00Z")),
    )


def test_times_may_be_numbers_and_are_ordered_as_numbers() -> None:
    assert series.parse(b"\xef\xbb\xbftime,value\r\n10,2\r\n9,1e3\r\n", "n.csv") == (History("n.csv", ((1000.0,), (2.0,)), ("9", "10")),)


def test_a_value_that_is_not_there_is_missing() -> None:
    (history,) = series.parse(b"time,value\n1,\n2,NaN\n3,4\n", "n.csv")
    assert [math.isnan(run) for (run,) in history.sessions] == [True, True, False]
    (history,) = series.parse(b'[{"name": "a", "values": [1, null, 2.5]}]', "n.json")
    assert [math.isnan(run) for (run,) in history.sessions] == [False, True, False]


def test_json_is_a_list_of_names_and_values() -> None:
    text = b' [{"name": "a", "values": [1, 2], "times": ["x", 7], "more": {}}, {"values": []}]'
    assert series.parse(text, "n.json") == (History("a", ((1.0,), (2.0,)), ("x", "7")), History("series 1", ()))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "n has no column time and no column value"),
        (b"series,value\na,1\n", "n has no column time"),
        (b"series,time,value\n", "n holds no series"),
        (b"time,value\n1,fast\n", 'n:2: "fast" is not a number'),
        (b"time,value\n1,inf\n", "n:2 holds an infinite value"),
        (b"time,value\n1\n", "n:2 has fewer columns than the first line"),
        (b'time,value\n1,"2\n', "n is not CSV after line 1: unexpected end of data"),
        (b"series,time,value\na,soon,1\n", 'n: the time "soon" of a is neither an ISO 8601 date nor a number'),
        (b"time,value\nnan,1\n", 'n: the time "nan" of n is neither an ISO 8601 date nor a number'),
        (b"series,time,value\na,1,1\na,2026-01-01,1\n", "n: the times of a are numbers and dates mixed, so that they have no order"),
        (b"\xff\xfe1", "n is not text: byte 0 is not UTF-8"),
        (b"{}", "n is not a JSON list of {name, values}"),
        (b"[]", "n holds no series"),
        (b"[1]", "n, series 0 is not an object with a list of values"),
        (b'[{"name": "a"}]', "n, series 0 is not an object with a list of values"),
        (b'[{"name": 1, "values": []}]', "n, series 0 has a name that is not a text"),
        (b'[{"values": [1, "2"]}]', "n, series 0, value 1 is not a number"),
        (b'[{"values": [true]}]', "n, series 0, value 0 is not a number"),
        (b'[{"values": [-Infinity]}]', "n, series 0, value 0 is infinite"),
        (b'[{"values": [1' + b"0" * 400 + b"]}]", "n, series 0, value 0 is too large a number"),
        (
            b'[{"values": [1], "times": []}, {"values": [1], "times": [1, 2]}]',
            "n, series 1 has times that are not a list of one for each value",
        ),
        (b'[{"name": "a", "values": []}, {"name": "a", "values": []}]', 'n holds more than one series with the name "a"'),
        (b"[" * 100_000, "n is not JSON: "),
        (b"[1,", "n is not JSON: "),
    ],
)
def test_what_is_no_series_is_refused_with_its_place(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        series.parse(data, "n")
    assert caught.value.message.startswith(sentence)
    assert "\n" not in caught.value.message


@given(st.binary(max_size=60) | st.text(alphabet='[]{},":\n1aeN \0', max_size=60).map(str.encode))
def test_whatever_the_bytes_there_are_histories_or_one_error(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert series.parse(data, "n")
