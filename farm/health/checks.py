"""One look at a device: each reading with its limit, whether it is kept, and one sentence.

What a device does not tell is not known, with the reason; that is no failure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from farm import conditions, units
from farm.canary import State
from farm.errors import FarmError, MeasureError
from farm.workloads import Device, DeviceKind, Identity, StateReading


class Name(StrEnum):
    """What is looked at, in the order in which it is told."""

    REACHABLE = "reachable"
    AUTHORISED = "authorised"
    USABLE = "usable"
    """That the box can be written to, the app runs, the developer image is mounted: what a session needs besides an answer."""
    STORAGE = "storage"
    BATTERY_LEVEL = "battery_level"
    BATTERY_HEALTH = "battery_health"
    TEMPERATURE = "temperature"
    CLOCK = "clock"
    SCREEN = "screen"
    OS_BUILD = "os_build"
    SOC = "soc"
    CANARY = "canary"

    @property
    def words(self) -> str:
        """The name for people."""
        return {Name.OS_BUILD: "OS build", Name.SOC: "SoC"}.get(self, self.value.replace("_", " "))


BLOCKING = frozenset({Name.REACHABLE, Name.AUTHORISED, Name.USABLE, Name.STORAGE, Name.SOC})
"""Without these there is nothing to measure, or on another thing than was meant. What else fails marks what is measured."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was read, held against its limit. ok None: it is not known, and the sentence says why."""

    name: Name
    ok: bool | None
    reading: str | None
    limit: str | None
    sentence: str
    is_new: bool = True
    """Whether it was read in this look; an old failure counts once, and stands in the way of passing until it is read anew."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a device that answers said of itself."""

    identity: Identity
    state: tuple[StateReading, ...]
    """With the reading clock_offset_ns among them, where it was asked for."""
    room_bytes: float | None
    room_reason: str = ""
    """Why its room is not known."""
    is_held: bool = True
    """Whether it was held steady meanwhile, as it is for a pass: else its screen may sleep."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of it before this look."""

    os_build: str | None = None
    """None: it was never seen before."""
    canary: tuple[str, str] | None = None
    """What its newest session of the fixed artifact came to: farm.canary.State, and in words; None: it was never measured."""
    canary_is_new: bool = True
    """Whether that session came after the last look."""


_AUTHORISED = frozenset({"not_authorised", "trust_pending", "trust_denied", "not_paired", "locked"})
_ABOUT = {"low_battery": Name.BATTERY_LEVEL, "device_full": Name.STORAGE}
_UNREACHED = frozenset({"no_adb_server", "no_usbmuxd", "no_identity"})


def unreached(error: FarmError) -> tuple[Check, ...]:
    """Return the checks of a device that cannot be used, by what it said: whether it was reached, and what stands in the way."""
    sentence = error.message if error.hint is None else f"{error.message} ({error.hint})"
    reached = Check(Name.REACHABLE, True, "answers", None, "it answers")
    error_class = error.error_class if isinstance(error, MeasureError) else ""
    lost = isinstance(error, MeasureError) and error.outcome.value == "device_lost"
    if lost or error_class in _UNREACHED or not error_class:
        return (Check(Name.REACHABLE, False, "no answer", None, sentence),)
    if error_class in _AUTHORISED:
        return (reached, Check(Name.AUTHORISED, False, error_class.replace("_", " "), None, sentence))
    authorised = Check(Name.AUTHORISED, True, "yes", None, "it lets this computer in")
    return (reached, authorised, Check(_ABOUT.get(error_class, Name.USABLE), False, error_class.replace("_", " "), None, sentence))


def of_seen(device: Device, seen: Seen, known: Known) -> tuple[Check, ...]:
    """Return every check of a device that answers."""
    return (
        Check(Name.REACHABLE, True, "answers", None, "it answers"),
        Check(Name.AUTHORISED, True, "yes", None, "it lets this computer in"),
        Check(Name.USABLE, True, "yes", None, "a session could begin"),
        _storage(device, seen),
        _battery_level(device, seen.state),
        _battery_health(device, seen.state),
        _temperature(device, seen.state),
        _clock(device, seen.state),
        _screen(device, seen),
        _os_build(seen.identity, known),
        _soc(device, seen.identity),
        of_canary(known),
    )


def _unknown(name: Name, why: str | None) -> Check:
    return Check(name, None, None, None, why or "it is not told")


def _storage(device: Device, seen: Seen) -> Check:
    if seen.room_bytes is None:
        return _unknown(Name.STORAGE, seen.room_reason)
    reading, least = units.show(seen.room_bytes, units.BYTES), units.show(device.health.min_free_bytes, units.BYTES)
    ok = seen.room_bytes >= device.health.min_free_bytes
    return Check(
        Name.STORAGE, ok, f"{reading} free", f"at least {least}", f"{reading} are free" + ("" if ok else f", the least is {least}")
    )


def _battery_level(device: Device, state: Sequence[StateReading]) -> Check:
    level = conditions.said(state, "battery_level_percent")
    if level.value is None:
        return _unknown(Name.BATTERY_LEVEL, level.reason)
    reading, charging = f"{level.value:.0f} %", device.health.charging
    bounds = f"{device.conditions.min_battery_ratio:.0%} to {device.conditions.max_battery_ratio:.0%}".replace("%", " %")
    if device.kind is DeviceKind.LOCAL:
        return Check(Name.BATTERY_LEVEL, None, reading, None, f"it is at {reading}, for which this machine has no limit")
    wrong = conditions.wrongly_charged(device.conditions, state)
    if wrong and charging is not None and level.value / 100 < charging.low_ratio and conditions.is_charged(state):
        words = f"it is at {reading} on its charger, and waited for until it is at {charging.high_ratio * 100:.0f} %"
        return Check(Name.BATTERY_LEVEL, True, reading, bounds, words)
    return Check(Name.BATTERY_LEVEL, not wrong, reading, bounds, "; ".join(wrong) or f"its battery is at {reading}")


def _battery_health(device: Device, state: Sequence[StateReading]) -> Check:
    """Three things, of which a phone tells some: the gauge's own word, what is left of the capacity, and the cycles."""
    word = conditions.said(state, "battery_health")
    full, design = (conditions.said(state, f"battery_{name}_charge_uah").value for name in ("full", "design"))
    cycles = conditions.said(state, "battery_cycle_count").value
    told, wrong, limits = [], [], []
    if word.text is not None:
        told.append(word.text)
        wrong += [f"its battery says that it is {word.text}"] if word.text != "good" else []
    if full is not None and design is not None and design > 0:
        share, least = full / design, device.health.min_battery_capacity_ratio
        told.append(f"holds {share * 100:.0f} % of its design")
        limits.append(f"at least {least * 100:g} % of its design")
        wrong += [f"its battery holds {share * 100:.0f} % of what it was made for, the least is {least * 100:g} %"] if share < least else []
    if cycles is not None:
        most = device.health.max_battery_cycles
        told.append(f"{cycles:.0f} cycles")
        if most is not None:
            limits.append(f"at most {most} cycles")
            wrong += [f"its battery has had {cycles:.0f} cycles, the most is {most}"] if cycles > most else []
    if not told:
        return _unknown(Name.BATTERY_HEALTH, word.reason)
    reading = ", ".join(told)
    return Check(Name.BATTERY_HEALTH, not wrong, reading, ", ".join(limits) or None, "; ".join(wrong) or f"its battery: {reading}")


def _temperature(device: Device, state: Sequence[StateReading]) -> Check:
    if device.kind is DeviceKind.LOCAL:
        return _unknown(Name.TEMPERATURE, "this machine has no limit")
    what, warmth = conditions.warmth(state)
    if warmth.value is None:
        return _unknown(Name.TEMPERATURE, warmth.reason)
    limit_c = device.health.max_temperature_c
    ok, reading = warmth.value <= limit_c, f"{warmth.value:.1f} C"
    sentence = f"{what} is at {reading}" + ("" if ok else f", the limit of a phone that does nothing is {limit_c:g} C")
    return Check(Name.TEMPERATURE, ok, reading, f"at most {limit_c:g} C", sentence)


def _clock(device: Device, state: Sequence[StateReading]) -> Check:
    offset = conditions.said(state, "clock_offset_ns")
    if offset.value is None:
        return _unknown(Name.CLOCK, offset.reason)
    offset_s, limit_s = offset.value / 1e9, device.health.max_clock_offset_s
    ok, way = abs(offset_s) <= limit_s, "ahead of" if offset_s > 0 else "behind"
    reading, limit = f"{offset_s:+.3f} s", f"at most {limit_s:g} s"
    sentence = f"its clock is {abs(offset_s):.3f} s {way} this host's" if offset.value else "its clock is this host's"
    return Check(Name.CLOCK, ok, reading, limit, sentence + ("" if ok else f", the limit is {limit_s:g} s"))


def _screen(device: Device, seen: Seen) -> Check:
    if device.kind is DeviceKind.LOCAL:
        return _unknown(Name.SCREEN, "this machine's screen says nothing")
    if device.kind is DeviceKind.IOS:
        bright, most = conditions.said(seen.state, "brightness_ratio"), f"at most {device.conditions.max_brightness_ratio * 100:g} % bright"
        if bright.value is None:
            return _unknown(Name.SCREEN, bright.reason)
        wrong, reading = conditions.too_bright(device.conditions, seen.state), f"{bright.value * 100:.0f} % bright"
        return Check(Name.SCREEN, not wrong, reading, most, "; ".join(wrong) or f"its screen is {reading}")
    word = conditions.said(seen.state, "wakefulness")
    if word.text is None:
        return _unknown(Name.SCREEN, word.reason)
    asleep = conditions.asleep(seen.state)
    if asleep and not seen.is_held:
        return Check(Name.SCREEN, None, word.text, "awake", f"it is {word.text}, and a session wakes it")
    return Check(Name.SCREEN, not asleep, word.text, "awake", f"it is {word.text}" + (", and cannot be woken" if asleep else ""))


def _os_build(identity: Identity, known: Known) -> Check:
    now = identity.os_build
    if known.os_build is None:
        return Check(Name.OS_BUILD, True, now, None, f"it is seen for the first time, with {now}")
    if known.os_build == now:
        return Check(Name.OS_BUILD, True, now, known.os_build, "its OS build is the one that it had before")
    return Check(Name.OS_BUILD, True, now, known.os_build, f"its OS build has changed: it was {known.os_build}, it is {now}")


def os_change(checks: Sequence[Check]) -> tuple[str, str] | None:
    """Return the OS build that a device had before and the one that it has now, where that is another; no failure, but worth a line."""
    found = next((check for check in checks if check.name is Name.OS_BUILD), None)
    if found is None or found.limit is None or found.reading is None or found.limit == found.reading:
        return None
    return found.limit, found.reading


def _soc(device: Device, identity: Identity) -> Check:
    """Hold its chip against the pattern that is stated, else against its label: a trade name, which need not be what a device calls it."""
    found, label = identity.soc, device.labels.get("soc")
    wanted = device.soc or label
    if found is None:
        return _unknown(Name.SOC, "it does not say which chip it has")
    if wanted is None:
        return Check(Name.SOC, None, found, None, f'it has {found}; soc = "..." in devices.toml says what it should have')
    if _is_soc(found, wanted):
        return Check(Name.SOC, True, found, wanted, f"it has {found}")
    if device.soc is None and device.kind is not DeviceKind.IOS:
        return Check(Name.SOC, None, found, wanted, f'it has {found}, labelled {wanted}; soc = "{found.split()[-1]}" has it checked')
    return Check(
        Name.SOC, False, found, wanted, f"it has {found}, and should have {wanted}: it is another device, or devices.toml is wrong"
    )


def _is_soc(found: str, wanted: str) -> bool:
    """Whether a chip is meant: by a pattern of its whole name, or of the name less the maker's, in any case."""
    return any(fnmatchcase(name.casefold(), wanted.casefold()) for name in (found, found.partition(" ")[2]) if name)


def of_canary(known: Known) -> Check:
    """Return what the newest session of the fixed artifact says."""
    if known.canary is None:
        return _unknown(Name.CANARY, "it was never measured: farm canary --calibrate tells its band")
    state, words = known.canary
    if state == State.UNKNOWN:
        return _unknown(Name.CANARY, words)
    return Check(Name.CANARY, state != State.SUSPECT, state, "within its band", words, known.canary_is_new)
