"""[schedule] of a suite: which of its runs should exist, on which nights."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from farm import units
from farm.config.files import Entry, Seconds
from farm.config.words import nearest
from farm.nights import Cadence, Schedule, Turn

_DAY_S = 86400.0
_EVERY = re.compile(r"every ([1-9]\d{0,2}) days")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _cadence(text: str) -> str:
    if text not in ("every night", "weekdays") and _EVERY.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no cadence: write "every night", "weekdays" or "every 3 days"')
    return text


def _hour(text: str) -> str:
    if _TIME.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no time of day: write "18:00"')
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as "Europe"
        raise ValueError(f'there is no time zone "{text}"{nearest(text, available_timezones())}') from None
    return text


_Cadence = Annotated[str, AfterValidator(_cadence)]


class _TurnTable(Entry):
    cadence: _Cadence | None = None
    priority: int = Field(Turn(Cadence()).priority, ge=1, le=9)


class ScheduleTable(Entry):
    """[schedule]: what is not stated is as farm.nights.Schedule has it."""

    pool: str | None = None
    cadence: _Cadence = "every night"
    begins: Annotated[str, AfterValidator(_hour)] = "12:00"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    grace: Seconds = Schedule().grace_s
    time_budget: Seconds = Schedule().time_budget_s
    canary: bool = True
    workloads: dict[str, _TurnTable] = Field(default_factory=dict)


def schedule_of(table: ScheduleTable) -> Schedule:
    """Return what a table without problems says."""
    return Schedule(
        pool=table.pool,
        cadence=_read(table.cadence),
        begins=time.fromisoformat(table.begins),
        zone=UTC if table.time_zone == Schedule().zone_name else ZoneInfo(table.time_zone),
        zone_name=table.time_zone,
        grace_s=table.grace,
        time_budget_s=table.time_budget,
        canary=table.canary,
        workloads={name: Turn(_read(turn.cadence or table.cadence), turn.priority) for name, turn in table.workloads.items()},
    )


def schedule_problems(raw: Mapping[str, Any], workloads: Collection[str], pools: Collection[str]) -> list[str]:
    """Check what [schedule] says of the suite and of the lab; on the raw table."""
    table = raw.get("schedule")
    if not isinstance(table, dict):
        return []
    problems = []
    pool = table.get("pool")
    if isinstance(pool, str) and pool not in pools:
        problems.append(f'schedule.pool: there is no pool "{pool}"{nearest(pool, pools)}')
    turns = table.get("workloads")
    problems += [
        f'schedule.workloads.{name}: there is no workload "{name}"{nearest(name, workloads)}'
        for name in (turns if isinstance(turns, dict) else ())
        if name not in workloads
    ]
    for key in ("grace", "time_budget"):
        seconds = _seconds(table.get(key))
        if seconds is not None and seconds > _DAY_S:
            problems.append(f"schedule.{key}: at most a day, when the next night begins")
    return problems


def _read(text: str) -> Cadence:
    every = _EVERY.fullmatch(text)
    return Cadence(int(every[1])) if every else Cadence(weekdays=text == "weekdays")


def _seconds(value: object) -> float | None:
    """Return a stated time; None where there is none, or where what is wrong with it is told elsewhere."""
    if not isinstance(value, str):
        return None
    try:
        return units.parse(value, units.TIME) / 1e9
    except ValueError:
        return None
