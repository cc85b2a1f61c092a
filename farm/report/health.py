"""Did the data come: which devices reported, what is missing since when, what was invalid and why; and what changed on a device."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from farm import units
from farm.findings import MissingSeries, Tracked
from farm.report import words

RECENT_DAYS = 14
_REBOOT_S = 300.0
_FEW = 2
_TOOLS = (
    ("os_build", "system"),
    ("harness", "harness"),
    ("runtime_version", "runtime"),
    ("farm_version", "farm"),
    ("battery_health", "battery health"),
)


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device's line. Each of missing and troubles is a sentence."""

    device: str
    device_id: str
    model: str
    os_build: str
    last: str
    reported: bool
    """Whether it gave a valid run in the last night."""
    valid: int
    """Runs of the last night."""
    other: int
    recent_valid: int
    recent_other: int
    workloads: int
    missing: tuple[str, ...]
    troubles: tuple[str, ...]
    suspect: str = ""
    """Why the canary says that its numbers may not be what they were; empty: it does not."""

    @property
    def state(self) -> str:
        """Return it in a word."""
        if not self.reported:
            return "silent"
        if self.suspect:
            return "suspect"
        return "gaps" if self.missing else "disturbed" if self.other > self.valid else "ok"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a device, or to all of them."""

    at: datetime
    night: date
    device: str
    what: str
    before: str
    after: str


def devices(known: pl.DataFrame, outcomes: pl.DataFrame, tracked: Tracked, suspects: Mapping[str, str]) -> list[DeviceHealth]:
    """Return the devices from the rows of `report_devices` and `report_outcomes`: what is silent first.

    suspects says, by the id of a device, why its canary does not trust it.
    """
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in outcomes.iter_rows(named=True):
        rows[row["device_id"]].append(row)
    found = [_device(facts, rows[facts["device_id"]], tracked, suspects) for facts in known.iter_rows(named=True)]
    order = {"silent": 0, "suspect": 1, "gaps": 2, "disturbed": 3, "ok": 4}
    return sorted(found, key=lambda item: (order[item.state], item.device))


def _device(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], tracked: Tracked, suspects: Mapping[str, str]) -> DeviceHealth:
    night = tracked.last_night
    recent = night - timedelta(days=RECENT_DAYS - 1) if night else None
    last = [row for row in rows if row["day"] == night]
    late = [row for row in rows if recent is not None and row["day"] >= recent]
    return DeviceHealth(
        device=facts["device"],
        device_id=facts["device_id"],
        model=", ".join(filter(None, (facts["model"], facts["soc"]))),
        os_build=facts["os_build"],
        last=words.moment(facts["last_at"]),
        reported=any(row["outcome"] == "ok" for row in last),
        valid=_runs(last, valid=True),
        other=_runs(last, valid=False),
        recent_valid=_runs(late, valid=True),
        recent_other=_runs(late, valid=False),
        workloads=len({row["workload"] for row in last if row["outcome"] == "ok"}),
        missing=tuple(_missing(facts["device"], tracked)),
        troubles=tuple(_troubles(late)),
        suspect=suspects.get(facts["device_id"], ""),
    )


def _runs(rows: Sequence[Mapping[str, Any]], *, valid: bool) -> int:
    return sum(row["runs"] for row in rows if (row["outcome"] == "ok") is valid)


def _missing(device: str, tracked: Tracked) -> Iterator[str]:
    """Yield what is missing from a device: one sentence for each night since when and each reason."""
    alike: defaultdict[tuple[str, str], list[MissingSeries]] = defaultdict(list)
    for item in tracked.missing:
        if item.device == device:
            since = "never measured" if item.last is None else f"the last on {words.day(item.last.night)}"
            alike[since, item.reason.removesuffix(" since")].append(item)
    for (since, reason), own in alike.items():
        yield f"{_what(own)}: {since}; {reason}"


def _what(own: Sequence[MissingSeries]) -> str:
    """Return what is missing: few by their names, many as how many of which workloads."""
    if len(own) <= _FEW:
        return ", ".join(f"{item.workload} {words.label(item.metric)}" for item in own)
    workloads = sorted({item.workload for item in own})
    return f"{len(own)} series of {workloads[0] if len(workloads) == 1 else units.counted(len(workloads), 'workload')}"


def _troubles(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield why runs of the recent nights gave no valid number, the most frequent reason first."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["outcome"] != "ok":
            counts[row["outcome"].replace("_", " "), row["reason"] or "no reason is known"] += row["runs"]
    for (outcome, reason), number in counts.most_common():
        yield f"{units.counted(number, 'run')} {outcome}: {reason}"


def events(sessions: pl.DataFrame) -> list[Event]:
    """Return what changed between sessions of each device, oldest first, from the rows of `report_sessions`."""
    found = []
    for _, own in sessions.group_by("device_id", maintain_order=True):
        before: dict[str, Any] = {}
        for row in own.iter_rows(named=True):
            found += list(_changed(before, row))
            before |= {name: value for name, value in row.items() if value is not None}
    return sorted(found, key=lambda event: (event.at, event.device, event.what))


def _changed(before: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Event]:
    if not before:
        return
    at, night, device = row["started_at"], row["night"], row["device_name"]
    for name, word in _TOOLS:
        if row[name] is not None and before.get(name) is not None and row[name] != before[name]:
            yield Event(at, night, device, word, words.short(before[name]) if name == "harness" else before[name], row[name])
    cycles, cycles_before = row["battery_cycle_count"], before.get("battery_cycle_count")
    if cycles is not None and cycles_before is not None and cycles < cycles_before:
        yield Event(at, night, device, "battery swapped", f"{cycles_before:.0f} cycles", f"{cycles:.0f} cycles")
    uptime_s, uptime_before_s = row["uptime_s"], before.get("uptime_s")
    if uptime_s is not None and uptime_before_s is not None:
        passed_s = (at - before["started_at"]).total_seconds()
        if uptime_s < uptime_before_s + passed_s - _REBOOT_S:
            yield Event(at, night, device, "restarted", "", f"up for {uptime_s / 3600:.0f} h")


def since(night: date | None) -> date:
    """Return from which night on outcomes are counted."""
    return date(1970, 1, 1) if night is None else night - timedelta(days=RECENT_DAYS - 1)
