"""Holding a device for something else than measuring: against controllers on this host and on others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from farm.cli.context import owner

if TYPE_CHECKING:
    from farm.devices import Transport
    from farm.workloads import Device


@contextmanager
def held(device: "Device", transport: "Transport", device_id: str) -> Iterator[None]:
    """Hold a device that answers. Raises DeviceBusy, naming who has it, when it is not free."""
    from farm import leases
    from farm.devices import Holder

    holder = owner()
    with leases.hold(device_id, device.name, holder, leases.runtime_folder()):
        transport.claim(Holder(leases.host_mark(), holder.words))
        try:
            yield
        except KeyboardInterrupt:
            transport.interrupt()
            raise
        finally:
            transport.release()
