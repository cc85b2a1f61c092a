"""The way to one iPhone: a link that drops is waited for, and a lease that is held is renewed before each request."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from farm.devices.ios.phone import Phone
from farm.devices.lease import Lease
from farm.errors import DeviceLost, DeviceNotReady

log = logging.getLogger(__name__)

T = TypeVar("T")

_RETRY_S = 1.0


@dataclass(slots=True)
class Link:
    """The way to one iPhone through its worker."""

    phone: Phone
    lease: Lease
    reconnect_s: float
    """How long a phone that went away is waited for."""
    interrupted: Event = field(default_factory=Event)
    """Set: the controller is being stopped, and nothing is waited for any more."""

    @property
    def name(self) -> str:
        """What the lab calls the phone."""
        return self.phone.worker.name

    def pause(self) -> None:
        """Wait a moment before the next try; not when interrupted."""
        self.interrupted.wait(_RETRY_S)

    def patiently(self, work: Callable[[], T], wait_s: float | None = None) -> T:
        """Do work on the phone; when the link is lost, do it anew until the wait is over. Everything can be done twice.

        The first link that broke says little even when there is nothing to wait for: it may be one that was kept, and ended long ago.
        """
        deadline_s = time.monotonic() + (self.reconnect_s if wait_s is None else wait_s)
        kept = True
        while True:
            try:
                self.lease.renew(self.phone.claim)
                return work()
            except DeviceNotReady as error:  # usbmuxd under systemd ends with its last phone, and is started again with the next (-z)
                if error.error_class != "no_usbmuxd" or self.interrupted.is_set() or time.monotonic() > deadline_s:
                    raise
                log.info("%s; trying again", error.message)
            except DeviceLost as error:
                if error.error_class == "rebooted":
                    raise
                kept, may_be_old = False, kept and error.error_class == "link_lost"
                if self.interrupted.is_set() or (time.monotonic() > deadline_s and not may_be_old):
                    words = error.message.removeprefix(f"{self.name}: ")
                    raise DeviceLost(f"{self.name} is gone: {words}", error_class=error.error_class, hint=error.hint) from error
                log.info("%s; trying again", error.message)
            self.pause()
