"""The services that speak in property lists: installing, diagnostics, images, containers, profiles, crash reports."""

import plistlib
import time
import zipfile
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tests.bench.ios.afc import Afc
from tests.bench.ios.wire import Closed, Stream, receive_plist, send_plist

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone


def afc(phone: "Phone", stream: Stream) -> None:
    """com.apple.afc: the media folder, where packages are put before they are installed."""
    Afc(stream, phone.media, phone.afc_faults, phone.profile.product_type).serve()


def crash_reports(phone: "Phone", stream: Stream) -> None:
    """com.apple.crashreportcopymobile: the folder of reports."""
    Afc(stream, phone.crashes, phone.afc_faults, phone.profile.product_type).serve()


def crash_mover(_phone: "Phone", stream: Stream) -> None:
    """com.apple.crashreportmover: says that all reports have been moved to that folder."""
    stream.send(b"ping\0")
    _until_closed(stream)


def house_arrest(phone: "Phone", stream: Stream) -> None:
    """com.apple.mobile.house_arrest: AFC in an app's container, or in its Documents only."""
    request = receive_plist(stream)
    app = phone.apps.get(request.get("Identifier", ""))
    command = request.get("Command")
    if app is None:
        send_plist(stream, {"Error": "ApplicationLookupFailed"})
        return
    if command not in ("VendContainer", "VendDocuments"):
        send_plist(stream, {"Error": "UnknownCommand"})
        return
    if command == "VendDocuments" and not app.info.get("UIFileSharingEnabled"):
        send_plist(stream, {"Error": "InstallationLookupFailed"})
        return
    send_plist(stream, {"Status": "Complete"})
    shown = ("Documents",) if command == "VendDocuments" else ()
    Afc(stream, app.container, phone.afc_faults, phone.profile.product_type, shown).serve()


def installation(phone: "Phone", stream: Stream) -> None:
    """com.apple.mobile.installation_proxy."""
    while True:
        request = receive_plist(stream)
        options = request.get("ClientOptions") or {}
        match request.get("Command"):
            case "Lookup":
                wanted = options.get("BundleIDs")
                found = {bundle: app.listing(options) for bundle, app in phone.apps.items() if wanted is None or bundle in wanted}
                send_plist(stream, {"LookupResult": found, "Status": "Complete"})
            case "Browse":
                listed = [app.listing(options) for app in phone.apps.values()]
                amount = {"CurrentAmount": len(listed), "CurrentIndex": 0, "Total": len(listed)}
                send_plist(stream, {"CurrentList": listed, "Status": "BrowsingApplications", **amount})
                send_plist(stream, {"Status": "Complete"})
            case "Install" | "Upgrade":
                _install(phone, stream, request.get("PackagePath", ""))
            case "Uninstall":
                phone.remove_app(request.get("ApplicationIdentifier", ""))
                send_plist(stream, {"Status": "Complete"})
            case _:
                send_plist(stream, {"Error": "UnknownCommand"})


def _install(phone: "Phone", stream: Stream, package: str) -> None:
    send_plist(stream, {"Status": "ExtractingPackage", "PercentComplete": 15})
    try:
        with zipfile.ZipFile(phone.media / package.lstrip("/")) as archive:
            name = next(name for name in archive.namelist() if name.count("/") == 2 and name.endswith(".app/Info.plist"))
            info = plistlib.loads(archive.read(name))
            folder = name.removesuffix("Info.plist")
            profile = (
                archive.read(f"{folder}embedded.mobileprovision") if f"{folder}embedded.mobileprovision" in archive.namelist() else b""
            )
    except (OSError, zipfile.BadZipFile, StopIteration):
        send_plist(stream, {"Error": "PackageExtractionFailed", "ErrorDescription": "the package cannot be read"})
        return
    send_plist(stream, {"Status": "VerifyingApplication", "PercentComplete": 40})
    if profile and expires_at(profile) < time.time():
        send_plist(stream, {"Error": "ApplicationVerificationFailed", "ErrorDescription": "Failed to verify code signature: 0xe8008015"})
        return
    phone.add_app(info, profile)
    send_plist(stream, {"Status": "Complete"})


def diagnostics(phone: "Phone", stream: Stream) -> None:
    """com.apple.mobile.diagnostics_relay."""
    while True:
        request = receive_plist(stream)
        match request.get("Request"):
            case "IORegistry":
                is_battery = "IOPMPowerSource" in request.get("EntryClass", "") or "AppleSmartBattery" in str(request.get("EntryName", ""))
                found = {"IORegistry": phone.battery.registry()} if is_battery else {}
                send_plist(stream, {"Status": "Success", "Diagnostics": found})
            case "Goodbye":
                send_plist(stream, {"Status": "Success"})
                return
            case "Restart":
                send_plist(stream, {"Status": "Success"})
                phone.reboot()
                return
            case _:
                send_plist(stream, {"Status": "UnknownRequest"})


def images(phone: "Phone", stream: Stream) -> None:
    """com.apple.mobile.mobile_image_mounter: the developer image, of the plain kind up to iOS 16 and personalised from 17 on."""
    kind = "Personalized" if phone.profile.release >= (17, 0) else "Developer"
    received: dict[bytes, bytes] = {}
    while True:
        request = receive_plist(stream)
        match request.get("Command"):
            case "LookupImage":
                mounted = phone.image if request.get("ImageType") == kind else None
                send_plist(stream, {"ImagePresent": True, "ImageSignature": [mounted]} if mounted else {"ImagePresent": False})
            case "CopyDevices":
                send_plist(stream, {"EntryList": [{"DiskImageType": kind, "IsMounted": True}] if phone.image else []})
            case "QueryDeveloperModeStatus":
                send_plist(stream, {"DeveloperModeStatus": phone.developer_mode})
            case "QueryPersonalizationManifest":
                if phone.manifest is None:
                    send_plist(stream, {"Error": "MissingManifest"})
                    return
                send_plist(stream, {"ImageSignature": phone.manifest})
            case "ReceiveBytes":
                send_plist(stream, {"Status": "ReceiveBytesAck"})
                received[bytes(request["ImageSignature"])] = stream.receive(request["ImageSize"])
                send_plist(stream, {"Status": "Complete"})
            case "MountImage":
                send_plist(stream, _mount(phone, kind, request, received))
            case "UnmountImage":
                phone.image = None
                send_plist(stream, {"Status": "Complete"})
            case "Hangup":
                send_plist(stream, {"Goodbye": True})
                return
            case _:
                send_plist(stream, {"Error": "UnknownCommand"})
                return


def _mount(phone: "Phone", kind: str, request: dict[str, Any], received: dict[bytes, bytes]) -> dict[str, Any]:
    signature = bytes(request.get("ImageSignature", b""))
    if phone.lock != "open":
        return {"Error": "DeviceLocked", "DetailedError": "the device is locked"}
    if not phone.developer_mode and phone.profile.release >= (16, 0):
        return {"Error": "InternalError", "DetailedError": "Developer mode is not enabled"}
    if request.get("ImageType") != kind or signature not in received:
        return {"Error": "InvalidImage", "DetailedError": "no such image was received"}
    phone.image = signature
    return {"Status": "Complete"}


def profiles(phone: "Phone", stream: Stream) -> None:
    """com.apple.misagent: the provisioning profiles that are installed."""
    while True:
        request = receive_plist(stream)
        known = [app.profile for app in phone.apps.values() if app.profile]
        send_plist(stream, {"Status": 0, "Payload": known} if request.get("MessageType") == "CopyAll" else {"Status": 1})


def expires_at(profile: bytes) -> float:
    """Return when a provisioning profile ends, in seconds since 1970; its property list stands in clear in a signed message."""
    text = profile[profile.index(b"<?xml") : profile.index(b"</plist>") + len(b"</plist>")]
    return float(plistlib.loads(text)["ExpirationDate"].replace(tzinfo=UTC).timestamp())


def _until_closed(stream: Stream) -> None:
    try:
        while True:
            stream.receive_some(1024)
    except Closed:
        pass
