"""The rack in its newest night: which jobs have no run and why, whose health is not good, what waited, and what nobody was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from farm import units
from farm.cooling import CoolDown
from farm.report import words
from farm.store import Store

_RECENT = timedelta(hours=20)
_TONES = {"suspect": "suspect", "quarantined": "fail", "retired": "gaps"}


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that a target did not take yet, and that the next command sends again. Times are text, UTC."""

    title: str
    target: str
    since: str
    tries: int
    why: str


@dataclass(frozen=True, slots=True)
class Health:
    """A device whose health is not good."""

    device: str
    word: str
    tone: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True)
class OsChange:
    """A device that was found with another OS build."""

    device: str
    before: str
    after: str
    at: str


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Jobs without a valid run."""

    device: str
    workload: str
    jobs: int
    reason: str
    measured_last: str
    """The night; empty: never."""


@dataclass(frozen=True, slots=True)
class Night:
    """What there is to say of the rack. Each of nights and cool_downs is a sentence."""

    nights: tuple[str, ...]
    unmeasured: tuple[Unmeasured, ...]
    health: tuple[Health, ...]
    good: int
    """Devices that were looked at and are good."""
    os_changes: tuple[OsChange, ...]
    cool_downs: tuple[tuple[str, str], ...]
    """Each with its device."""
    unsent: tuple[Unsent, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to say: a lab without nights and looks has no such block."""
        return bool(self.nights or self.health or self.good or self.unsent)


def rack_night(store: Store, branch: str, now: datetime, unsent: Sequence[Unsent] = ()) -> Night:
    """Return what is known of a branch's newest day of nights, and of devices' health now."""
    of_branch = {"branch": branch, "as_of": now}
    nights = store.query("report_nights", **of_branch).to_dicts()
    since = min((row["opened_at"] for row in nights), default=now - _RECENT)
    found = store.queries(
        {
            "report_unmeasured": of_branch,
            "health_standings": {},
            "report_os_changes": {"since": since, "as_of": now},
            "cool_downs": {"since": since},
        }
    )
    rows = {name: frame.to_dicts() for name, frame in found.items()}
    standings = _newest(rows["health_standings"])
    waited = [(row["device"], CoolDown(row["runs"], row["waited_s"])) for row in rows["cool_downs"]] if nights else []
    os_changes = [OsChange(row["device"], row["before"], row["after"], words.moment(row["looked_at"])) for row in rows["report_os_changes"]]
    return Night(
        nights=tuple(map(_sentence, nights)),
        unmeasured=tuple(Unmeasured(**row | {"measured_last": row["measured_last"] or ""}) for row in rows["report_unmeasured"]),
        health=tuple(_health(row) for row in standings if row["health"] != "good"),
        good=sum(row["health"] == "good" for row in standings),
        os_changes=tuple(os_changes),
        cool_downs=tuple((device, own.sentence) for device, own in waited),
        unsent=tuple(unsent),
    )


def _newest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return where each name's device stands: of several that have had one name, the one that was looked at last."""
    by_name: dict[str, Mapping[str, Any]] = {}
    for row in rows:  # newest first
        by_name.setdefault(row["device"], row)
    return [by_name[name] for name in sorted(by_name)]


def _sentence(row: Mapping[str, Any]) -> str:
    to_come = row["jobs"] - row["valid"] - row["accounted"]
    parts = [f"{row['valid']} of {units.counted(row['jobs'], 'job')} have a valid run"]
    parts += [f"{row['accounted']} are accounted for without one"] if row["accounted"] else []
    parts += [f"{to_come} are to come"] if to_come else []
    end = "it goes on" if row["exit_code"] is None else f"it ended with exit code {row['exit_code']}"
    return f"{row['suite']} on {row['pool']}, night of {row['label']}: {', '.join(parts)}; {end}"


def _health(row: Mapping[str, Any]) -> Health:
    return Health(row["device"], row["health"], _TONES[row["health"]], words.day(row["since"]), row["reason"])
