"""Who has a device, for controllers on other hosts: a lease in the device's box, which ends by itself without a sign of life."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from farm.devices.transport import Holder
from farm.errors import DeviceBusy, FarmError

Claim = Callable[[Holder, float], str | None]
"""Takes or renews the lease in a box for so many seconds; returns the words of who else holds it."""


@dataclass(slots=True)
class Lease:
    """A controller's lease of the device called name. Nothing is renewed before it is taken."""

    name: str
    seconds: float = 240.0
    holder: Holder | None = None
    renewed_s: float = 0.0
    """Monotonic."""

    def take(self, holder: Holder) -> None:
        """Have the next renew() take the device."""
        self.holder = holder
        self.renewed_s = -self.seconds

    def give_up(self) -> Holder | None:
        """Have no later renew() renew it; return who had it, whose lease in the box is then to be ended."""
        holder, self.holder = self.holder, None
        return holder

    def renew(self, claim: Claim) -> None:
        """Renew it when a quarter of its time has passed. Raises DeviceBusy when another host has taken the device."""
        if self.holder is None or time.monotonic() - self.renewed_s < self.seconds / 4:
            return
        other = claim(self.holder, self.seconds)
        if other is not None:
            raise DeviceBusy(
                f"{self.name} is held by {other}",
                hint=f"wait until that has ended; when its host is dead, its lease ends {self.seconds:.0f} s after its last sign of life",
            )
        self.renewed_s = time.monotonic()

    @contextmanager
    def renewing(self, claim: Claim) -> Iterator[None]:
        """Renew it now and then beside what takes long: a big file on a slow link, or its hash on a slow device.

        When it cannot be renewed, the next renew() finds that out.
        """
        ended = Event()

        def renew() -> None:
            while not ended.wait(self.seconds / 8):
                with suppress(FarmError):
                    self.renew(claim)

        thread = Thread(target=renew, name=f"lease of {self.name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
