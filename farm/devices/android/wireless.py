"""Switching a phone between its cable and Wi-Fi, so that its power can be measured off its charger."""

import time
from collections.abc import Callable
from dataclasses import replace

from farm.devices.android.adb import Adb
from farm.devices.android.device import AndroidTransport
from farm.devices.android.link import server_of
from farm.devices.android.server import Server
from farm.devices.readers import network
from farm.errors import DeviceLost, DeviceNotReady, MeasureError
from farm.workloads import Device

_ANSWER_S = 30.0
_PAUSE_S = 0.5


def to_wifi(device: Device, port: int, answer_s: float = _ANSWER_S) -> str:
    """Have a device's adbd listen on Wi-Fi, connect to it, see that it is the same device, and return its `address:port`.

    Raises DeviceNotReady with what is in the way: it is on no Wi-Fi, its adbd refuses, or the adb server's host cannot reach it.
    """
    transport = AndroidTransport(device)
    transport.preflight()
    identity = transport.identify()
    adb = transport.adb()
    found = network.wifi_address(adb.shell("ip -o -f inet addr").out)
    if found.text is None:
        raise DeviceNotReady(f"{device.name} is on no Wi-Fi: {found.reason}", error_class="no_wifi", hint="join the adb server's network")
    address = f"{found.text}:{port}"
    adb.restart(f"tcpip:{port}")
    server = server_of(device)
    _until(lambda: _connected(server, address), f"{device.name} did not answer at {address}", answer_s)
    over_wifi = AndroidTransport(replace(device, serial=address, match=None, wireless=None))
    if over_wifi.identify().id != identity.id:
        server.disconnect(address)
        raise DeviceNotReady(f"at {address} answers another device than {device.name}", error_class="other_device")
    return address


def to_usb(device: Device, address: str, answer_s: float = _ANSWER_S) -> None:
    """Have a device's adbd leave Wi-Fi for its cable again, and the adb server forget its address.

    Raises DeviceNotReady when it does not come back by its cable.
    """
    server = server_of(device)
    if not _connected(server, address):
        raise DeviceNotReady(
            f"{device.name} does not answer at {address}", error_class="not_listed", hint="farm devices wireless NAME first"
        )
    Adb(server, address, device.name).restart("usb:")
    server.disconnect(address)
    cable = AndroidTransport(replace(device, wireless=None), reconnect_s=0)
    _until(lambda: _answers(cable), f"{device.name} did not come back by its cable", answer_s)


def _connected(server: Server, address: str) -> bool:
    try:
        server.connect(address)
    except DeviceLost:
        return False  # the server's own words; whether it is there, the list says
    return any(one.serial == address and one.state == "device" for one in server.devices())


def _answers(transport: AndroidTransport) -> bool:
    try:
        transport.preflight()
    except MeasureError:
        return False
    return True


def _until(is_so: Callable[[], bool], otherwise: str, seconds: float) -> None:
    deadline_s = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline_s:
            raise DeviceNotReady(
                f"{otherwise} within {seconds:g} s", error_class="no_answer", hint="the adb server's host must be on its network"
            )
        time.sleep(_PAUSE_S)
