"""The worker process of one phone, seen from farm: started when it is needed, killed and replaced when it hangs or dies."""

import contextlib
import json
import logging
import os
import selectors
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from farm.devices.ios import wire
from farm.errors import DeviceLost, DeviceNotReady

log = logging.getLogger(__name__)

_START_S = 60.0
_GOODBYE_S = 3.0
_WORDS_BYTES = 2000
_MISSING = "No module named 'pymobiledevice3"


@dataclass(frozen=True, slots=True)
class Address:
    """Which phone a worker is for, and where it hangs."""

    udid: str
    usbmux: str | None
    """host:port or the path of a socket; None: this machine's own usbmuxd."""
    bundle: str
    """The harness app's identifier."""

    def command(self) -> list[str]:
        """Return the command that starts the worker: the library looks into the environment for the usbmuxd."""
        variable = "USBMUXD_SOCKET_ADDRESS"
        chosen = ["-u", variable] if self.usbmux is None else [f"{variable}={self.usbmux}"]
        path = f"PYTHONPATH={os.pathsep.join(each for each in sys.path if each)}"
        return ["/usr/bin/env", *chosen, path, sys.executable, "-P", "-m", "farm.devices.ios.worker", self.udid, self.bundle]


@dataclass(slots=True)
class _Process:
    process: subprocess.Popen[bytes]
    words: IO[bytes]
    """What it says on stderr."""
    received: bytearray = field(default_factory=bytearray)


class Worker:
    """Requests to the worker of a phone. Each ends by a deadline of its own; one that does not costs the worker its life."""

    def __init__(self, address: Address, name: str) -> None:
        self.address, self.name = address, name
        self._process: _Process | None = None
        self._number = 0
        self._end: Callable[[], object] = lambda: None

    @property
    def pid(self) -> int | None:
        """The id of the worker's process, while there is one."""
        return None if self._process is None else self._process.process.pid

    def call(
        self, what: str, arguments: Mapping[str, object], timeout_s: float, on_bytes: Callable[[int, int], None] | None = None
    ) -> object:
        """Have the worker do something and return what it answers, a JSON value.

        Raises what the worker tells, and DeviceLost when it does not answer in time or dies.
        """
        running = self._running()
        self._number += 1
        log.debug("%s: %s %s", self.name, what, arguments)
        assert running.process.stdin is not None
        try:
            running.process.stdin.write(wire.line({"id": self._number, "do": what, **arguments}))
            running.process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        deadline_s = time.monotonic() + timeout_s
        while True:
            answer = self._answer(running, deadline_s, what)
            if answer.get("id") != self._number:
                continue  # of a call that an interrupt broke off
            if "sent" in answer:
                if on_bytes is not None:
                    on_bytes(answer["sent"], answer["size"])
                continue
            if "error" in answer:
                raise wire.error_from(answer["error"])
            return answer["ok"]

    def close(self) -> None:
        """End the worker; a later call starts another."""
        self._process = None
        self._end()
        self._end = lambda: None

    def _running(self) -> _Process:
        """Return the worker, started when there is none."""
        if self._process is not None and self._process.process.poll() is None:
            return self._process
        self.close()
        words = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        process = subprocess.Popen(
            self.address.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, bufsize=0, start_new_session=True
        )
        self._process = _Process(process, words)
        self._end = weakref.finalize(self, _ended, process, words)  # also when farm ends
        answer = self._answer(self._process, time.monotonic() + _START_S, "start")
        log.debug("%s: worker %d is ready: %s", self.name, process.pid, answer)
        return self._process

    def _answer(self, running: _Process, deadline_s: float, what: str) -> dict[str, Any]:
        """Return the next line that the worker says."""
        assert running.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(running.process.stdout, selectors.EVENT_READ)
            while b"\n" not in running.received:
                if not selector.select(max(0.0, deadline_s - time.monotonic())):
                    running.process.kill()
                    self.close()
                    raise DeviceLost(f"{self.name}'s worker did not answer to {what} in time and was ended", error_class="worker_hung")
                part = os.read(running.process.stdout.fileno(), 1 << 20)
                if not part:
                    raise self._died()
                running.received += part
        end = running.received.index(b"\n")
        text = bytes(running.received[:end])
        del running.received[: end + 1]
        answer = json.loads(text)
        assert isinstance(answer, dict)
        return answer

    def _died(self) -> DeviceLost | DeviceNotReady:
        """Return the error of a worker that is gone, with its last words."""
        assert self._process is not None
        words = self._process.words
        words.seek(0, os.SEEK_END)
        words.seek(max(0, words.tell() - _WORDS_BYTES))
        said = words.read().decode(errors="replace").strip()
        self.close()
        if _MISSING in said:
            return DeviceNotReady(
                f"{self.name} cannot be reached: pymobiledevice3 is not installed",
                error_class="no_pymobiledevice3",
                hint="pip install 'phonefarm[ios]'",
            )
        log.debug("%s: the worker's last words: %s", self.name, said)
        last = f": {said.splitlines()[-1]}" if said else ""
        return DeviceLost(f"{self.name}'s worker died{last}", error_class="worker_died")


def _ended(process: subprocess.Popen[bytes], words: IO[bytes]) -> None:
    """End a worker: it goes when its input ends; one that does not is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    try:
        process.wait(timeout=_GOODBYE_S if process.poll() is None else 0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    words.close()
