"""What the controller adds to each job on phones, and how fast it pushes, on the Android bench. `make bench-rack` calls it; needs root.

The phones' "work" is to sleep, so that eight of them fit on two cores: what is measured is the controller, adb and the bench's phones.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from farm.devices.android.device import AndroidTransport
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench, Phone, Spec
from tests.conftest import CALM_TOML, ROOT

PROFILES = ("s25", "oneplus13", "xiaomi12x")
REPEATS = 6
PUSH_BYTES = 500_000_000
PUSH_ROUNDS = 3
USB2_BYTES_PER_S = 40_000_000
"""What a high-speed USB 2 link carries in practice; the phones' own flash and USB 3 lie above it."""


def overhead_s(bench: Bench, count: int) -> tuple[float, float]:
    """Return, for each job on so many phones at once, its time beyond the timed part, and the controller's own CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        phones = list(bench.phones.values())[:count]
        lab = [f'[devices.{phone.name}]\nkind = "android"\nadb = "{bench.adb.address}"\nserial = "{phone.serial}"\n' for phone in phones]
        (home / "devices.toml").write_text(CALM_TOML + "".join(lab))
        (home / "sleeper.fake").write_text("farm-fake 1\nsleep_ns 100000000\n")
        (home / "data").mkdir()
        (home / "data" / "harness").symlink_to(ROOT / ".farm" / "harness")
        command = [sys.executable, "-m", "farm", "--data", "data", "run", "sleeper.fake", "--passes", "latency", "--iterations", "10"]
        command += ["--device", ",".join(phone.name for phone in phones), "--repeat", str(REPEATS), "--threads", "1", "--json"]
        before = os.times()
        subprocess.run(command, cwd=home, check=True, capture_output=True)
        after = os.times()
        timed = "samples ON run_id = runs.id AND metric = 'wall_ns'"
        statement = f"SELECT epoch(ended_at) - epoch(started_at) - values[1] / 1e9 AS s FROM runs JOIN {timed}"
        asked = subprocess.run(
            [sys.executable, "-m", "farm", "--data", "data", "sql", "--json", statement],
            cwd=home,
            check=True,
            capture_output=True,
            text=True,
        )
        cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
        overheads = [row["s"] for row in json.loads(asked.stdout)]
        assert len(overheads) == count * REPEATS
        return statistics.median(overheads), cpu_s / len(overheads)


def push_ratio(bench: Bench, phone: Phone) -> tuple[float, float]:
    """Return farm's throughput over that of `adb push`, both interleaved, and farm's with the phone's own check of the bytes counted in."""
    transport = AndroidTransport(Device(phone.name, DeviceKind.ANDROID, adb=bench.adb.address, serial=phone.serial))
    transport.preflight()
    plain, sent, checked = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big"
        for number in range(PUSH_ROUNDS):
            file.write_bytes(os.urandom(1 << 20) * (PUSH_BYTES >> 20) + bytes([number]))
            start_s = time.perf_counter()
            assert bench.adb.run("-s", phone.serial, "push", str(file), "/data/local/tmp/plain").returncode == 0
            plain.append(time.perf_counter() - start_s)
            phone.shell("rm /data/local/tmp/plain")
            sent_s, checked_s = _push_s(transport, file)
            sent.append(sent_s)
            checked.append(checked_s)
            phone.shell("rm /data/local/tmp/farm/files/big")
    return statistics.median(plain) / statistics.median(sent), statistics.median(plain) / statistics.median(checked)


def _push_s(transport: AndroidTransport, file: Path) -> tuple[float, float]:
    """Return how long the bytes of a file took, from the first to the last, and the whole push with its check."""
    moments: list[float] = []
    start_s = time.perf_counter()
    transport.push(file, "files/big", lambda _sent, _size: moments.append(time.perf_counter()))
    return moments[-1] - moments[0], time.perf_counter() - start_s


def main() -> None:
    """Print the table."""
    specs = [Spec(PROFILES[number % len(PROFILES)], name=f"phone{number}") for number in range(8)]
    with Bench(ROOT / ".farm", specs) as bench:
        for count in (1, 8):
            job_s, cpu_s = overhead_s(bench, count)
            print(f"{count} at once: a job takes {job_s:.2f} s beyond its timed part, {cpu_s:.2f} s of the controller's CPU")
        phone = bench.phones["phone0"]
        for link, bytes_per_s in (("an unlimited link", None), ("a link of 40 MB/s, as of USB 2", USB2_BYTES_PER_S)):
            if bytes_per_s is not None:
                phone.slow(bytes_per_s)
            sent, checked = push_ratio(bench, phone)
            print(f"push of 500 MB over adb push, {link}: {sent:.2f} for the bytes, {checked:.2f} with the phone's SHA-256 of them")


if __name__ == "__main__":
    main()
