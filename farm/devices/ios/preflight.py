"""Whether an iPhone can be measured on as it is: facts in, the first thing that stands in the way out, with its remedy."""

from collections.abc import Mapping
from typing import Any

from farm.devices.ios.app import PROTOCOL, Installed
from farm.devices.readers import power_source
from farm.errors import DeviceNotReady
from farm.workloads import Device

_TUNNEL_FROM, _LAST_PLAIN = (17, 4), (16, 99)


def of_phone(name: str, values: Mapping[str, Any]) -> DeviceNotReady | None:
    """Return what is in the way by what lockdownd says.

    PasswordProtected is whether it is locked now, not whether it has a passcode (libimobiledevice's issue 1073, tidevice's 300).
    """
    version = str(values.get("ProductVersion") or "")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if _LAST_PLAIN < numbers < _TUNNEL_FROM:
        return DeviceNotReady(
            f"{name} runs iOS {version}: from 17.0 to 17.3 developer services cannot be reached from Linux",
            error_class="unsupported_ios",
            hint="update it to iOS 17.4 or newer",
        )
    if values.get("PasswordProtected"):
        return DeviceNotReady(f"{name} is locked with its passcode", error_class="locked", hint="unlock it, and set its Auto-Lock to Never")
    return None


def of_developer(name: str, facts: Mapping[str, Any]) -> DeviceNotReady | None:
    """Return what is in the way of developer services; the image is another matter: it may be mounted."""
    if facts["developer_mode"]:
        return None
    return DeviceNotReady(
        f"{name} has developer mode off",
        error_class="developer_mode_off",
        hint="Settings > Privacy & Security > Developer Mode; it restarts",
    )


def no_image(name: str) -> DeviceNotReady:
    """Return the error of a phone without its developer image, where no folder with one is stated."""
    return DeviceNotReady(
        f"{name} has no developer image mounted",
        error_class="no_image",
        hint="state images = FOLDER in devices.toml, or mount one with Xcode or `pymobiledevice3 mounter auto-mount`; restarts unmount it",
    )


def of_app(device: Device, bundle: str, facts: Mapping[str, Any], now_s: float) -> DeviceNotReady | None:
    """Return what is in the way of the harness app; now_s is the phone's own clock."""
    name, info = device.name, facts["app"]
    give = "state harness = FILE.ipa in devices.toml, or install the app with Xcode"
    if info is None:
        return DeviceNotReady(f"{name} does not have the harness app {bundle}", error_class="no_app", hint=give)
    app = Installed.of(info)
    if app.protocol != PROTOCOL:
        spoken = "no protocol of farm's" if app.protocol is None else f"protocol {app.protocol}"
        return DeviceNotReady(
            f"{name}'s harness app speaks {spoken}, this farm speaks {PROTOCOL}",
            error_class="app_protocol",
            hint=f"build it anew and {give}",
        )
    until_s = facts["signed_until_s"]
    if until_s is not None and until_s < now_s:
        return DeviceNotReady(
            f"{name}'s harness app may not run any more: its provisioning profile has ended",
            error_class="app_expired",
            hint=f"sign it anew and {give}",
        )
    return None


def of_battery(device: Device, entry: Mapping[str, Any]) -> DeviceNotReady | None:
    """Return an error when the battery is lower than the device's conditions allow."""
    level = next(reading for reading in power_source.read(entry) if reading.name == "battery_level_percent")
    least = device.conditions.min_battery_ratio
    if level.value is None or level.value / 100 >= least:
        return None
    return DeviceNotReady(
        f"{device.name}'s battery is at {level.value:.0f} %, the least is {least:.0%}", error_class="low_battery", hint="let it charge"
    )


def of_low_power_mode(name: str, mode: str | None) -> DeviceNotReady | None:
    """Return an error when low-power mode is on: it slows everything down."""
    if mode != "on":
        return None
    return DeviceNotReady(f"{name} is in low-power mode", error_class="low_power_mode", hint="Settings > Battery > Low Power Mode")
