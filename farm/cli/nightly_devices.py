"""The devices of a night as they hang now: a device is itself, whatever devices.toml calls it by now."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from farm.cli.context import Context, say
from farm.cli.nightly_plan import address
from farm.errors import FarmError
from farm.records import Row
from farm.workloads import Device


def found_again(
    devices: Mapping[str, tuple[Row, str | None]], lab: Mapping[str, Device], context: Context
) -> tuple[dict[str, Device], dict[str, str]]:
    """Return the devices of a night under the names that they had when it was opened, and why others are not there.

    devices: where each hung, and who it said it is. One whose entry is another one by now is looked for by where it hung, else by
    asking the lab's devices who they are.
    """
    places = {name: json.loads(address(device)) for name, device in lab.items()}
    found: dict[str, Device] = {}
    gone: dict[str, str] = {}
    for name, (hung, identity) in devices.items():
        moved = name if places.get(name) == hung else next((other for other, place in places.items() if place == hung), None)
        if moved is None and identity is None and name in lab:
            moved = name  # it hangs elsewhere, and was never reached where it hung: its name is all that is known of it
        moved = moved or _of_identity(identity, lab.values(), context)
        if moved is None:
            gone[name] = f"{name} is not in devices.toml as it was, and no device there says that it is the same"
            continue
        if moved != name:
            say(f"{name} is called {moved} in devices.toml now: the night keeps the name that it began with")
        found[name] = replace(lab[moved], name=name)
    return found, gone


def _of_identity(identity: str | None, devices: Iterable[Device], context: Context) -> str | None:
    """Return the name of the device that says it is this one; None: nobody does, or it was never reached."""
    from farm.devices import connect

    for device in devices if identity is not None else ():
        try:
            transport = connect(device, context.data)
            transport.preflight()
            if transport.identify().id == identity:
                return device.name
        except FarmError as error:
            say(f"{device.name} could not be asked who it is: {error.message}")
    return None
