"""Holding a device for something else than measuring: against controllers on this host and on others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from farm.cli.context import Context, owner
from farm.errors import DeviceHeld

if TYPE_CHECKING:
    from farm.cli.board import Hold
    from farm.devices import Transport
    from farm.workloads import Device


@contextmanager
def kin(context: Context) -> Iterator[None]:
    """Be known in the data folder as a process that may hold devices: sessions of the same folder then wait for these, and do not fail."""
    from farm.cli.sharing import joined

    member = joined(context.writable_data())
    try:
        yield
    finally:
        member.leave()


def refuse_held_back(context: Context, device: "Device") -> None:
    """Raise DeviceHeld when a person keeps a device back."""
    if (hold := held_back(context, device)) is not None:
        raise DeviceHeld(hold.words, hint=f"farm devices unhold {device.name}")


def held_back(context: Context, device: "Device") -> "Hold | None":
    """Return a person's hold on a device; None where there is none. Raises StoreBusy and StoreError."""
    from farm.cli.board import holds_of

    rows = context.store().query("held_devices").to_dicts() if context.database.exists() else []
    return next((one for one in holds_of(rows) if one.is_on(device.name, device.place)), None)


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
