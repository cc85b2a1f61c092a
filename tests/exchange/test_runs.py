import io
from pathlib import Path

import polars as pl
import pytest

from farm.errors import InputError
from farm.exchange import runs


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


PLAIN = csv("run,value", "1,20.5", "2,21", "3,20.1")


def test_a_plain_file_has_runs_and_says_no_order() -> None:
    found = runs.read("a.csv", PLAIN)
    assert found.rows["value"].to_list() == [20.5, 21.0, 20.1]
    assert not found.says_order
    both = runs.together(found, runs.read("b.csv", PLAIN))
    assert both.height == 6
    assert both["side"].to_list() == ["baseline"] * 3 + ["candidate"] * 3
    assert both["block"].null_count() == both["position"].null_count() == 6


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    content = csv("run,value,session,order,metric,unit", "1,20.5,s,0,latency_ns,ns", "2,21,s,3,latency_ns,ns")
    path = tmp_path / "a.parquet"
    pl.read_csv(io.BytesIO(content)).write_parquet(path)
    assert runs.read("a", path.read_bytes()).rows.equals(runs.read("a", content).rows)


def test_order_over_both_files_makes_blocks_of_four() -> None:
    header = "run,value,session,order"
    baseline = runs.read("a", csv(header, "1,20,s,0", "2,20,s,3", "3,20,s,5", "4,20,s,6"))
    candidate = runs.read("b", csv(header, "1,20,s,1", "2,20,s,2", "3,20,s,4", "4,20,s,7"))
    rows = runs.together(baseline, candidate)
    assert rows["side"].str.head(1).to_list() == list("bccbcbbc")
    assert rows["block"].to_list() == [0] * 4 + [1] * 4
    assert rows["position"].to_list() == [0, 1, 2, 3] * 2


def test_blocks_of_the_files_are_kept_and_times_are_an_order() -> None:
    header = "run,value,session,block,order"
    baseline = runs.read("a", csv(header, "1,20,s,7,2026-01-01T10:00:00", "2,20,s,8,2026-01-01T10:03:00"))
    candidate = runs.read("b", csv(header, "1,20,s,7,2026-01-01T10:01:00", "2,20,s,8,2026-01-01T10:02:00"))
    rows = runs.together(baseline, candidate)
    assert rows["block"].to_list() == [7, 7, 8, 8]
    assert rows["side"].str.head(1).to_list() == list("bccb")


def test_columns_are_found_whatever_their_case_and_place() -> None:
    assert runs.read("a", csv("Unit, Value ,note,RUN", "ms,3,x,1")).rows.select("run", "value", "unit").row(0) == ("1", 3.0, "ms")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["run,time", "1,2"], "a.csv has no column value"),
        (["time,x", "1,2"], "a.csv has no column run and no column value"),
        (["run,value"], "a.csv has no runs"),
        ([""], "a.csv is neither CSV nor Parquet"),
        (["run,value", "1,20", "2,"], "a.csv: the value of run 2 is missing or not a number"),
        (["run,value", "1,20", "2,NaN"], "a.csv: the value of run 2 is missing or not a number"),
        (["run,value", "1,inf", "2,20"], "a.csv: the value of run 1 is missing or not a number"),
        (["run,value", "1,20", "2,fast"], "a.csv: the value of run 2 is not a number"),
        (["run,value", "1,20", "2,-3", "3,0"], "a.csv: the value of run 2 is not above zero, so there is no ratio (and 1 more)"),
        (["run,value", ",20"], "a.csv: run ? has no number"),
        (["run,value", "1,20", "1,21"], "a.csv: run 1 stands there twice (and 1 more)"),
        (["run,value,unit", "1,20,ms", "2,21,us"], "a.csv has values in ms and in us: one unit is needed"),
        (["run,value,unit", "1,20,ms", "2,21,"], "a.csv: run 2 has no unit, and others have one"),
        (["run,value,session", "1,20,s", "2,21,"], "a.csv: run 2 has no session, and others have one"),
        (["run,value,session,order", "1,20,s,5", "2,21,s,4"], "a.csv: the order goes back at run 2: its clock was set back"),
        (["run,value,session,order", "1,20,s,5", "2,21,s,5"], "a.csv: the order goes back at run 2"),
        (["run,value,session,order", "2,20,s,1", "1,21,s,2"], "a.csv: the order goes back at run 2"),
        (["run,value,session,order", "1,20,s,2026-01-01T10:00", "2,21,s,2026-01-01T09:59"], "a.csv: the order goes back at run 2"),
        (["run,value,session,order", "1,20,s,soon"], "a.csv: the order of run 1 is neither a number nor an ISO time"),
        (["run,value,block", "1,20,x"], "a.csv: the block of run 1 is not a number"),
    ],
)
def test_what_could_make_the_wrong_side_win_is_refused_in_one_sentence(lines: list[str], said: str) -> None:
    with pytest.raises(InputError) as raised:
        runs.read("a.csv", csv(*lines))
    assert raised.value.message.startswith(said)
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"PAR1 and then nothing", b"\x00" * 40])
def test_bytes_that_are_no_table_are_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"a has|neither CSV nor Parquet"):
        runs.read("a", content)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (["run,value,unit", "1,2,ms"], ["run,value,unit", "1,2,us"], "a is in ms and b in us: one unit is needed"),
        (["run,value,unit", "1,2,ms"], ["run,value", "1,2"], "only a has the unit ms, so there is nothing to compare it with"),
        (["run,value,metric", "1,2,x"], ["run,value,metric", "1,2,x", "2,2,y"], "only b has the metric y"),
        (["run,value,session,order", "1,2,s,4"], ["run,value,session,order", "9,2,s,4"], "runs 1 and 9 have the same place in session s"),
    ],
)
def test_two_files_that_do_not_measure_the_same_are_refused(first: list[str], second: list[str], said: str) -> None:
    with pytest.raises(InputError) as raised:
        runs.together(runs.read("a", csv(*first)), runs.read("b", csv(*second)))
    assert raised.value.message.startswith(said)
