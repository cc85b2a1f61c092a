"""The machine itself as a device: everything works with no phone attached."""

import hashlib
import json
import logging
import os
import platform
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from farm.devices import files, local_state
from farm.devices.readers import proc
from farm.devices.transport import Collected, Handle, Holder, Status, Watch
from farm.errors import DeviceNotReady, HarnessFailed, InputError
from farm.workloads import BOX_FULL, RESULT, Conditions, DeviceKind, HarnessBuild, Identity, StateReading, run_folder

log = logging.getLogger(__name__)

# Fixed text: what is started comes as arguments, never as part of the line. $1 is the run folder.
# It waits until it is noted who runs there: a controller that is killed before leaves nothing that runs on unknown to all.
_LAUNCH = 'run=$1; shift; read -r noted || exit; "$@" </dev/null; code=$?; echo "$code" >"$run/exit.tmp" && mv "$run/exit.tmp" "$run/exit"'
_HANDLE = "handle.json"
_INTERRUPT_LOOK_S = 0.25
_STOP_S = 5.0
_STOP_LOOK_S = 0.02
_LOG_BYTES = 64 * 1024
_FULL_BYTES = 64 * 1024
_RESULT_BYTES = 1024 * 1024 * 1024


@dataclass(slots=True)
class LocalTransport:
    """This machine; its box is a folder of the data folder."""

    box: Path
    stop_s: float = _STOP_S
    """How long a harness that is killed may take to be gone."""
    _harness: HarnessBuild | None = None
    _children: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    _interrupted: Event = field(default_factory=Event)

    def identify(self) -> Identity:
        """Return this machine, known by its machine-id (hashed: it is meant to stay private, see machine-id(5))."""
        name, mark = local_state.machine_mark()
        uname = platform.uname()
        return Identity(
            id=f"local-{hashlib.sha256(f'farm {name} {mark}'.encode()).hexdigest()[:16]}",
            kind=DeviceKind.LOCAL,
            model=uname.node,
            soc=proc.cpu_model(local_state.text("/proc/cpuinfo")),
            os_build=f"{proc.os_name(local_state.text('/etc/os-release')) or uname.system} ({uname.release})",
            architecture=uname.machine,
            cpu_count=os.cpu_count() or 1,
            memory_bytes=proc.memory_bytes(local_state.text("/proc/meminfo"), "MemTotal"),
            kernel=uname.release,
        )

    def preflight(self) -> None:
        """Raise InputError when the box cannot be written to, DeviceNotReady off Linux."""
        if platform.system() != "Linux":
            raise DeviceNotReady("local is not a Linux machine, and the harness is built for Linux", error_class="unsupported_host")
        try:
            (self.box / "runs").mkdir(parents=True, exist_ok=True)
            (self.box / "files").mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                f"the data folder's {self.box} cannot be written to: {error.strerror}", hint="give another one with --data"
            ) from error

    def claim(self, holder: Holder) -> None:
        """Nothing more: no other host can reach this machine's box."""

    def release(self) -> None:
        """Nothing was claimed."""

    def holder(self) -> Holder | None:
        """Return None: no other host can hold this machine."""
        return None

    def own_harness(self, runtime: str) -> HarnessBuild | None:
        """Return None: this machine runs what was built for it."""
        return None

    def install(self, harness: HarnessBuild) -> None:
        """Run the harness where it was built."""
        self._harness = harness

    def push(self, file: Path, name: str, on_bytes: Callable[[int, int], None] | None = None, *, sha256: str | None = None) -> int:
        """Copy file into the box, checked by its SHA-256; a copy of these bytes that is there already is kept."""
        target = self.box / name
        wanted = sha256 or files.sha256(file)
        if target.is_file() and files.sha256(target) == wanted:
            target.touch()  # used now: the last to go when room is made
            return 0
        partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
        files.sha256(file, wanted)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, partial)
            if files.sha256(partial) != wanted:
                raise DeviceNotReady(f"{file.name} changed while it was copied into the box", error_class="push_corrupt")
            partial.replace(target)
        except OSError as error:
            raise DeviceNotReady(f"{file.name} cannot be copied into the box: {error.strerror}", error_class="push_failed") from error
        finally:
            partial.unlink(missing_ok=True)
        return target.stat().st_size

    def start(self, arguments: Sequence[str], nonce: str, watch: Watch | None = None) -> Handle:
        """Start the harness in a session of its own, its output in the run folder's `log`."""
        if watch is not None:  # what this machine has is read by the harness's sampler
            raise DeviceNotReady(f"{', '.join(watch.what)} cannot be watched on the local machine", error_class="no_power_source")
        assert self._harness is not None, "install() comes before start()"
        folder = self.box / run_folder(nonce)
        try:
            folder.mkdir(parents=True)
            output = (folder / "log").open("wb")
        except OSError as error:
            raise self._unwritable(error) from error
        executable, *rest = self._harness.command
        program = [str((self._harness.folder / executable).resolve()), *rest, *arguments]
        log.debug("local: start %s", program)
        with output:
            child = subprocess.Popen(
                ["/bin/sh", "-c", _LAUNCH, "farm-launch", str(folder.resolve()), *program],
                cwd=self.box,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._children[child.pid] = child
        handle = Handle(nonce, child.pid, local_state.process_start(child.pid) or "")
        assert child.stdin is not None
        with child.stdin as launcher:
            try:
                (folder / _HANDLE).write_text(json.dumps(asdict(handle)), encoding="utf-8")
            except OSError as error:
                raise self._unwritable(error) from error
            launcher.write(b"noted\n")
        return handle

    def _unwritable(self, error: OSError) -> DeviceNotReady:
        return DeviceNotReady(f"the box {self.box} cannot be written to: {error.strerror}", error_class="box_unwritable")

    def poll(self, handle: Handle) -> Status:
        """Return where the harness is, by its exit file and its process."""
        running = self._is_there(handle)
        if (self.box / run_folder(handle.nonce) / "exit").exists():
            return Status.ENDED
        return Status.RUNNING if running else Status.VANISHED

    def _is_there(self, handle: Handle) -> bool:
        child = self._children.get(handle.pid)
        if child is not None:
            child.poll()  # reaps it, so that it does not linger as a zombie
        return local_state.process_start(handle.pid) == handle.started != ""

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        """Return where the harness is when it has ended, or after timeout_s. The kernel says when it ends (pidfd_open(2)): nobody asks."""
        deadline_s = time.monotonic() + timeout_s
        try:
            ended = [os.pidfd_open(handle.pid)]
        except ProcessLookupError:
            return self.poll(handle)
        except OSError:  # a kernel before 5.3, or a container that forbids the call: it is looked at now and then
            ended = []
        try:
            while (status := self.poll(handle)) is Status.RUNNING and (left_s := deadline_s - time.monotonic()) > 0:
                over, _, _ = select.select(ended, [], [], min(_INTERRUPT_LOOK_S, left_s))
                if over or self._interrupted.is_set():
                    return self.poll(handle)
        finally:
            for descriptor in ended:
                os.close(descriptor)
        return status

    def interrupt(self) -> None:
        """Have wait() return at once."""
        self._interrupted.set()

    def collect(self, handle: Handle) -> Collected:
        """Return the result (or what there is of it), the end of the log and the exit code."""
        folder = self.box / run_folder(handle.nonce)
        exit_text = local_state.text(folder / "exit").strip()
        result = next((path for path in (folder / RESULT, folder / f"{RESULT}.partial") if path.is_file()), None)
        if result is not None and result.stat().st_size > _RESULT_BYTES:
            raise HarnessFailed(f"the harness wrote a result of over {_RESULT_BYTES >> 30} GiB", error_class="garbage")
        return Collected(
            result=None if result is None else result.read_text(encoding="utf-8", errors="replace"),
            log=_tail(folder / "log"),
            exit_code=int(exit_text) if exit_text.isdigit() else None,
        )

    def stop(self, handle: Handle) -> None:
        """Kill the harness's process group and wait until it is gone. Raises DeviceNotReady when it outlives that."""
        if local_state.process_start(handle.pid) == handle.started:
            with suppress(ProcessLookupError):
                os.killpg(handle.pid, signal.SIGKILL)
        deadline_s = time.monotonic() + self.stop_s
        while self._is_there(handle):
            if time.monotonic() > deadline_s:
                raise DeviceNotReady(
                    "the harness on this machine does not end", error_class="not_stopped", hint=f"end process {handle.pid}"
                )
            time.sleep(_STOP_LOOK_S)
        self._children.pop(handle.pid, None)

    def pull(self, name: str, file: Path) -> bool:
        """Copy the box's file called name to file."""
        source = self.box / name
        if not source.is_file():
            return False
        shutil.copyfile(source, file)
        return True

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        """Return load, memory, clock speed, temperature, battery; what a machine lacks comes with the reason."""
        return local_state.vitals(phase)

    def clock(self, now_utc: Callable[[], datetime]) -> tuple[StateReading, ...]:
        """Nothing lies between: device and host are one machine, with one clock."""
        names = ("clock_offset_ns", "clock_offset_uncertainty_ns")
        return tuple(StateReading(name, "before", value=0.0, source="this machine's own clock") for name in names)

    def power_texts(self) -> Mapping[str, str]:
        """Return the processor's energy counters, each under `counter` and its zone's folder and name."""
        return local_state.energy_counters()

    def prepare(self, conditions: Conditions) -> None:
        """Nothing is set on the local machine: its owner's settings are recorded, not changed."""

    def settings(self) -> tuple[StateReading, ...]:
        """Return nothing: nothing is ever set here."""
        return ()

    def restore(self) -> None:
        """End what a killed controller left running, and remove its run folders; nothing else is ever changed here."""
        for folder in (self.box / "runs").glob("*"):
            log.info("local: a harness was left running or uncollected by an earlier controller; it is removed")
            with suppress(OSError, ValueError, TypeError):  # there is no note, or not all of it: then the harness never began
                self.stop(Handle(**json.loads((folder / _HANDLE).read_text(encoding="utf-8"))))
            shutil.rmtree(folder, ignore_errors=True)

    def clean(self, handle: Handle) -> None:
        """Remove the run folder; the launcher, which has nothing left to do, is waited for."""
        child = self._children.pop(handle.pid, None)
        if child is not None:
            child.wait(timeout=_STOP_S)
        shutil.rmtree(self.box / run_folder(handle.nonce), ignore_errors=True)

    def room_bytes(self) -> int:
        """Return the free bytes of the data folder's file system."""
        return shutil.disk_usage(self.box).free

    def reconnect(self) -> str:
        """Nothing lies between."""
        return "no link lies between farm and the machine that it runs on"

    def restart(self, timeout_s: float) -> None:
        """Refuse: this machine is the controller, too."""
        raise DeviceNotReady("farm does not restart the machine that it runs on", error_class="not_restarted")

    def shrink(self, keep_bytes: int) -> int:
        """Remove the copies of models and inputs that were used longest ago until keep_bytes are left."""
        found = [(path.stat(), path) for path in (self.box / "files").glob("*") if path.is_file()]
        left = sum(status.st_size for status, _ in found)
        removed = 0
        for status, path in sorted(found, key=lambda pair: pair[0].st_mtime):
            if left - removed > keep_bytes:
                path.unlink()
                removed += status.st_size
        return removed

    def diagnose(self, handle: Handle) -> str:
        """Return whether the box's disk is full: neither result nor log nor exit code can be written then."""
        return BOX_FULL if shutil.disk_usage(self.box).free < _FULL_BYTES else ""


def _tail(path: Path) -> str:
    """Return the end of a log; a harness that fills it is not read whole."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LOG_BYTES))
        return file.read().decode(errors="replace")
