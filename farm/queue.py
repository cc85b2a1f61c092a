"""Who gets a device next: rules between processes that want the same one. Values in, decisions out.

A request is one process's wish for one device. The rules, for each device by itself:

1. Ad hoc goes before gate, gate before nightly; of equals, who asked first. A request keeps the time at which it asked for as long as
   its process wants the device, however often it has to let others go first.
2. Who holds a device lets somebody with a higher priority have it after the run that is under way. A run is never cut short, and
   equals do not take a device from each other. So the highest priority waits for one run at the most, but for rule 3.
3. Nobody starves. Who has waited for `ceiling_s` in one go is *starved*: it goes before everybody who is not (of the starved, who has
   waited longest), also before a holder of a higher priority, whose run is again not cut short. It then has the device for `turn_s`,
   during which nobody takes it away. After that, rule 2 holds for it as before. So nobody waits in one go for longer than the ceiling,
   one run, and a turn and a run for each starved request before it, beside what its equals have to do, which it lets them end; and the
   highest priority waits longer than a run only where it meets such a turn.
4. A request whose process has ended is none, and a person's hold on a device comes before every request.

Times of day are compared, as processes have no other clock in common. A clock that jumps ahead makes everybody starved at once, who
then come in the order in which they have waited; one that jumps back makes everybody wait longer. Nothing else depends on them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """What is asked for: the greater goes first."""

    NIGHTLY = 1
    GATE = 2
    AD_HOC = 3

    @property
    def words(self) -> str:
        """What people call it."""
        return self.name.lower().replace("_", " ")


class Standing(StrEnum):
    """Where a request is."""

    WAITING = "waiting"
    MEASURING = "measuring"
    ENDED = "ended"
    """Its process wants the device no more."""
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its process was gone, which another one found."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one may have to wait, and for how long it has the device then."""

    ceiling_s: float = 3600.0
    turn_s: float = 900.0
    courtesy_s: float = 30.0
    """For how long a free device is left to who goes first and does not take it: its process may be stopped, or build a harness. It is then
    passed over for twice as long, the next time for four times, and so on."""


@dataclass(frozen=True, slots=True)
class Request:
    """One process's wish for one device."""

    id: str
    place: str
    """Where the device hangs, as its devices.toml says: known before anybody has asked the device who it is."""
    device: str
    """What that devices.toml calls it."""
    device_id: str | None
    """Who it is by its own answers; None while nobody has asked it."""
    priority: Priority
    asked_at: datetime
    standing: Standing
    standing_at: datetime
    """Since when it stands so: a request that let another go first waits anew from then on."""
    waited_s: float
    """Of one that measures: how long it had waited in one go."""
    displaced: int
    """How often it let another go first."""
    process: str
    """Its process, by the name of the file that it has locked (farm.cli.members)."""
    pid: int
    user: str
    host: str
    command: str
    purpose: str
    cancelled_by: str | None = None

    def is_for(self, place: str, device_id: str | None) -> bool:
        """Whether it is for the device that hangs there, or is this one by its own answers."""
        return self.place == place or (device_id is not None and self.device_id == device_id)

    @property
    def words(self) -> str:
        """Who it is, for people."""
        since = f"{self.priority.words} since {self.asked_at:%Y-%m-%d %H:%M} UTC"
        return f"process {self.pid} of {self.user} on {self.host} ({since}): {self.command}"


def waits_s(request: Request, now: datetime) -> float:
    """Return how long a request that waits has waited in one go."""
    return (now - request.standing_at).total_seconds()


def is_starved(request: Request, now: datetime, limits: Limits) -> bool:
    """Whether it has waited for so long that it goes first."""
    return request.standing is Standing.WAITING and waits_s(request, now) >= limits.ceiling_s


def has_its_turn(holder: Request, now: datetime, limits: Limits) -> bool:
    """Whether it had starved, and has not yet had the device for as long as it may then have it."""
    was_starved = holder.standing is Standing.MEASURING and holder.waited_s >= limits.ceiling_s
    return was_starved and (now - holder.standing_at).total_seconds() < limits.turn_s


def in_line(requests: Iterable[Request], now: datetime, limits: Limits) -> list[Request]:
    """Return those that wait, who goes first before the others. The requests are of one device."""
    waiting = [request for request in requests if request.standing is Standing.WAITING and request.cancelled_by is None]
    return sorted(waiting, key=lambda request: _rank(request, now, limits))


def _rank(request: Request, now: datetime, limits: Limits) -> tuple[bool, int, datetime, str]:
    if is_starved(request, now, limits):
        return False, 0, request.standing_at, request.id
    return True, -request.priority, request.asked_at, request.id


def outranks(waiting: Request, holder: Request, now: datetime, limits: Limits) -> bool:
    """Whether the holder lets this one, which waits, have the device after its run."""
    if has_its_turn(holder, now, limits) or waiting.priority == holder.priority:
        return False
    return waiting.priority > holder.priority or is_starved(waiting, now, limits)


def gives_way(holder: Request, requests: Iterable[Request], now: datetime, limits: Limits) -> Request | None:
    """Return who has the device next when its holder lets go of it now; None: the holder keeps it."""
    line = in_line(requests, now, limits)
    return line[0] if any(outranks(waiting, holder, now, limits) for waiting in line) else None


def place_in_line(request: Request, requests: Sequence[Request], now: datetime, limits: Limits) -> int:
    """Return the place of one that waits, from 1: 1 is who goes first."""
    return 1 + [one.id for one in in_line(requests, now, limits)].index(request.id)


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "11th"."""
    teens = range(11, 14)
    ending = "th" if number % 100 in teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class Occupation(StrEnum):
    """What a device is used for now; how well it is, its health says."""

    IDLE = "idle"
    LEASED = "leased"
    COOLING = "cooling"
    CHARGING = "charging"
    HELD = "held"
    """A person holds it back."""


_SETTLING, _CHARGING = "settling: ", "charging: "


def occupation(phase: str) -> Occupation:
    """Return what a device in a phase of its session is used for: what it is waited for tells (farm.conditions, farm.settling)."""
    if phase.startswith(_CHARGING):
        return Occupation.CHARGING
    if not phase.startswith(_SETTLING):
        return Occupation.LEASED
    unmet = phase.removeprefix(_SETTLING)
    if unmet.startswith(("its skin is at", "its battery is at")) and " C, the limit" in unmet:
        return Occupation.COOLING
    if unmet.startswith("its battery is at") and ", the least is" in unmet:
        return Occupation.CHARGING
    return Occupation.LEASED
