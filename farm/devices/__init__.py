"""Devices: how each is reached, and what it says of itself."""

from pathlib import Path

from farm.devices.transport import Holder, Transport
from farm.errors import DeviceUnknown
from farm.workloads import Device, DeviceKind

__all__ = ["Holder", "Transport", "connect"]


def connect(device: Device, data: Path) -> Transport:
    """Return the transport of device; data is the data folder, where the local device keeps its box.

    Raises DeviceUnknown for a kind that this farm cannot drive.
    """
    match device.kind:
        case DeviceKind.LOCAL:
            from farm.devices.local import LocalTransport

            return LocalTransport(box=data / "box" / "local")
        case DeviceKind.ANDROID:
            from farm.devices.android.device import AndroidTransport

            return AndroidTransport(device)
        case DeviceKind.IOS:
            raise DeviceUnknown(
                f"{device.name} is an {device.kind} device, and this version of farm drives the local machine and Android devices",
                hint="farm run --device local MODEL measures on this machine",
            )
