"""One run of the harness app: its folder in the box, its process, and what the phone reports of its end."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

from farm.devices.ios import app
from farm.devices.ios.phone import Phone
from farm.devices.readers import reports
from farm.devices.readers.reports import Ended
from farm.devices.transport import Collected, Handle, Status
from farm.errors import DeviceLost, DeviceNotReady, HarnessFailed
from farm.workloads import RESULT, run_folder

log = logging.getLogger(__name__)

_STARTED_S = 10.0
IN_FRONT = "wake its screen and close what lies over it: the app begins when it is in front"
_LOOK_S = 0.05
_SLICE_S = 0.5
"""So long a wait may go on after an interrupt."""
_REPORT_LOOK_S = 0.25
_SIGNAL_BASE = 128
_CLOCK_SLACK_S = 2.0


def begin(phone: Phone, nonce: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Handle:
    """Start the app on a run and return when it has begun; one that has begun already is taken up."""
    if (handle := begun(phone, nonce)) is not None:
        return handle
    note = {"launched_s": phone.now_s(), "boot_id": phone.boot_id(), "arguments": list(arguments)}
    phone.write(f"{run_folder(nonce)}/{app.LAUNCHED}", json.dumps(note))
    pid = phone.launch(arguments, environment)
    log.debug("%s: the app runs as process %d", phone.worker.name, pid)
    deadline_s = time.monotonic() + _STARTED_S
    while (handle := begun(phone, nonce)) is None:
        if time.monotonic() > deadline_s:
            message = f"{phone.worker.name}'s harness app was started and did not begin in {_STARTED_S:g} s"
            raise DeviceNotReady(message, error_class="not_started", hint=IN_FRONT)
        time.sleep(_LOOK_S)
    return handle


def begun(phone: Phone, nonce: str) -> Handle | None:
    """Return the run that the app says it has begun, with the start of the phone that it was launched in; None before that."""
    text = phone.tail(f"{run_folder(nonce)}/{app.STARTED}")
    if text is None:
        return None
    try:
        pid = int(json.loads(text)["pid"])
    except (ValueError, KeyError, TypeError) as error:
        message = f"{phone.worker.name}'s harness app does not say as which process it began"
        raise DeviceNotReady(message, error_class="not_started") from error
    return Handle(nonce, pid, str(_note(phone, nonce).get("boot_id")))


def status(phone: Phone, executable: str, handle: Handle, report_s: float) -> Status:
    """Return where a run is. Of a process that is gone without its exit code, a report is waited for so long.

    Raises DeviceLost when the phone restarted since it began.
    """
    same_boot = str(phone.boot_id()) == handle.started
    if same_boot and phone.runs(handle.pid, executable):
        return Status.RUNNING
    left = phone.names(run_folder(handle.nonce))
    if app.EXIT in left:
        return Status.ENDED
    if not same_boot:
        raise DeviceLost(f"{phone.worker.name} restarted during the run", error_class="rebooted")
    if app.STARTED not in left or app.STOPPED in left:
        return Status.VANISHED
    return Status.ENDED if reported(phone, executable, handle, report_s) is not None else Status.VANISHED


def waited(phone: Phone, executable: str, handle: Handle, timeout_s: float, interrupted: Event) -> bool:
    """Return whether a run's process has ended, as soon as it has, or after timeout_s, or when interrupted."""
    deadline_s = time.monotonic() + timeout_s
    try:
        while not interrupted.is_set():
            left_s = deadline_s - time.monotonic()
            if phone.ended(handle.pid, executable, max(0.0, min(left_s, _SLICE_S)), ask=left_s <= _SLICE_S):
                return True
            if left_s <= _SLICE_S:
                return False
    except DeviceNotReady:
        if str(phone.boot_id()) == handle.started:
            raise
        return True  # a phone that restarted offers no developer services until their image is mounted
    return False


def collected(phone: Phone, executable: str, handle: Handle) -> Collected:
    """Return what a run left. Raises HarnessFailed for a process that took too much memory."""
    run = run_folder(handle.nonce)
    result = phone.text(f"{run}/{RESULT}", f"{run}/{RESULT}.partial")
    code = phone.tail(f"{run}/{app.EXIT}")
    ended = None if code is not None else reported(phone, executable, handle, 0)
    if ended is not None and ended.out_of_memory:
        raise HarnessFailed(
            f"iOS ended the harness for want of memory: {ended.words}",
            error_class="out_of_memory",
            hint="a smaller model, or the app with the increased-memory-limit entitlement",
        )
    number = reports.signal_number(ended.signal) if ended is not None else None
    exit_code = None if number is None else _SIGNAL_BASE + number
    if code is not None and code.strip().isdigit():
        exit_code = int(code)
    return Collected(result, phone.tail(f"{run}/{app.LOG}") or "", exit_code)


def end(phone: Phone, executable: str, handle: Handle) -> None:
    """End a run's process, when it is still the one that was started."""
    run = run_folder(handle.nonce)
    if app.STARTED in phone.names(run):
        phone.write(f"{run}/{app.STOPPED}", "")
    if str(phone.boot_id()) == handle.started:
        phone.kill(handle.pid, executable)


def reported(phone: Phone, executable: str, handle: Handle, patience_s: float) -> Ended | None:
    """Return what a report of the phone's says of a process's end, waited for so long. Older reports are of other processes."""
    note = _note(phone, handle.nonce)
    if "launched_s" not in note:
        return None
    deadline_s = time.monotonic() + patience_s
    while True:
        found = phone.reports([f"{executable}-", "JetsamEvent-"], note["launched_s"] - _CLOCK_SLACK_S)
        ended = reports.of_process(found, handle.pid)
        if ended is not None or time.monotonic() > deadline_s:
            return ended
        time.sleep(_REPORT_LOOK_S)


def _note(phone: Phone, nonce: str) -> dict[str, Any]:
    """Return what was written down of a start; empty when there is nothing."""
    text = phone.tail(f"{run_folder(nonce)}/{app.LAUNCHED}")
    return json.loads(text) if text else {}
