"""What farm db check looks at: the journal, the database, pinned bytes, pages and unfinished work of a data folder."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm import pins
from farm.cli import pinning, unfinished
from farm.cli.context import Context
from farm.keeping import Facts
from farm.pins import Part

if TYPE_CHECKING:
    from farm.store import Store

_SITE, _MANIFEST, _MOST_GATES, _SHORT = "site", "site.json", 50, 12
_ASIDE = (".refused", ".unreadable")


def facts(context: Context) -> Facts:
    """Look at everything, and change nothing."""
    store = context.store()
    waiting = [entry.stem for entry in context.journal.entries()]
    known = store.query("known_runs", run_ids=waiting)["run_id"].to_list()
    aside = [entry.name for entry in sorted(context.journal.folder.glob("*")) if entry.suffix in _ASIDE]
    artifacts = store.query("named_artifacts").to_dicts()
    pinned = store.query("held_parts").to_dicts()
    return Facts(
        waiting=waiting,
        known=frozenset(known),
        aside=aside,
        misfits=store.query("check_rows").rows(),
        broken_pins=_broken(context.data, pinned),
        lost_artifacts=_lost(context.data, artifacts, {row["sha256"] for row in pinned}),
        artifacts=len(artifacts),
        pageless_gates=_pageless(context.data / _SITE, store),
        abandoned=unfinished.abandoned(context.data),
        leavings=_leavings(context.data),
        damaged=[str(folder) for folder in sorted((context.data / pins.FOLDER).glob(".damaged-*"))],
    )


def _broken(data: Path, rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        part = Part(row["kind"], row["sha256"], row["tree_sha256"], row["size_bytes"], row["name"], row["workload_id"])
        if not pins.is_whole(data, part):
            found[row["baseline"]].append(row["name"])
    return {name: list(dict.fromkeys(parts)) for name, parts in found.items()}


def _lost(data: Path, artifacts: list[dict[str, Any]], pinned: set[str]) -> list[str]:
    """Return the names of artifacts that are neither pinned nor among the built ones; only files of the right size are read."""
    wanted = {row["sha256"]: row for row in artifacts if row["sha256"] not in pinned}
    sizes = {row["size_bytes"] for row in wanted.values()}
    for file in (data / "artifacts").rglob("*"):
        if file.is_file() and file.stat().st_size in sizes:
            wanted.pop(pinning.sha256_of(file), None)
    return [row["name"] for row in wanted.values()]


def _pageless(site: Path, store: "Store") -> list[str]:
    """Return the gates that a site has no page of; where there is no site, none is missing."""
    try:
        pages = json.loads((site / _MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    gates = store.query("report_gates").head(_MOST_GATES)["gate_id"].to_list()
    names = {gate: f"gate-{gate[-_SHORT:]}.html" for gate in gates}
    return [gate[-_SHORT:] for gate, name in names.items() if name not in pages or not (site / name).exists()]


def _leavings(data: Path) -> list[str]:
    """Return half-written files of processes that are no more, and the folders that pins were made in."""
    found = [*data.glob(".*.partial"), *data.glob(".*.partial.wal"), *(data / "journal").glob("*.partial")]
    found += [*(data / "notices").glob(".*.partial"), *(data / pins.FOLDER).glob(".pinning-*")]
    return [str(file) for file in sorted(found) if not _lives(file)]


def _lives(file: Path) -> bool:
    """Whether the process that a file is named after lives; one of the journal has no such name, and is written in an instant."""
    number = re.search(r"\.([0-9]+)\.partial|^\.pinning-([0-9]+)-", file.name)
    return number is not None and Path(f"/proc/{number[1] or number[2]}").exists()
