"""Plain tables: CSV and Parquet, with units in their names or beside them."""

import io

import polars as pl
import pytest

from farm.errors import InputError
from farm.exchange import names, recognise
from tests.exchange import by_metric, read, texts


def test_a_plain_table_keeps_its_order_and_positions() -> None:
    contents = read(texts.PLAIN)
    a, b = contents.numbers
    assert (a.label, a.metric, a.values, a.position, a.positions) == (
        "a",
        "latency_ns",
        (1.5e6, 2.5e6),
        "time",
        ("2026-01-01", "2026-01-02"),
    )
    assert b.values == (7e6,)
    assert contents.gaps[0].reason == "time 2026-01-03 has no value"


def test_a_value_without_a_unit_has_none() -> None:
    (number,) = read("run,value\n1,5\n2,6\n").numbers
    assert (number.metric, number.values, number.positions) == ("value", (5.0, 6.0), ("1", "2"))
    assert names.unit_of(number.metric) is None


def test_metrics_and_units_of_rows_keep_series_apart() -> None:
    table = (
        "run,metric,unit,value\n1,latency,ms,5\n1,vm_hwm_bytes,bytes,7\n2,latency,ms,6\n2,latency_ns,,8\n1,score,,0.5\n1,rate,tokens/s,3\n"
    )
    found = {number.source_metric: (number.label, number.metric, number.values) for number in read(table).numbers}
    assert found == {
        "latency": ("series", "latency_ns", (5e6, 6e6)),
        "latency_ns": ("series", "latency_ns", (8.0,)),
        "vm_hwm_bytes": ("series", "vm_hwm_bytes", (7.0,)),
        "rate": ("series", "rate_tokens_per_s", (3.0,)),
        "score": ("score", "value", (0.5,)),
    }


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("run,metric,unit,value\n1,latency_ns,ms,5\n", "says the unit ms in row 1 for latency_ns, which names its own"),
        ("run,metric,unit,value\n1,size,MB,5\n", "has the unit MB in row 1, which farm does not know"),
        ("run,unit,latency_ms\n1,s,5\n", "names its metric in the column latency_ms"),
    ],
)
def test_units_that_contradict_or_are_not_known_are_refused(table: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(table)


def test_parquet_says_what_csv_says() -> None:
    data = io.BytesIO()
    pl.DataFrame({"run": [1, 2], "size_mib": [1.0, None]}).write_parquet(data)
    contents = recognise.read("a-file", data.getvalue())
    assert by_metric(contents) == {("size_bytes", "as_reported"): (2.0**20,)}
    assert len(contents.gaps) == 1
