"""What the tests of Android phones share: a cable that breaks for a while, and what a phone's settings are."""

import time
from collections.abc import Callable

from farm.devices.android.device import AndroidTransport
from tests.bench.android import Phone


def away(phone: Phone, seconds: float, how: Callable[[], None]) -> Callable[[], None]:
    def go() -> None:
        how()
        time.sleep(seconds)
        phone.restore()

    return go


SETTINGS = {
    "stay_awake": "global stay_on_while_plugged_in",
    "screen_timeout": "system screen_off_timeout",
    "brightness_mode": "system screen_brightness_mode",
    "brightness": "system screen_brightness",
    "battery_saver": "global low_power",
}


def settings_of(phone: Phone) -> dict[str, str]:
    return {name: phone.shell(f"settings get {key}").stdout.strip() for name, key in SETTINGS.items()}


def held(transport: AndroidTransport) -> dict[str, str | None]:
    """What the transport says of each thing that it holds steady: how it is, or why it could not be set."""
    found = [reading for reading in transport.vitals("before") if reading.name.endswith("_setting")]
    return {reading.name.removesuffix("_setting"): reading.text or reading.reason for reading in found}
