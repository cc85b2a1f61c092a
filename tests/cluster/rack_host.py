"""farm cluster worker on a host with simulated phones: `python -m tests.cluster.rack_host SCHEDULER NAME`.

All of it is the command's own, but for what a device is: the fake harness in a process of its own, under an identity of its own.
"""

import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from farm.cli.cluster import serve_worker
from farm.cli.context import Context, say
from farm.cli.hosted import Here
from farm.devices import Transport
from farm.devices.local import LocalTransport
from farm.errors import FarmError
from farm.workloads import Conditions, Device, Identity

DATA = Path(".farm")
CHANGED = "changed"
"""The file of a phone's box that stands for settings which have to be put back."""


@dataclass(slots=True)
class SimulatedPhone(LocalTransport):
    """One of many on one machine."""

    name: str = ""

    def identify(self) -> Identity:
        """Return this machine under the phone's own identity."""
        return replace(LocalTransport.identify(self), id=f"simulated-{self.name}", model="simulated")

    def prepare(self, conditions: Conditions) -> None:
        """Change something that has to be put back."""
        (self.box / CHANGED).touch()

    def restore(self) -> None:
        """Put it back."""
        (self.box / CHANGED).unlink(missing_ok=True)


def connect(device: Device, data: Path) -> Transport:
    """Return a simulated phone."""
    assert device.host is None, "a host's own devices hang here"
    return SimulatedPhone(box=data / "box" / device.name, name=device.name)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("farm").setLevel(logging.INFO)
    try:
        serve_worker(Context(DATA, None), sys.argv[1], sys.argv[2], None, Here(DATA, connect))
    except FarmError as failure:
        say(failure.message)
        sys.exit(failure.exit_code)
