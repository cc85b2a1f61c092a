"""The year of a rack that never was: what is known of it holds in every table."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from farm.store import Store
from tests.report import fleet, steady
from tests.report.year import Year
from tests.track.rack import load


def test_a_dead_phone_gives_nothing_any_more_neither_runs_nor_canaries(tmp_path: Path) -> None:
    year = Year(phones=fleet.PHONES[:2], nets=fleet.nets(1, 1), nights=20, runs=1, detailed=0, dies=(fleet.PHONES[1].name, 0.5))
    store = Store(tmp_path / "farm.duckdb")
    load(store, year.records())
    steady.sing(store, year)
    died_at = year.began_at(10).replace(tzinfo=None) - timedelta(hours=2)
    sessions = store.query("report_sessions", branch=year.branch, as_of=year.began_at(30).replace(tzinfo=None), device=None)
    newest = dict(sessions.group_by("device_name").agg(pl.col("started_at").max()).iter_rows())
    sung = dict(store.query("canary_states").select("device", "measured_at").iter_rows())
    for last in (newest, sung):
        assert last[fleet.PHONES[1].name] < died_at < last[fleet.PHONES[0].name]
