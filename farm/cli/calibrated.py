"""What is known of the devices that a gate is to be measured on: their noise, and whether they are what they were."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from farm.cli.context import Context, say
from farm.errors import StoreBusy
from farm.verdicts import Budget

if TYPE_CHECKING:
    from farm import release


def unarmed(context: Context, asked: "release.Asked", keys: Collection[str]) -> Mapping[Budget, str]:
    """Return the budgets that the stored noise does not let be armed, and why; say what of it is not known.

    keys are those of the workloads as they are measured: noise of other settings or inputs says nothing.
    """
    from farm import calibrate

    names = [device.name for device in asked.devices]
    try:
        known = calibrate.of_keys(context.drained_store().query("known_noises", devices=names), keys)
    except StoreBusy as error:
        say(f"every budget is armed, as the devices' noise could not be read: {error.message}")
        return {}
    found = calibrate.arming(asked.budgets, names, known, asked.plan)
    for device, budgets in found.uncalibrated.items():
        say(f"{device} is not calibrated for {', '.join(budgets)}: armed without knowing its noise (farm calibrate --device {device})")
    for budget, why in found.unarmed.items():
        say(f"{budget.name} is not armed and is looked at once: it {why}")
    return found.unarmed
