"""What is held steady on a phone while it is measured: what it was is noted in the box before anything is changed.

So whoever reaches the phone next, from any host, can put it back, also after a controller was killed.
"""

import io
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from farm.devices.android.box import Box
from farm.devices.readers import errors, framework
from farm.devices.readers.reading import Reading, absent
from farm.workloads import Conditions

log = logging.getLogger(__name__)

_NOTE = "put-back.json"
_NOTE_BYTES = 64 * 1024
_NOT_SET = "not set"
_TAKES_EFFECT_S, _LOOK_AGAIN_S = 3.0, 0.1

Note = dict[str, str | None]
"""What each thing was before it was changed, by its name; None: not set at all."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting (android.provider.Settings), and the value to hold it at."""

    name: str
    namespace: str
    key: str
    value: str
    is_seen: bool = True
    """Whether look() sees a change; what it does not see is believed to the phone."""

    def takes(self, value: str | None) -> bool:
        """Whether it can be set to this."""
        return value is None or isinstance(value, str)

    def look(self, box: Box) -> Reading:
        """Return how it reads; "not set" is the reason of one that is not set, which can be put back by taking it out again."""
        return framework.setting(box.call("get", [self.namespace, self.key]).out, self.key)

    def put(self, box: Box, value: str | None) -> Reading:
        """Set it, or take it out; read back."""
        said = box.call("unset", [self.namespace, self.key]) if value is None else box.call("put", [self.namespace, self.key, value])
        after = self.look(box)
        if _reads(after, value):
            return after
        return absent(self.name, "settings", f"it cannot be set: {errors.why(said.out, f'it reads {after.text or after.reason}')}")


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that a service of the framework switches by a command of its own: box.sh knows it by its name."""

    name: str
    value: str
    command: str
    """What switches it, for people."""
    words: Mapping[str, str]
    """What box.sh is told to bring about each value."""
    read: Callable[[str], Reading]
    """How it is now, by what `box.sh look` says."""
    is_seen: bool = True

    def takes(self, value: str | None) -> bool:
        """Whether it can be switched to this."""
        return value in self.words

    def look(self, box: Box) -> Reading:
        """Return how it is; where the phone does not show it, how it is when nobody has switched it."""
        return self.read(box.call("look", [self.name]).out)

    def put(self, box: Box, value: str | None) -> Reading:
        """Switch it; read back where the phone shows it."""
        said, _, code = box.call("switch", [self.name, self.words[value or self.value]]).out.rpartition("exit ")
        if code.strip() != "0":
            return absent(self.name, self.command, f"it cannot be set: {errors.why(said, 'the phone refused')}")
        if not self.is_seen:
            return Reading(self.name, text=value, source=self.command)
        deadline_s = time.monotonic() + _TAKES_EFFECT_S
        while not _reads(after := self.look(box), value) and time.monotonic() < deadline_s:
            time.sleep(_LOOK_AGAIN_S)
        if _reads(after, value):
            return after
        return absent(self.name, after.source, f"it cannot be set: it reads {after.text or after.reason}")


Steady = Setting | Switch


def _fixed_performance(_said: str) -> Reading:
    """Android has no way to ask; a phone that nobody has switched is off."""
    return Reading("fixed_performance", text="off", source="cmd power")


def _background_dexopt(help_text: str) -> Reading:
    """Only a phone whose `cmd package help` has these options: older ones take them for packages to compile at once."""
    if "bg-dexopt-job [--cancel | --disable | --enable]" in help_text:
        return Reading("background_dexopt", text="on", source="cmd package")
    return absent("background_dexopt", "cmd package", errors.why(help_text, "this version of Android has no command to stop it"))


def _screen(power: str) -> Reading:
    """Asleep, dozing and dreaming are one: which of them a phone that is put to sleep becomes, it decides itself."""
    found = framework.wakefulness(power)
    return found if found.text in (None, "awake") else replace(found, text="asleep")


_SCREEN = Switch("screen", "awake", "input keyevent", {"awake": "WAKEUP", "asleep": "SLEEP"}, _screen)
_BACKGROUND_DEXOPT = Switch(
    "background_dexopt", "off", "cmd package", {"off": "--disable", "on": "--enable"}, _background_dexopt, is_seen=False
)
_AIRPLANE_MODE = Switch("airplane_mode", "on", "cmd connectivity", {"on": "enable", "off": "disable"}, framework.airplane_mode)
_FIXED_PERFORMANCE = Switch("fixed_performance", "on", "cmd power", {"on": "true", "off": "false"}, _fixed_performance, is_seen=False)
# The screen stays on at one low brightness: a phone that dozes or adapts to the light computes at another speed.
_ALWAYS: tuple[Steady, ...] = (
    Setting("stay_awake", "global", "stay_on_while_plugged_in", "7"),  # on any of AC, USB and wireless power
    Setting("screen_timeout", "system", "screen_off_timeout", "2147483647"),  # milliseconds, the most there is: where it is unplugged
    Setting("brightness_mode", "system", "screen_brightness_mode", "0"),  # by hand
    Setting("brightness", "system", "screen_brightness", "20"),  # of 255
    Setting("battery_saver", "global", "low_power", "0"),
    _BACKGROUND_DEXOPT,
    _SCREEN,
)
_BY_NAME = {thing.name: thing for thing in (*_ALWAYS, _AIRPLANE_MODE, _FIXED_PERFORMANCE)}


def wanted(conditions: Conditions, *, link_needs_radio: bool) -> tuple[Steady, ...]:
    """Return what is to be held under conditions. Radios stay on where the phone is reached over one."""
    airplane = (_AIRPLANE_MODE,) if conditions.airplane_mode and not link_needs_radio else ()
    return (*_ALWAYS, *airplane, *((_FIXED_PERFORMANCE,) if conditions.fixed_performance else ()))


def hold(box: Box, things: Sequence[Steady]) -> tuple[Reading, ...]:
    """Set what is to be steady and return how each thing is then; one that the phone does not let a shell set has a reason.

    What an earlier controller noted, and nobody could put back since, stays noted as it was noted then.
    """
    earlier = _noted(box) or {}
    before = {thing.name: thing.look(box) for thing in things}
    note = {name: reading.text for name, reading in before.items() if reading.text is not None or reading.reason == _NOT_SET} | earlier
    _write(box, note)
    after = {thing.name: _held(box, thing, before[thing.name]) if thing.name in note else before[thing.name] for thing in things}
    refused = [thing for thing in things if thing.name in note and after[thing.name].text is None]
    unchanged = {thing.name for thing in refused if not thing.is_seen or _reads(thing.look(box), note[thing.name])}
    if unchanged:
        _write(box, {name: value for name, value in note.items() if name not in unchanged})
    return tuple(
        Reading(f"{name}_setting", text=reading.text, source=reading.source, reason=reading.reason) for name, reading in after.items()
    )


def _held(box: Box, thing: Steady, before: Reading) -> Reading:
    """Set what is not as it should be already; what cannot be seen is set in any case."""
    return before if thing.is_seen and _reads(before, thing.value) else thing.put(box, thing.value)


def put_back(box: Box) -> None:
    """Put back what is noted, and forget each thing that is as it was; what cannot be put back stays noted.

    What nobody can see, and the phone refuses to switch, nobody has switched: it is forgotten too.
    """
    note = _noted(box)
    if note is None:
        return
    left = {}
    for name, value in note.items():
        thing = _BY_NAME[name]
        if thing.is_seen and _reads(thing.look(box), value):
            continue
        after = thing.put(box, value)
        if thing.is_seen and not _reads(after, value):
            left[name] = after.reason
    if not left:
        box.call("remove", [_NOTE])
        return
    log.warning("%s: not everything could be put back: %s", box.adb.name, "; ".join(f"{name}: {why}" for name, why in left.items()))
    if left.keys() != note.keys():
        _write(box, {name: note[name] for name in left})


def _reads(reading: Reading, value: str | None) -> bool:
    """Whether it reads as value; None is a setting that is not set, which is another thing than one that cannot be read."""
    return reading.text == value and (value is not None or reading.reason == _NOT_SET)


def _write(box: Box, note: Note) -> None:
    box.write(_NOTE, json.dumps(note).encode())


def _noted(box: Box) -> Note | None:
    """Return the note of what to put back, None when there is none or it cannot be read."""
    content = io.BytesIO()
    if not box.pull(_NOTE, content, _NOTE_BYTES):
        return None
    try:
        return {name: value for name, value in json.loads(content.getvalue()).items() if name in _BY_NAME and _BY_NAME[name].takes(value)}
    except (ValueError, AttributeError):
        log.warning("%s: the note of what to put back cannot be read", box.adb.name)
        return None
