"""Making an iPhone ready as far as a host can: the developer image, the harness app, and what only an app can say."""

import logging
import secrets
import time

from farm.devices.ios import app, preflight, run
from farm.devices.ios.phone import Phone
from farm.devices.readers.reading import Reading
from farm.errors import DeviceBusy, DeviceNotReady
from farm.workloads import Device

log = logging.getLogger(__name__)

_PROBE_S = 15.0
_LOOK_S = 0.1


def make_ready(phone: Phone, device: Device, *, is_ours: bool) -> tuple[app.Installed, str | None]:
    """Mount the image and install the app where they are missing and given; return the app, and which start of the phone this is.

    On a phone that another controller holds nothing is started or changed: an app has one process, and it may be measuring.
    Raises DeviceNotReady with the first thing that stands in the way, and its remedy.
    """
    values = phone.values()
    _raise(preflight.of_phone(device.name, values))
    facts = phone.facts()
    _raise(preflight.of_developer(device.name, facts))
    if not facts["image_mounted"]:
        if device.images is None:
            raise preflight.no_image(device.name)
        log.info("%s: mounting the developer image", device.name)
        phone.mount(device.images)
    _raise(preflight.of_battery(device, phone.battery()))
    bundle, now_s = phone.worker.address.bundle, phone.now_s()
    unfit = preflight.of_app(device, bundle, facts, now_s)
    package = device.harness
    held = None if is_ours or facts["app"] is None else phone.leased()
    if package is not None and (unfit is not None or app.packaged(package, bundle) != app.Installed.of(facts["app"])):
        if held is not None:
            raise DeviceBusy(f"{device.name} is held by {held.words}", hint="wait until that has ended")
        log.info("%s: installing %s", device.name, package.name)
        phone.install(package)
        unfit = preflight.of_app(device, bundle, facts := phone.facts(), now_s)
    _raise(unfit)
    if held is None:
        said = _asked(phone)
        if said is None:
            message = f"{device.name}'s harness app was started and said nothing in {_PROBE_S:g} s"
            raise DeviceNotReady(message, error_class="not_started", hint=run.IN_FRONT)
        mode = next(reading for reading in app.probed(said) if reading.name == "low_power_mode")
        _raise(preflight.of_low_power_mode(device.name, mode.text))
    return app.Installed.of(facts["app"]), values.get("BootSessionID")


def probe(phone: Phone) -> tuple[Reading, ...]:
    """Start the app to say what only an app can say, and return that. No run may be going on: an app has one process."""
    return app.probed(_asked(phone))


def _asked(phone: Phone) -> str | None:
    """Return what the app writes when it is asked of the phone; None when it has written nothing in time."""
    name = f"probe-{secrets.token_hex(8)}.json"
    phone.launch([], {app.PROBE: name})
    deadline_s = time.monotonic() + _PROBE_S
    while (text := phone.tail(name)) is None and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)
    phone.remove(name)
    return text


def _raise(error: DeviceNotReady | None) -> None:
    if error is not None:
        raise error
