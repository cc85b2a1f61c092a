"""The side that orders: speaking to the hosts of a cluster through its scheduler."""

import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, overload

from distributed import Client
from distributed.comm import CommClosedError

from farm.cluster import calls, settings
from farm.cluster.address import Address
from farm.cluster.files import CHUNK_BYTES
from farm.cluster.keys import Keys
from farm.cluster.probe import knock
from farm.errors import FarmError, HostAway, InputError, StoreError

log = logging.getLogger(__name__)

Answered = TypeVar("Answered")
_TIMEOUT = "10s"
_LOOK_AGAIN_S = 1.0
_BROKEN = (OSError, TimeoutError, CommClosedError, RuntimeError)
"""What a call ends with when its link breaks: distributed has no one name for it."""


@dataclass(slots=True)
class Link:
    """A connection to a scheduler; made anew when it breaks."""

    address: Address
    keys: Keys | None
    client: Any = None
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """Tells this process from others that send the same."""
    _lock: Lock = field(default_factory=Lock)
    _looked_s: float = float("-inf")
    _hosts: dict[str, str] = field(default_factory=dict)
    _greeted: set[str] = field(default_factory=set)
    _sending: defaultdict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock))

    def open(self) -> None:
        """Connect. Raises HostAway when no scheduler answers, InputError when the keys are not the right ones."""
        settings.apply()
        knock(self.address, self.keys)
        try:
            self.client = Client(
                str(self.address), security=settings.security(self.address, self.keys), timeout=_TIMEOUT, set_as_default=False, name="farm"
            )
        except _BROKEN as error:
            raise HostAway(f"no scheduler answers at {self.address}: {error}", hint="start one there: farm cluster scheduler") from error

    def close(self) -> None:
        """End the connection."""
        if self.client is not None:
            with suppress(*_BROKEN):
                self.client.close(timeout=_LOOK_AGAIN_S)
            self.client = None

    def hosts(self) -> Mapping[str, str]:
        """Return the hosts that are connected, each with its worker's address. Raises HostAway without a scheduler."""
        with self._lock:
            if time.monotonic() - self._looked_s > _LOOK_AGAIN_S:
                self._look()
            return self._hosts

    def _look(self) -> None:
        if self.client is None or self.client.status == "closed":
            self.close()
            self.open()
        try:
            workers = self.client.scheduler_info(n_workers=-1)["workers"]
        except _BROKEN as error:
            raise HostAway(f"the scheduler at {self.address} does not answer: {error}") from error
        self._hosts = {str(facts["name"]): address for address, facts in workers.items()}
        self._looked_s = time.monotonic()

    def worker(self, host: str) -> str:
        """Return the address of a host's worker. Raises HostAway."""
        found = self.hosts().get(host)
        if found is None:
            raise HostAway(f"{host} is not connected to {self.address}", hint=f"on {host}: farm cluster worker --name {host}")
        return found

    @overload
    def call(self, host: str, function: Callable[..., Coroutine[Any, Any, Answered]], *arguments: object) -> Answered: ...

    @overload
    def call(self, host: str, function: Callable[..., Answered], *arguments: object) -> Answered: ...

    def call(self, host: str, function: Callable[..., Any], *arguments: object) -> Any:
        """Return what a function of farm.cluster.calls says on a host, from any thread. Raises HostAway when it cannot be asked."""
        address = self.worker(host)
        try:
            answers: dict[str, Any] = self.client.run(function, *arguments, workers=[address])
            return answers[address]
        except _BROKEN as error:
            self._looked_s = float("-inf")
            log.debug("%s: %s: %s", host, type(error).__name__, error)
            raise HostAway(f"{host} does not answer") from error
        except KeyError as error:  # it has gone since
            raise HostAway(f"{host} is gone") from error

    def greet(self, host: str, farm_version: str) -> None:
        """Raise InputError when another version of farm runs on a host: neither would understand the other. Asked once of each worker."""
        worker = self.worker(host)
        if worker in self._greeted:
            return
        found = self.call(host, calls.hello)
        if found.farm_version != farm_version:
            raise InputError(
                f"{host} runs farm {found.farm_version}, and this is {farm_version}", hint="install the same version on every host"
            )
        self._greeted.add(worker)

    def submit(self, function: Callable[[Any], Answered], argument: object, device: str) -> Any:  # noqa: ANN401 - distributed's Future
        """Have a task done where a device hangs, as soon as nobody else has it there."""
        key = f"{function.__name__}-{device}-{secrets.token_hex(8)}"
        try:
            return self.client.submit(function, argument, key=key, resources={f"device:{device}": 1}, pure=False)
        except _BROKEN as error:
            raise HostAway(f"the scheduler at {self.address} does not answer: {error}") from error

    def send(self, host: str, files: Mapping[str, Path], on_bytes: Callable[[str, int, int], None]) -> int:
        """Send a host the files that it lacks, by their hashes, each once whoever sends it; return how many bytes were sent."""
        sent = 0
        for sha256 in self.call(host, calls.lacking, list(files)):
            with self._sending[host, sha256]:
                if self.call(host, calls.lacking, [sha256]):
                    sent += self._send(host, sha256, files[sha256], on_bytes)
        return sent

    def _send(self, host: str, sha256: str, path: Path, on_bytes: Callable[[str, int, int], None]) -> int:
        try:
            size, offset = path.stat().st_size, 0
            with path.open("rb") as file:
                while True:
                    chunk = file.read(CHUNK_BYTES)
                    last = offset + len(chunk) >= size
                    self.call(host, calls.take, sha256, self.token, offset, chunk, last)
                    offset += len(chunk)
                    on_bytes(path.name, offset, size)
                    if last or not chunk:
                        return offset
        except FarmError:
            raise
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from error
