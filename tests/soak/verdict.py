"""What a month has to show, held against what its database, its phones and its folder say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb
from typing import Any

from tests.soak.month import Month
from tests.soak.phone import CANARY
from tests.soak.plan import DAY_H, LASTING, Change, Kind
from tests.soak.world import Flash, fired

PROMISED_ALARMS = 0.02
"""Series without a change in which one is found for sure, better or worse, at most: benchmarks/detect.py holds farm track to it."""
_UNLIKELY = 0.05
_APART_H = 1.6
"""Between a phone's hour and the stored time of a look: the host's clock may be set by an hour."""
_QUARANTINE_H = 10 * DAY_H

_SAID = (
    ("the link to", {Kind.LINK}),
    ("restarted while", {Kind.REBOOT}),
    ("crashed", {Kind.CRASH}),
    ("had not ended after", {Kind.HUNG}),
    ("skin is at", {Kind.HOT}),
    ("battery is at", {Kind.FLAT, Kind.CHARGING}),
    ("disk is full", {Kind.FULL}),
    ("are free", {Kind.FULL}),
    ("does not answer", {Kind.AWAY}),
    ("this host's, the limit", {Kind.CLOCK}),
)
_CHECKED = {
    "reachable": {Kind.AWAY},
    "storage": {Kind.FULL},
    "battery_level": {Kind.FLAT, Kind.CHARGING},
    "temperature": {Kind.HOT},
    "clock": {Kind.CLOCK},
}
_TIME_OVER = "the night's time was over"
_CANARY_OUT = ("above its band", "below its band")
_CUT_OFF = "the night ended before it was measured"


@dataclass(frozen=True, slots=True)
class Shown:
    """One requirement: whether it holds, and what was seen."""

    what: str
    holds: bool
    seen: str


def injected(month: Month) -> list[tuple[str, int, int]]:
    """Return each kind of fault with how often it was planned, and how often it struck something."""
    planned = Counter(fault.kind for fault in month.plan.faults)
    struck = Counter(month.plan.faults[number].kind for number, _ in fired(month.folder))
    return [(kind.value, planned[kind], struck[kind]) for kind in Kind if planned[kind]]


def verdict(month: Month) -> list[Shown]:
    """Return all that the month has to show."""
    return [*_nights(month), *_jobs(month), *_devices(month), *_history(month)]


def _rows(month: Month, statement: str) -> list[dict[str, Any]]:
    return month.store.sql(statement).to_dicts()


def _hour(month: Month, at: datetime) -> float:
    return (at - datetime.fromisoformat(month.plan.start).replace(tzinfo=None)) / timedelta(hours=1)


def _nights(month: Month) -> list[Shown]:
    labels = [row["label"] for row in _rows(month, "SELECT label FROM nights JOIN night_ends ON night_id = nights.id")]
    return [
        Shown(
            "every night came to its end, once",
            len(labels) == len(set(labels)) == month.plan.all_nights,
            f"{len(labels)} of {month.plan.all_nights} nights, in {sum(month.codes.values())} starts",
        ),
        Shown("no process of farm crashed", not month.crashes, "; ".join(month.crashes[:2]) or f"exit codes {dict(month.codes)}"),
    ]


def _jobs(month: Month) -> list[Shown]:
    jobs = _rows(month, "SELECT expected_states.*, label FROM expected_states JOIN nights ON nights.id = night_id")
    states = Counter(job["state"] for job in jobs)
    own = f"workload_id <> 'farm-{CANARY}' AND outcome = 'ok'"
    valid = [row["id"] for row in _rows(month, f"SELECT id FROM runs WHERE {own}")]
    expected = [job["run_id"] for job in jobs if job["state"] == "done"]
    open_ = [job for job in jobs if job["state"] == "to come"]
    odd = [job for job in jobs if job["state"] == "accounted for" and not _is_explained(month, job)]
    return [
        Shown("every expected run is present or accounted for", not open_ and len(jobs) > 0, f"{len(jobs)} expected: {dict(states)}"),
        Shown(
            "no run is doubled, and none is there that nobody expected",
            sorted(map(str, valid)) == sorted(map(str, expected)),
            f"{len(valid)} valid runs answer {len(expected)} expected ones",
        ),
        Shown(
            "each run that is accounted for says what was done to its phone",
            not odd,
            f"{len(odd)} of {states['accounted for']} do not"
            + "".join(f"; {job['label']} {job['device_name']}: {job['reason']}" for job in odd[:3]),
        ),
    ]


def _is_explained(month: Month, job: dict[str, Any]) -> bool:
    """Whether a reason names a fault that its phone had by then."""
    begins_h = (job["label"] - datetime.fromisoformat(month.plan.start).date()).days * DAY_H
    reason = str(job["reason"])
    since_h = begins_h - (_QUARANTINE_H if "without passing" in reason else DAY_H)
    kinds = {kind for words, named in _SAID if words in reason for kind in named}
    if not kinds:
        if _CUT_OFF in reason:  # the last start of that night was killed, too
            return any(True for _ in _faults(month, "", {Kind.KILL}, begins_h, begins_h + DAY_H))
        return _TIME_OVER in reason or any(words in reason for words in _CANARY_OUT)
    had = _faults(month, job["device_name"], kinds, since_h, begins_h + DAY_H)
    return any(True for _ in had)


def _faults(month: Month, phone: str, kinds: set[Kind], since_h: float, until_h: float) -> Iterable[int]:
    for each in month.plan.faults:
        if each.phone == phone and each.kind in kinds and each.at_h <= until_h and each.at_h + each.lasts_h >= since_h:
            yield each.number


def _devices(month: Month) -> list[Shown]:
    last = _rows(
        month,
        "SELECT device_name, count(*) FILTER (state = 'done') AS done, count(*) AS jobs FROM expected_states "
        "WHERE night_id = (SELECT id FROM nights ORDER BY label DESC LIMIT 1) GROUP BY device_name",
    )
    flashes = {name: Flash.of(month.folder, name) for name in month.plan.phones}
    left = [name for name, flash in flashes.items() if flash.prepared or flash.running]
    out = _rows(month, "SELECT count(*) AS times FROM health_changes WHERE health = 'quarantined'")[0]["times"]
    odd, looks = _odd_looks(month)
    whole = sum(row["done"] == row["jobs"] for row in last)
    return [
        Shown("no device is stuck: all measure all on the last night", whole == len(month.plan.phones), f"{whole} of {len(last)} do"),
        Shown("every phone is put back", not left, ", ".join(left) or "nothing is set, and no harness left, on any"),
        Shown(
            "every quarantine, and every suspicion, is explained",
            not odd,
            f"{out} quarantines; {len(odd)} of {looks} failed checks without a fault" + "".join(f"; {words}" for words in odd[:3]),
        ),
    ]


def _odd_looks(month: Month) -> tuple[list[str], int]:
    """Return the failed checks that no fault of the phone explains, and how many failed. The canary's are its own promise."""
    rows = _rows(
        month,
        "SELECT looked_at, device_name, name, sentence FROM health_checks JOIN health_looks ON health_looks.id = look_id WHERE NOT ok",
    )
    rows = [row for row in rows if row["name"] != CANARY]
    odd = []
    for row in rows:
        hour = _hour(month, row["looked_at"])
        kinds = _CHECKED.get(row["name"], set()) & LASTING
        if not any(True for _ in _faults(month, row["device_name"], kinds, hour - _APART_H, hour + _APART_H)):
            odd.append(f"{row['device_name']} {row['name']}: {row['sentence']}")
    return odd, len(rows)


def _history(month: Month) -> list[Shown]:
    found = _rows(
        month,
        "SELECT findings.id, device_name, workload_id, worse, after_at, first_at, until_at, size FROM findings "
        "JOIN finding_states ON finding_id = findings.id WHERE kind = 'change' AND standing = 'confirmed' "
        "QUALIFY row_number() OVER (PARTITION BY findings.id ORDER BY seen_at DESC) = 1",
    )
    shown, known = [], set[str]()
    for change in month.plan.changes:
        own = [row for row in found if _is_of(month, row, change)]
        known |= {row["id"] for row in own}
        series = {(phone, name) for phone in month.plan.phones for name in month.plan.workloads if change.is_of(phone, name)}
        dated = {(row["device_name"], row["workload_id"]) for row in own}
        exact = sum(_night(month, row["first_at"]) == change.night for row in own)
        sizes = ", ".join(f"{row['size'] - 1:+.1%}" for row in own)
        words = f"{len(dated)} of {len(series)} series; the likeliest night is that one in {exact}; sizes {sizes}"
        what = f"{change.ratio - 1:+.0%} of {change.workload or 'all'} on {change.phone or 'all'} since night {change.night}: found, dated"
        shown.append(Shown(what, dated == series, words))
    false = [row for row in found if row["id"] not in known]  # better or worse: nothing had changed
    count = len(month.plan.phones) * len(month.plan.workloads)
    told = "".join(f"; {row['device_name']} {row['workload_id']} {row['size'] - 1:+.1%} at {row['first_at']}" for row in false)
    most = _most_alarms(count)
    shown.append(Shown(f"false alarms: at most {most}", len(false) <= most, f"{len(false)} in {count} series{told}"))
    return [*shown, _confirmations(month)]


def _is_of(month: Month, row: dict[str, Any], change: Change) -> bool:
    """Whether a finding is of a change, and says that it lies where it does."""
    is_there = _night(month, row["after_at"]) < change.night <= _night(month, row["until_at"])
    return bool(row["worse"] and is_there and change.is_of(row["device_name"], row["workload_id"]))


def _night(month: Month, at: datetime) -> int:
    return int(_hour(month, at) // DAY_H)


def _most_alarms(series: int) -> int:
    """Return how many alarms in so many series are still within the promise: more come to pass in under 5 % of months."""
    share, most = 0.0, -1
    while share < 1 - _UNLIKELY:
        most += 1
        share += comb(series, most) * PROMISED_ALARMS**most * (1 - PROMISED_ALARMS) ** (series - most)
    return most


def _confirmations(month: Month) -> Shown:
    rows = _rows(month, "SELECT is_confirmed FROM confirmations LEFT JOIN confirmation_answers ON confirmation_id = id")
    answers = Counter({True: "confirmed", False: "refuted", None: "withdrawn, or open"}[row["is_confirmed"]] for row in rows)
    suspects = _rows(month, "SELECT state, count(*) AS times FROM canaries WHERE NOT is_band GROUP BY state ORDER BY state")
    words = "; canary: " + ", ".join(f"{row['state']} {row['times']}" for row in suspects)
    asked = not month.plan.changes or answers["confirmed"] > 0
    return Shown("fresh runs were asked for, and measured", asked, f"{len(rows)} times: {dict(answers)}{words}")
