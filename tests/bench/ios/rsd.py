"""Remote service discovery: over the tunnel, a list of services and their ports, instead of lockdownd's StartService.

A service whose name ends in `.shim.remote` is one of lockdownd's; it wants a check-in first. The instruments are reached as they are.
"""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.bench.ios import instruments, lockdown, services, xpc
from tests.bench.ios.wire import Stream, receive_plist, send_plist

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

PORT = 58_783
_FIRST_PORT = 50_000
_INSTRUMENTS = "com.apple.instruments.dtservicehub"
_SHIM = ".shim.remote"
_HANDSHAKE = 0x201


def _lockdown(phone: "Phone", stream: Stream) -> None:
    lockdown.Lockdown(phone, stream, trusted=True).serve()


_CHECKED_IN: dict[str, Callable[["Phone", Stream], None]] = {
    "com.apple.mobile.lockdown.remote.trusted": _lockdown,
    f"com.apple.afc{_SHIM}": services.afc,
    f"com.apple.crashreportcopymobile{_SHIM}": services.crash_reports,
    f"com.apple.crashreportmover{_SHIM}": services.crash_mover,
    f"com.apple.misagent{_SHIM}": services.profiles,
    f"com.apple.mobile.diagnostics_relay{_SHIM}": services.diagnostics,
    f"com.apple.mobile.house_arrest{_SHIM}": services.house_arrest,
    f"com.apple.mobile.installation_proxy{_SHIM}": services.installation,
    f"com.apple.mobile.mobile_image_mounter{_SHIM}": services.images,
}


def names(phone: "Phone") -> dict[str, int]:
    """Return the services there are, and their ports; developer services only with their image."""
    found = [*_CHECKED_IN, *([_INSTRUMENTS] if phone.image else [])]
    return {name: _FIRST_PORT + place for place, name in enumerate(found)}


def serve_port(phone: "Phone", port: int) -> Callable[[Stream], None] | None:
    """Return what answers on a port of the tunnel; None when nobody does."""
    if port == PORT:
        return lambda stream: discovery(phone, stream)
    name = next((name for name, number in names(phone).items() if number == port), None)
    if name is None:
        return None
    if name == _INSTRUMENTS:
        return lambda stream: instruments.serve(phone, stream)

    def checked_in(stream: Stream) -> None:
        if receive_plist(stream).get("Request") != "RSDCheckin":
            return
        send_plist(stream, {"Request": "RSDCheckin"})
        if phone.lock == "before_first_unlock":
            send_plist(stream, {"Request": "StartService", "Error": "PasswordProtected"})
            return
        send_plist(stream, {"Request": "StartService"})
        _CHECKED_IN[name](phone, stream)

    return checked_in


def discovery(phone: "Phone", stream: Stream) -> None:
    """Answer the opening messages of a peer, and tell it once who this is and what there is."""
    peer = xpc.Peer(stream)
    told = False
    while True:
        message = peer.receive()
        if message.flags & xpc.INIT:
            peer.send(message.stream, xpc.ALWAYS | xpc.INIT, 0, None)
        elif message.number == 0 and message.flags & 0xFFF == _HANDSHAKE:
            peer.send(message.stream, _HANDSHAKE, 0, None)
        elif message.number == 0 and not told:
            peer.send(message.stream, xpc.ALWAYS | xpc.HAS_DATA, 0, {})
        if message.flags & 0xFFF == _HANDSHAKE and not told:
            told = True
            peer.send(1, xpc.ALWAYS | xpc.HAS_DATA, 2, _handshake(phone))


def _handshake(phone: "Phone") -> dict[str, object]:
    profile = phone.profile
    return {
        "MessageType": "Handshake",
        "MessagingProtocolVersion": xpc.Unsigned(3),
        "UUID": uuid.UUID(phone.boot_id),
        "Properties": {
            "BoardId": xpc.Unsigned(profile.board_id),
            "BuildVersion": profile.build,
            "CPUArchitecture": profile.architecture,
            "ChipID": xpc.Unsigned(profile.chip_id),
            "DeviceClass": "iPhone",
            "HWModel": profile.hardware_model,
            "OSVersion": profile.version,
            "ProductName": "iPhone OS",
            "ProductType": profile.product_type,
            "RemoteXPCVersionFlags": xpc.Unsigned(0x0100000000000006),
            "SerialNumber": profile.serial,
            "UniqueChipID": xpc.Unsigned(profile.ecid),
            "UniqueDeviceID": profile.udid,
        },
        "Services": {
            name: {"Entitlement": "com.apple.mobile.lockdown.remote.trusted", "Port": str(port), "Properties": {"ServiceVersion": 1}}
            for name, port in names(phone).items()
        },
    }
