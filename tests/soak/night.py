"""farm nightly on the simulated rack, as a process of its own: python -m tests.soak.night FOLDER HOUR REVISION."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from farm.cli import canary, healthy, nightly
from farm.cli.context import Context, say
from farm.cli.measuring import Measuring
from farm.cli.nightly_open import Asked
from farm.cli.nightly_steps import Checked, usual_steps
from farm.devices import Transport
from farm.errors import FarmError
from farm.workloads import RESULT, Device
from tests.soak.phone import CANARY, SoakPhone
from tests.soak.plan import DAY_H
from tests.soak.world import World

_SESSIONS = 5
_SEEN_AFTER = 3
"""Nights from an update to the new band."""


def main(folder: Path, hour: float, revision: str) -> int:
    """Run or go on with a night, and return its exit code."""
    world = World.open(folder, hour)
    models = {name: folder / f"{name}.fake" for name in (*world.plan.workloads, CANARY)}
    names = {hashlib.sha256(file.read_bytes()).hexdigest(): name for name, file in models.items()}
    result = (folder / RESULT).read_text(encoding="utf-8").splitlines()
    clock = world.clock()

    def connect(device: Device, data: Path) -> Transport:
        return SoakPhone(data / "box" / device.name, name=device.name, world=world, names=names, result=result)

    def health(context: Context, devices: Sequence[Device], night: datetime) -> Sequence[Checked]:
        return healthy.check(context, devices, night=healthy.Night(night, "again"), connect=connect, now_utc=clock.now_utc)

    def sung(context: Context, devices: Sequence[Device], wheel: Path | None) -> str:
        sing = partial(canary.sing, context, devices, wheel, models[CANARY])
        measuring = partial(Measuring, connect=connect, now_utc=clock.now_utc)
        if not (told := folder / "band-told").exists():  # what a lab does by hand when it sets a rack up
            for _ in range(_SESSIONS):
                sing(is_band=True, measuring=measuring)
            told.touch()
        for change in world.plan.changes:  # and what it does some days after a phone's system was updated, when it has seen why
            own = [device for device in devices if device.name == change.phone]
            if (
                own
                and change.os_build
                and hour >= (change.night + _SEEN_AFTER) * DAY_H
                and not (told := folder / f"told-{change.night}").exists()
            ):
                for number in range(_SESSIONS):
                    canary.sing(context, own, wheel, models[CANARY], is_band=True, anew=number == 0, measuring=measuring)
                told.touch()
        found = sing(measuring=measuring)
        return "; ".join(f"{one.device} {one.judged.state if one.judged else one.failure}" for one in found)

    steps = replace(usual_steps(), health=health, canary=sung, pause_s=0.05, connect=connect)
    asked = Asked(folder / "suite.toml", revision=revision)
    try:
        return nightly.run(Context(folder / "data", folder / "devices.toml"), asked, clock, steps)
    except FarmError as error:
        say(error.message)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
