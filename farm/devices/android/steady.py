"""Settings of a phone that are held steady while it is measured: what they were is noted in its box before anything is changed.

So whoever reaches the phone next, from any host, can put them back, also after a controller was killed.
"""

import io
import json
import logging
from dataclasses import dataclass

from farm.devices.android.box import Box
from farm.devices.readers import errors, framework
from farm.devices.readers.reading import Reading, absent

log = logging.getLogger(__name__)

_NOTE = "put-back.json"
_NOTE_BYTES = 64 * 1024
_NOT_SET = "not set"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting (android.provider.Settings), and the value to hold it at."""

    name: str
    namespace: str
    key: str
    value: str


# The screen stays on at one low brightness: a phone that dozes or adapts to the light computes at another speed.
STEADY = (
    Setting("stay_awake", "global", "stay_on_while_plugged_in", "7"),  # on any of AC, USB and wireless power
    Setting("brightness_mode", "system", "screen_brightness_mode", "0"),  # by hand
    Setting("brightness", "system", "screen_brightness", "20"),  # of 255
)


def hold(box: Box) -> tuple[Reading, ...]:
    """Set what is to be steady and return how each setting reads then; one that the phone does not let a shell set has a reason."""
    before = {setting: _get(box, setting) for setting in STEADY}
    note = [[setting.namespace, setting.key, reading.text] for setting, reading in before.items() if _is_known(reading)]
    box.write(_NOTE, json.dumps(note).encode())
    return tuple(_held(box, setting, reading) for setting, reading in before.items())


def put_back(box: Box) -> None:
    """Put back what is noted, and forget the note once every setting reads as it was."""
    note = io.BytesIO()
    if not box.pull(_NOTE, note, _NOTE_BYTES):
        return
    try:
        noted = [(str(namespace), str(key), None if value is None else str(value)) for namespace, key, value in json.loads(note.getvalue())]
    except (ValueError, TypeError):
        log.warning("%s: the note of what to put back cannot be read and is left where it is", box.adb.serial)
        return
    left = []
    for namespace, key, value in noted:
        setting = Setting(key, namespace, key, value or "")
        if _get(box, setting).text == value:
            continue
        said = box.call("unset", [namespace, key]) if value is None else box.call("put", [namespace, key, value])
        if _get(box, setting).text != value:
            left.append(f"{key}: {errors.why(said.out, 'it reads otherwise')}")
    if left:
        log.warning("%s: not everything could be put back: %s", box.adb.serial, "; ".join(left))
        return
    box.call("remove", [_NOTE])


def _held(box: Box, setting: Setting, before: Reading) -> Reading:
    name = f"{setting.name}_setting"
    if not _is_known(before):
        return absent(name, "settings", before.reason or "it cannot be read, so it is not changed")
    said = box.call("put", [setting.namespace, setting.key, setting.value])
    after = _get(box, setting)
    if after.text == setting.value:
        return Reading(name, text=after.text, source="settings")
    return absent(name, "settings", f"it cannot be set: {errors.why(said.out, f'it reads {after.text or after.reason}')}")


def _is_known(before: Reading) -> bool:
    """Whether it can be put back: a setting that is not set can, by taking it out again."""
    return before.text is not None or before.reason == _NOT_SET


def _get(box: Box, setting: Setting) -> Reading:
    return framework.setting(box.call("get", [setting.namespace, setting.key]).out, setting.key)
