"""One run of the harness on an Android device: its folder in the box, its launcher, and what it left."""

import hashlib
import io
import time
from collections.abc import Sequence

from farm.devices.android.box import Box
from farm.devices.readers import proc
from farm.devices.transport import Collected, Handle, Status, Watch
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import RESULT, HarnessBuild, run_folder

RESULT_BYTES = 1024 * 1024 * 1024
"""The most that is copied of a result, or of any other file of the box."""
_STARTED_BYTES = 64 * 1024
_EXIT_BYTES = 16
_LOOK_S = 0.05


def harness_folder(harness: HarnessBuild) -> str:
    """Return where in the box a harness's files lie."""
    return f"harness/{hashlib.sha256(f'{harness.target} {harness.runtime} {harness.source_hash}'.encode()).hexdigest()[:16]}"


def command(harness: HarnessBuild) -> list[str]:
    """Return the words that start a harness in the box."""
    folder = harness_folder(harness)
    return [f"{folder}/{word.removeprefix('./')}" if word.startswith("./") else word for word in harness.command]


def begin(box: Box, nonce: str, program: Sequence[str], watch: Watch | None) -> Handle:
    """Start a program in a session of its own, and what notes beside it; one that has begun already is taken up."""
    if (handle := begun(box, nonce)) is not None:
        return handle
    watched = [] if watch is None else [f"{watch.period_s:.3f}", *watch.what]
    handle = _handle(nonce, box.call("start", [run_folder(nonce), str(len(watched)), *watched, *program]).out)
    if handle is None:
        raise DeviceNotReady(f"{box.adb.name} did not start the harness's launcher", error_class="not_started")
    return handle


def begun(box: Box, nonce: str) -> Handle | None:
    """Return the run that its launcher says it has begun; None before that."""
    there = io.BytesIO()
    return (
        _handle(nonce, there.getvalue().decode(errors="replace"))
        if box.pull(f"{run_folder(nonce)}/started", there, _STARTED_BYTES)
        else None
    )


def status(box: Box, handle: Handle) -> Status:
    """Return where a run is. Raises DeviceLost when the device restarted since it began."""
    boot_id, exit_code, mark = _looked_at(box, handle)
    if exit_code != "none":
        return Status.ENDED
    if handle.started.partition(" ")[0] != boot_id:
        raise DeviceLost(f"{box.adb.name} restarted during the run", error_class="rebooted")
    return Status.RUNNING if mark == handle.started else Status.VANISHED


def end(box: Box, handle: Handle, within_s: float) -> None:
    """Kill the launcher's process group, when it is still the one that was started. Raises DeviceNotReady when it outlives that."""
    deadline_s = time.monotonic() + within_s
    while _looked_at(box, handle)[2] == handle.started:
        if time.monotonic() > deadline_s:
            raise DeviceNotReady(f"the harness on {box.adb.name} does not end", error_class="not_stopped", hint="restart it")
        box.call("stop", [str(handle.pid)])
        time.sleep(_LOOK_S)


def collected(box: Box, nonce: str) -> Collected:
    """Return the result (or what there is of it), the end of the log and the exit code."""
    folder, content, code = run_folder(nonce), io.BytesIO(), io.BytesIO()
    there = any(box.pull(f"{folder}/{name}", content, RESULT_BYTES) for name in (RESULT, f"{RESULT}.partial"))
    box.pull(f"{folder}/exit", code, _EXIT_BYTES)
    exit_text = code.getvalue().decode(errors="replace").strip()
    return Collected(
        result=content.getvalue().decode(errors="replace") if there else None,
        log=box.call("log", [folder]).out,
        exit_code=int(exit_text) if exit_text.isdigit() else None,
    )


def _looked_at(box: Box, handle: Handle) -> tuple[str, str, str | None]:
    """Return the boot's id, the exit code or "none", and the mark of the process that has the launcher's number now."""
    boot_id, exit_code, *stat = box.call("poll", [run_folder(handle.nonce), str(handle.pid)]).out.splitlines()
    return boot_id, exit_code, _mark(boot_id, "\n".join(stat))


def _handle(nonce: str, text: str) -> Handle | None:
    """Read what the launcher wrote of itself: its pid, the boot's id, and its /proc/PID/stat; None when that tells no process."""
    pid, boot_id, stat = (*text.splitlines(), "", "", "")[:3]
    mark = _mark(boot_id, stat)
    return Handle(nonce, int(pid), mark) if pid.isdigit() and mark is not None else None


def _mark(boot_id: str, stat: str) -> str | None:
    """Return what tells a process from all others: the boot, and when in it the process began; None when there is none."""
    began = proc.start_mark(stat)
    return None if began is None else f"{boot_id} {began}"
