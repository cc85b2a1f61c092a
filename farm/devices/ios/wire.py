"""What goes over the pipe between farm and the worker of a phone: one JSON object a line, either way.

-> {"id": 7, "do": "push", "path": ..., "name": ...}
<- {"id": 7, "sent": 4194304, "size": 9000000}       now and then
<- {"id": 7, "ok": 9000000}                          or "error", see error_line()
"""

import json
from collections.abc import Mapping
from typing import Any

from farm.errors import DeviceLost, DeviceNotReady, FarmError, InputError, MeasureError

_KINDS: dict[str, type[MeasureError]] = {"lost": DeviceLost, "not_ready": DeviceNotReady}
_INPUT = "input"


def line(message: Mapping[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def error_of(error: FarmError) -> dict[str, str | None]:
    """Return an error as the worker tells it."""
    kind = next((name for name, known in _KINDS.items() if isinstance(error, known)), _INPUT)
    error_class = error.error_class if isinstance(error, MeasureError) else None
    return {"kind": kind, "class": error_class, "message": error.message, "hint": error.hint}


def error_from(told: Mapping[str, str | None]) -> FarmError:
    """Return the error that the worker told of."""
    message, hint = str(told["message"]), told["hint"]
    if told["kind"] == _INPUT:
        return InputError(message, hint=hint)
    return _KINDS[str(told["kind"])](message, error_class=str(told["class"]), hint=hint)
