"""What the tests of devices' health share: a lab of two phones of the Android bench, and what a look at them found."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.android import Bench
from tests.conftest import CALM_TOML

Farm = Callable[..., subprocess.CompletedProcess[str]]
Look = Callable[..., dict[str, dict[str, Any]]]
QUICK = ("--threads", "1", "--iterations", "5", "--duration", "0", "--passes", "latency", "--repeat", "1")
HOLDER = """
import sys
from farm import leases
with leases.hold(sys.argv[1], "s25", leases.Owner(1, "ann", "noon", "farm run", "here"), leases.runtime_folder()):
    print("held", flush=True)
    sys.stdin.read()
"""


def lab(bench: Bench, **more: str) -> str:
    text = CALM_TOML + "[defaults.health]\nquarantine_after = 2\n"
    for name in ("s25", "oneplus13"):
        phone = bench.phones[name]
        text += f'[devices.{name}]\nkind = "android"\nadb = "{bench.adb.address}"\nserial = "{phone.serial}"\n{more.get(name, "")}\n'
    return f'{text}[pools]\nrack = ["s25", "oneplus13"]\n'


def failing(one: dict[str, Any]) -> list[str]:
    return [check["name"] for check in one["checks"] if check["ok"] is False]


def health(farm: Farm, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(farm("devices", "health", name, "--json").stdout)
    return found


@contextmanager
def held_by_another(device_id: str) -> Iterator[None]:
    """Have another process hold a device."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, device_id], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("")
