"""farm budgets: budgets proposed from what was measured."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from farm.cli.context import Context, chosen_devices
from farm.workloads import Device, Job

_COULD_NOT_TELL = 3


@click.group(epilog="Example: farm budgets suggest --suite suite.toml --device s25")
def budgets() -> None:
    """Propose budgets from history and calibration."""


@budgets.command(epilog="Example: farm budgets suggest --suite suite.toml --device s25 >> suite.toml")
@click.option("--suite", "suite_file", type=click.Path(path_type=Path), required=True, help="The suite to propose budgets for.")
@click.option("--device", "device_names", help="Devices that they are to hold on. [default: local]")
@click.option("--pool", help="A pool of devices.toml that they are to hold on.")
@click.pass_obj
def suggest(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Print budgets as text of a suite, each after what it rests on.

    Relative ones are the smallest that the devices' noise (farm calibrate) lets farm gate decide; a limit lies beyond all that was
    measured in three sessions or more (farm run). Budgets that the suite states already are held against the noise, not repeated. They
    are proposals: what a release may cost is for people to say. Ends with 3 when there is nothing to propose from.
    """
    from farm import calibrate, suggest, track
    from farm.config import load_suite

    lab = context.lab()
    suite = load_suite(given["suite_file"], lab.devices, lab.pools)
    devices = chosen_devices(lab, given["device_names"], given["pool"])
    keys = _keys(suite.work, devices[0])
    store, names = context.drained_store(), [device.name for device in devices]
    known = suggest.Known(
        calibrate.of_keys(store.query("known_noises", devices=names), keys),
        store.query("session_levels", devices=names, keys=list(keys), metrics=list(track.METRICS_OF_PASSES)),
    )
    passes = {workload.id: workload.passes for workload, _ in suite.work}
    found = suggest.proposals(passes, names, known, suite.gating.plan, suite.budgets)
    if given["pool"] is not None:
        where = f'pool = "{given["pool"]}"'
    else:
        listed = ", ".join(f'"{name}"' for name in names)
        where = f"devices = [{listed}]"
    click.echo(suggest.as_toml(found, where), nl=False)
    if not found:
        click.echo(f"# nothing of this suite was measured on {', '.join(names)}: farm calibrate, and farm run on several days")
    return 0 if any(proposal.text is not None for proposal in found) else _COULD_NOT_TELL


def _keys(work: Any, device: Device) -> Collection[str]:  # noqa: ANN401 - Suite.work, whose module is heavy
    """Return the keys of the suite's workloads as they are measured."""
    from farm.artifacts import open_artifact
    from farm.series import workload_key

    opened = [(workload, open_artifact(path)) for workload, path in work]
    return {workload_key(Job(device, workload, artifact, pass_, 0)) for workload, artifact in opened for pass_ in workload.passes}
