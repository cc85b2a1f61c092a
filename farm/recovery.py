"""Bringing back a device that does not answer: one rung of its ladder after the other, until it answers or none is left."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO

from farm.devices.transport import Transport
from farm.errors import FarmError, MeasureError
from farm.health import Step, Tried, next_rung, unreached
from farm.workloads import Device, Rung

_OUTPUT_BYTES = 4000
_LOOK_S = 1.0
_ANSWERS_S = {Rung.RECONNECT: 6.0, Rung.ADB_SERVER: 20.0, Rung.REBOOT: 5.0, Rung.POWER_CYCLE: 30.0}
"""How long a device is waited for after each: the adb server lists a phone some seconds after its link is there."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps a rung from disturbing others."""

    hold: Callable[[], AbstractContextManager[None]]
    """Holds the device meanwhile. Raises FarmError when somebody else holds it, or nobody can know."""
    beside: Callable[[], str | None]
    """Returns why the adb server must not be ended, such as who holds another device of it; None: it may."""
    on_step: Callable[[Step], None] = lambda _: None
    stop: Event = field(default_factory=Event)
    """Set when whoever asked wants no more: what goes on comes to its end, and no further rung is tried."""


class _NotTriedError(Exception):
    """Why a rung was passed over."""


def climb(
    device: Device, transport: Transport, error: FarmError, probe: Callable[[], FarmError | None], guard: Guard
) -> tuple[list[Step], FarmError | None]:
    """Try what the device's ladder has, and return the steps and what is still in the way: None when it answers again.

    error is what was in the way at first; probe asks the device again.
    """
    steps: list[Step] = []
    still: FarmError | None = error
    while not guard.stop.is_set() and still is not None and (rung := next_rung(device, unreached(still), steps)) is not None:
        began_s = time.monotonic()
        tried, sentence, output = _tried(rung, device, transport, guard)
        if tried is not Tried.NOT_TRIED:
            still = _answer(probe, transport, _ANSWERS_S[rung], guard.stop)
            if still is None:
                sentence += "; it answers all the same" if tried is Tried.FAILED else ""
                tried = Tried.HELPED
            elif tried is Tried.NO_USE:
                sentence = f"{sentence}, and then: {still.message}"
        steps.append(Step(rung, tried, sentence, time.monotonic() - began_s, output))
        guard.on_step(steps[-1])
    return steps, still


def _answer(probe: Callable[[], FarmError | None], transport: Transport, seconds: float, stop: Event) -> FarmError | None:
    """Return what is in the way when a device has been asked for so long; None as soon as it answers.

    Its link is made anew each time: an adb server forgets a device on the network that did not answer once.
    """
    deadline_s = time.monotonic() + seconds
    while (error := probe()) is not None and time.monotonic() < deadline_s and not stop.wait(_LOOK_S):
        with suppress(MeasureError):  # the next probe says what is in the way
            transport.reconnect()
    return error


def _tried(rung: Rung, device: Device, transport: Transport, guard: Guard) -> tuple[Tried, str, str]:
    """Do what a rung says; return how far it came (NO_USE: to its end), one sentence, and a command's output."""
    output = ""
    try:
        match rung:
            case Rung.RECONNECT:
                sentence = transport.reconnect()
            case Rung.ADB_SERVER:
                sentence = _adb_server(device, guard)
            case Rung.REBOOT:
                with _held(guard):
                    transport.restart(device.health.reboot_timeout_s)
                sentence = "it was restarted"
            case Rung.POWER_CYCLE:
                with _held(guard):
                    ended, sentence, output = _power_cycle(device)
                return (Tried.NO_USE if ended else Tried.FAILED), sentence, output
    except _NotTriedError as reason:
        return Tried.NOT_TRIED, str(reason), output
    except FarmError as error:
        return Tried.FAILED, error.message, output
    return Tried.NO_USE, sentence, output


@contextmanager
def _held(guard: Guard) -> Iterator[None]:
    """Hold the device, and turn a refusal into a rung that is not tried."""
    with ExitStack() as stack:
        try:
            stack.enter_context(guard.hold())
        except FarmError as error:
            raise _NotTriedError(error.message) from error
        yield


def _adb_server(device: Device, guard: Guard) -> str:
    from farm.devices.android.link import server_of
    from farm.devices.android.server import start_anew

    if not device.owns_adb_server:
        raise _NotTriedError('its adb server is not farm\'s own: adb_server = "own" in devices.toml says so')
    if (reason := guard.beside()) is not None:
        raise _NotTriedError(reason)
    server = server_of(device)
    hung = start_anew(server)
    words = "" if hung is None else f"hung and was ended (process {hung}), and "
    return f"the adb server at {server.address} {words}was started anew"


def _power_cycle(device: Device) -> tuple[bool, str, str]:
    """Run the user's command, without a shell; return whether it ended well, one sentence, and the end of what it said."""
    if not device.power_cycle:
        raise _NotTriedError('devices.toml states no command: power_cycle = "uhubctl -l 1-1 -p 2 -a cycle"')
    program, timeout_s = Path(device.power_cycle[0]).name, device.health.power_cycle_timeout_s
    with tempfile.TemporaryFile() as words:  # not a pipe: what the command leaves running must not be waited for
        try:
            process = subprocess.Popen(device.power_cycle, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True)
        except OSError as error:
            return False, f"{program} cannot be started: {error.strerror}", ""
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False, f"{program} had not ended after {timeout_s:g} s and was ended", _end_of(words)
        output = _end_of(words)
    if code != 0:
        return False, f"{program} ended with exit code {code}", output
    return True, f"the power of its port was switched off and on by {program}", output


def _end_of(words: IO[bytes]) -> str:
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - _OUTPUT_BYTES))
    return words.read().decode(errors="replace")
