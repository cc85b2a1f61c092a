"""Where a device hangs: which of an adb server's devices is the one that the lab describes, and whether it still is."""

import logging
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from farm.devices.android.adb import Adb
from farm.devices.android.box import Box
from farm.devices.android.server import DEFAULT_ADDRESS, Listed, Server
from farm.devices.android.wire import LAST_ANSWER_S, Interruption
from farm.errors import DeviceLost, DeviceNotReady, InputError
from farm.workloads import Device

log = logging.getLogger(__name__)

_LIST_S = 10.0

# adb's states (adb/adb.h of AOSP), and what there is to do about each.
_REMEDIES = {
    "offline": "plug it in again, or adb reconnect",
    "unauthorized": "unlock it and allow this computer in the dialog it shows",
    "authorizing": "unlock it and allow this computer in the dialog it shows",
    "no permissions": "give the adb server's user the right to its USB device (udev rules of android-sdk-platform-tools-common)",
    "recovery": "restart it: adb reboot",
    "sideload": "restart it: adb reboot",
    "bootloader": "restart it: fastboot reboot",
}


@dataclass(slots=True)
class Link:
    """The way to one device through its adb server."""

    device: Device
    interruption: Interruption = field(default_factory=Interruption)
    _box: Box | None = None
    _serialno: str | None = None
    """The serial number of the one that answered first (ro.serialno; "" where it says none): another one in its place is refused."""

    @property
    def was_reached(self) -> bool:
        """Whether the device has answered before."""
        return self._serialno is not None

    def box(self) -> Box:
        """Return the box of the device that the lab describes. Raises DeviceNotReady unless exactly one such is ready."""
        server = server_of(self.device)
        listed = self.listed(server)
        wanted = f"serial {self.device.serial}" if self.device.serial else f"product or model {self.device.match}"
        if len(listed) > 1:
            raise InputError(
                f"{len(listed)} devices with the {wanted} hang on {server.address}: {', '.join(one.serial for one in listed)}",
                hint=f"state the serial of the one that is {self.device.name}; two devices with one serial need two adb servers",
            )
        if not listed:
            raise DeviceLost(f"no device with the {wanted} hangs on {server.address}", error_class="not_listed")
        (one,) = listed
        if one.state == "offline":
            raise DeviceLost(f"{self.device.name} is offline", error_class="offline")
        if one.state != "device":
            raise DeviceNotReady(f"{self.device.name} is {one.state}", error_class="not_authorised", hint=_REMEDIES.get(one.state))
        if self._box is None or self._box.adb.serial != one.serial:
            self._box = Box(self._recognised(Adb(server, one.serial, self.device.name, self.interruption)))
        return self._box

    def listed(self, server: Server) -> list[Listed]:
        """Return the listed devices that are meant. One that can be reached by cable and over Wi-Fi is taken by its cable."""
        wireless = self.device.wireless
        timeout_s = LAST_ANSWER_S if self.interruption.is_set else _LIST_S
        listed = server.devices(timeout_s)
        if wireless is not None and not any(_is_meant(one, self.device) or one.serial == wireless for one in listed):
            server.connect(wireless)
            listed = server.devices(timeout_s)
        by_cable = [one for one in listed if one.serial != wireless and _is_meant(one, self.device)]
        over_wifi = [one for one in listed if one.serial == wireless]
        ready = [one for one in by_cable if one.state == "device"]
        return ready or [one for one in over_wifi if one.state == "device"] or by_cable or over_wifi

    def _recognised(self, adb: Adb) -> Adb:
        """Return adb when it leads to the device that is meant. Raises InputError: an address on a network passes from one to another."""
        said = adb.shell("getprop ro.serialno; getprop ro.product.name; getprop ro.product.model").out.splitlines()
        serialno, product, model = (*said, "", "", "")[:3]
        meant = Listed(self.device.serial or "", "device", product.replace(" ", "_"), model.replace(" ", "_"))
        over_wifi = adb.serial == self.device.wireless
        is_another = over_wifi and (self.device.serial not in (None, serialno) or not _is_meant(meant, self.device))
        if is_another or self._serialno not in (None, serialno):
            raise InputError(
                f"at {adb.serial} answers another device than {self.device.name}: {model or 'an unknown model'}, "
                f"serial number {serialno or 'unknown'}",
                hint="farm devices wireless tells the address that a device has now",
            )
        self._serialno = serialno
        return adb

    def reconnect(self) -> str:
        """Have the adb server connect anew to a device that hangs on the network, and to those on cables that are offline.

        Returns what was done in a sentence. Raises DeviceLost and DeviceNotReady where the server did nothing of it.
        """
        server, words = server_of(self.device), self.reconnect_wireless()
        server.reconnect_offline()
        return words or f"the adb server at {server.address} was asked to connect anew to what is offline on its cables"

    def reconnect_wireless(self) -> str | None:
        """Have the adb server connect anew to a device that hangs on the network; None: this one does not, and nothing is done.

        Raises DeviceLost and DeviceNotReady where the server did not do it.
        """
        serial = self._box.adb.serial if self._box else self.device.serial
        if serial is not None and ":" in serial:
            self._box = None  # whoever answers at an address next is looked at anew
        if serial is None or ":" not in serial:
            serial = self.device.wireless
        if serial is None:
            return None
        server = server_of(self.device)
        said = server.reconnect(serial)
        return f"the adb server at {server.address} was asked to connect to {serial} anew, and said: {said or 'nothing'}"

    def try_again(self, *, and_offline: bool = False) -> None:
        """Have the adb server connect anew, where it can; the next request finds out whether that was of use."""
        try:
            self.reconnect() if and_offline else self.reconnect_wireless()
        except (DeviceLost, DeviceNotReady) as error:
            log.debug("%s: %s", self.device.name, error.message)


def server_of(device: Device) -> Server:
    """Return the adb server that a device hangs on."""
    host, _, port = (device.adb or DEFAULT_ADDRESS).rpartition(":")
    return Server(host, int(port))


def _is_meant(listed: Listed, device: Device) -> bool:
    """Whether a listed device is the one that is meant; adb writes spaces in names as underscores."""
    if device.serial is not None:
        return listed.serial == device.serial
    pattern = (device.match or "").replace(" ", "_").replace("-", "_")
    return any(fnmatchcase(name.replace("-", "_"), pattern) for name in (listed.product, listed.model) if name)


def is_over_radio(serial: str) -> bool:
    """Whether a device hangs on the network: its serial is an address then, or the name that it is announced by (mDNS).

    One of this machine is an emulator's, or a port that is forwarded over a cable.
    """
    host, colon, port = serial.rpartition(":")
    if "._adb" in serial:
        return True
    return bool(colon) and port.isdigit() and host not in ("localhost", "127.0.0.1", "[::1]")
