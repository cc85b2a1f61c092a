import io

import pytest
from rich.console import Console

from farm.cli import draw
from farm.publish.tables import Table, result_tables
from tests.publish.test_tables import results

RUNS = Table(
    "",
    ("run", "began (UTC)", "device", "outcome", "p50 / value", "reason"),
    (
        ("0c2ab81e77f1", "2026-01-02 03:04", "oneplus13", "ok", "13.0 us", ""),
        ("0c2ab81e77f2", "2026-01-02 03:05", "oneplus13", "invalid", "", "its threads waited for a CPU for 12 % of the timed part"),
    ),
    (0, 1, 2, 3, 5),
    (2, 5, 1),
)


def drawn(table: Table, width: int) -> list[str]:
    file = io.StringIO()
    draw.tables([table], Console(file=file, width=width, highlight=False, markup=False, emoji=False))
    return file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (140, None),
        (100, "switches, load"),
        (80, "p90, p99, cpu/wall, switches, load"),
        (60, "p90, p99, valid runs, cpu/wall, switches, load"),
    ],
)
def test_a_narrow_terminal_loses_columns_in_their_order_and_keeps_every_name_and_number(width: int, left_out: str | None) -> None:
    (table,) = result_tables(results())
    long_name = "anonymous memory (RssAnon)"
    row = (long_name, "807 kB", "1.26 ms … 1.50 ms (94%)", "39.0 us", "57.2 us", "5 of 5", "1.00", "3", "0.35")
    shown = drawn(Table(table.title, table.columns, (row,), table.text_columns, table.expendable), width)
    text = " ".join(" ".join(shown).split())
    assert max(map(len, shown)) <= width
    for kept in ("metric", "p50 / value", "interval over runs", "807 kB", "1.26 ms … 1.50 ms (94%)", "anonymous memory"):
        assert kept in text
    assert (f"Left out on so narrow a terminal: {left_out}" in text) if left_out else ("Left out" not in text)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_an_identity_is_never_broken_and_a_reason_is_readable_or_left_out(width: int) -> None:
    shown = drawn(RUNS, width)
    assert sum("0c2ab81e77f" in line for line in shown) == 2
    assert max(map(len, shown)) <= width
    reason = [line for line in shown if "its threads" in line]
    assert reason or any("Left out on so narrow a terminal: device, reason" in line for line in shown)


def test_a_table_that_no_terminal_is_wide_enough_for_becomes_blocks() -> None:
    columns = tuple(f"column_{number}" for number in range(20))
    shown = drawn(Table("", columns, (tuple(f"value-{number}" for number in range(20)),), tuple(range(20))), 80)
    assert [line.split() for line in shown if "column_7" in line] == [["column_7", "value-7"]]
    assert max(map(len, shown)) <= 80


def test_nothing_is_wrapped_or_left_out_where_the_output_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    columns = tuple(f"session_{number}_id" for number in range(40))
    draw.tables([Table("", columns, (("a long text without an end " * 20,) * 40,), tuple(range(40)), (3,))])
    header, _, row = (line for line in capsys.readouterr().out.splitlines() if line.strip())
    assert header.split() == list(columns)
    assert row.count("a long text without an end " * 19) == 40
