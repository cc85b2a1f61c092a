"""Devices: how each is reached, and what it says of itself."""

from pathlib import Path

from farm.devices.transport import Holder, Transport
from farm.errors import InputError
from farm.workloads import Device, DeviceKind

__all__ = ["Holder", "Transport", "connect"]


def connect(device: Device, data: Path) -> Transport:
    """Return the transport of device; data is the data folder, where the local device keeps its box.

    Raises InputError for a device that hangs on another host of the cluster.
    """
    if device.host is not None:
        raise InputError(
            f"{device.name} hangs on {device.host}, not on this host",
            hint=f"farm run measures it through the cluster; for anything else, give the command on {device.host}",
        )
    match device.kind:
        case DeviceKind.LOCAL:
            from farm.devices.local import LocalTransport

            return LocalTransport(box=data / "box" / "local")
        case DeviceKind.ANDROID:
            from farm.devices.android.device import AndroidTransport

            return AndroidTransport(device)
        case DeviceKind.IOS:
            from farm.devices.ios.device import IosTransport

            return IosTransport(device)
