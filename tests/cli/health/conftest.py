"""A lab of two phones of the Android bench, put right after each test, and looks at them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.cli import device_health, healthy
from farm.cli.context import Context
from tests.bench.android import Bench, Phone
from tests.cli.gating import called
from tests.cli.health import Farm, Look, lab


@pytest.fixture
def s25(android_bench: Bench) -> Phone:
    return android_bench.phones["s25"]


@pytest.fixture
def farm(home: Path, android_bench: Bench) -> Iterator[Farm]:
    (home / "devices.toml").write_text(lab(android_bench))
    android_id = android_bench.phones["s25"].shell("settings get secure android_id").stdout.strip()
    yield lambda *arguments: called(home, *arguments)
    for phone in android_bench.phones.values():
        phone.restore()
        phone.state(level=80, plugged="usb", hold_skin_c=None, skin_c=27)
        phone.empty_disk()
        phone.connect()
    android_bench.phones["s25"].shell(f"settings put secure android_id {android_id}")


@pytest.fixture
def looked(home: Path, farm: Farm) -> Look:
    """What farm devices check does, in this process: starting one for each look would take most of the time."""
    context = Context(home / "data", home / "devices.toml")

    def look(*names: str) -> dict[str, dict[str, Any]]:
        lab = context.lab()
        found = healthy.check(context, [lab.device(name) for name in names])
        return {one.device.name: json.loads(json.dumps(device_health.look_json(one))) for one in found}

    return look
