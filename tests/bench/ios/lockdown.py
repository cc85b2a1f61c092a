"""lockdownd: what the phone says of itself, pairing, sessions under TLS, and starting services."""

import ssl
import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.bench.ios.wire import Closed, Stream, receive_plist, send_plist

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

PORT = 62078
_UNTRUSTED = ("BuildVersion", "CPUArchitecture", "ChipID", "DeviceClass", "DeviceName", "DevicePublicKey", "HardwareModel", "ProductType")
_UNTRUSTED_TOO = ("ProductName", "ProductVersion", "UniqueDeviceID", "UniqueChipID", "WiFiAddress", "PasswordProtected")


class Lockdown:
    """One connection to lockdownd. Over the tunnel it is trusted from the start, and never under TLS."""

    def __init__(self, phone: "Phone", stream: Stream, *, trusted: bool = False) -> None:
        self.phone, self.stream, self.trusted = phone, stream, trusted
        self._context: ssl.SSLContext | None = None

    def serve(self) -> None:
        """Answer until the client goes."""
        try:
            while True:
                request = receive_plist(self.stream)
                answer = self._answer(request)
                send_plist(self.stream, {"Request": request.get("Request", ""), **answer})
                if answer.get("EnableSessionSSL"):
                    assert self._context is not None
                    self.stream.start_tls(self._context)
                if request.get("Request") == "StopSession":
                    self.stream.stop_tls()
        except Closed:
            pass

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request.get("Request"):
            case "QueryType":
                return {"Type": "com.apple.mobile.lockdown"}
            case "GetValue":
                return self._value(request)
            case "SetValue" | "RemoveValue":
                return {} if self.trusted else {"Error": "SetProhibited"}
            case "Pair":
                return self._pair(request)
            case "ValidatePair":
                return {} if request.get("PairRecord", {}).get("HostID") in self.phone.keys.records else {"Error": "InvalidHostID"}
            case "Unpair":
                known = self.phone.keys.records.pop(request.get("PairRecord", {}).get("HostID"), None)
                return {"Error": "InvalidHostID"} if known is None else {}
            case "StartSession":
                return self._start_session(request)
            case "StopSession":
                self.trusted = False
                return {}
            case "StartService":
                return self._start_service(request.get("Service", ""))
            case _:
                return {"Error": "InvalidRequest"}

    def _value(self, request: dict[str, Any]) -> dict[str, Any]:
        domain, key = request.get("Domain"), request.get("Key")
        echo: dict[str, Any] = {name: request[name] for name in ("Domain", "Key") if name in request}
        values = self.phone.values(domain or "")
        if not self.trusted:
            if domain:
                return {"Error": "GetProhibited", **echo}
            values = {name: value for name, value in values.items() if name in (*_UNTRUSTED, *_UNTRUSTED_TOO)}
        if key is None:
            return {"Value": values, **echo}
        return {"Value": values[key], **echo} if key in values else {"Error": "MissingValue", **echo}

    def _pair(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a host's record, when whoever holds the phone says so."""
        if self.phone.lock != "open":
            return {"Error": "PasswordProtected"}
        if self.phone.trust == "ask":
            return {"Error": "PairingDialogResponsePending"}
        if self.phone.trust == "no":
            return {"Error": "UserDeniedPairing"}
        record = request["PairRecord"]
        self.phone.keys.records[record["HostID"]] = record
        return {"EscrowBag": bytes(32)}

    def _start_session(self, request: dict[str, Any]) -> dict[str, Any]:
        host_id = request.get("HostID", "")
        if host_id not in self.phone.keys.records:
            return {"Error": "InvalidHostID"}
        self._context = self.phone.keys.context(host_id)
        self.trusted = True
        return {"SessionID": str(uuid.uuid4()).upper(), "EnableSessionSSL": True}

    def _start_service(self, name: str) -> dict[str, Any]:
        if not self.trusted or self._context is None:
            return {"Error": "InvalidConnection", "Service": name}
        if self.phone.lock == "before_first_unlock":
            return {"Error": "PasswordProtected", "Service": name}
        handler = self.phone.service(name)
        if handler is None:
            return {"Error": "InvalidService", "Service": name}
        return {"Service": name, "Port": self.phone.open_port(handler, self._context), "EnableServiceSSL": True}


def values(phone: "Phone") -> dict[str, dict[str, Any]]:
    """Return all that lockdownd knows, by domain."""
    profile = phone.profile
    return {
        "": {
            "ActivationState": "Activated",
            "BoardId": profile.board_id,
            "BootSessionID": phone.boot_id,
            "BuildVersion": profile.build,
            "CPUArchitecture": profile.architecture,
            "ChipID": profile.chip_id,
            "DeviceClass": "iPhone",
            "DeviceName": profile.name,
            "DevicePublicKey": phone.keys.public_pem,
            "HardwareModel": profile.hardware_model,
            "HardwarePlatform": f"t{profile.chip_id:04x}",
            "HostAttached": True,
            "PasswordProtected": phone.lock != "open",
            "ProductName": "iPhone OS",
            "ProductType": profile.product_type,
            "ProductVersion": profile.version,
            "ProtocolVersion": "2",
            "SerialNumber": profile.serial,
            "TimeIntervalSince1970": time.time() + phone.clock_offset_s,
            "TimeZone": "UTC",
            "UniqueChipID": profile.ecid,
            "UniqueDeviceID": profile.udid,
            "WiFiAddress": profile.wifi_address,
        },
        "com.apple.mobile.battery": {
            "BatteryCurrentCapacity": phone.battery.level_percent,
            "BatteryIsCharging": phone.battery.is_charging,
            "ExternalConnected": True,
            "FullyCharged": phone.battery.level_percent >= 100,
            "HasBattery": True,
        },
        "com.apple.security.mac.amfi": {"DeveloperModeStatus": phone.developer_mode},
        "com.apple.disk_usage": {"TotalDataAvailable": 64 * 10**9, "TotalDataCapacity": 120 * 10**9, "TotalDiskCapacity": 128 * 10**9},
        "com.apple.mobile.wireless_lockdown": {"EnableWifiConnections": False},
        "com.apple.international": {"Language": "en", "Locale": "en_US", "Keyboard": "en_US"},
    }
