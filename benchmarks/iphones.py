"""What the controller adds to each job on iPhones, how fast it pushes, what a worker costs: on the iOS bench, by `make bench-rack`.

The phones' "work" is to sleep. Throughput is held against go-ios's and libimobiledevice's, whose copies nobody checks.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from farm.devices.ios.client import Address, Worker
from farm.devices.ios.device import IosTransport
from farm.harness import build
from farm.workloads import Device, DeviceKind
from tests.bench.ios import BUNDLE, Bench, Iphone
from tests.bench.ios.clients import Clients, go_ios
from tests.conftest import CALM_TOML, ROOT

REPEATS = 6
PUSH_BYTES = 300_000_000
PUSH_ROUNDS = 3


def overhead_s(bench: Bench, names: list[str]) -> float:
    """Return, for each job on these phones at once, its time beyond the timed part."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lab = CALM_TOML
        for name in names:
            lab += f'[devices.{name}]\nkind = "ios"\nudid = "{bench.phones[name].udid}"\nusbmux = "{bench.address}"\n'
        (home / "devices.toml").write_text(lab)
        (home / "sleeper.fake").write_text("farm-fake 1\nsleep_ns 100000000\n")
        command = [sys.executable, "-m", "farm", "--data", "data", "run", "sleeper.fake", "--passes", "latency", "--iterations", "10"]
        command += ["--device", ",".join(names), "--repeat", str(REPEATS), "--threads", "1", "--json"]
        subprocess.run(command, cwd=home, check=True, capture_output=True)
        timed = "samples ON run_id = runs.id AND metric = 'wall_ns'"
        statement = f"SELECT epoch(ended_at) - epoch(started_at) - values[1] / 1e9 AS s FROM runs JOIN {timed}"
        command = [sys.executable, "-m", "farm", "--data", "data", "sql", "--json", statement]
        asked = subprocess.run(command, cwd=home, check=True, capture_output=True, text=True)
        overheads: list[float] = [row["s"] for row in json.loads(asked.stdout)]
        assert len(overheads) == len(names) * REPEATS
        return statistics.median(overheads)


def _pushed(transport: IosTransport, file: Path) -> tuple[float, float]:
    """Push a file, and return after how many seconds its last byte was sent, and the phone's copy read back."""
    moments: list[float] = []
    start_s = time.perf_counter()
    transport.push(file, "files/big", lambda _sent, _size: moments.append(time.perf_counter()))
    return moments[-1] - start_s, time.perf_counter() - start_s


def push_times(bench: Bench, phone: Iphone) -> dict[str, float]:
    """Return the median seconds that each client takes for the same bytes, in turns; farm's without and with reading back."""
    transport = IosTransport(Device(phone.name, DeviceKind.IOS, udid=phone.udid, usbmux=bench.address))
    transport.preflight()
    times: dict[str, list[float]] = {"go-ios": [], "libimobiledevice": [], "farm": [], "farm, read back and hashed": []}
    environment = os.environ | {"USBMUXD_SOCKET_ADDRESS": bench.address}
    with tempfile.TemporaryDirectory() as folder:
        clients = Clients(bench.address, Path(folder), go_ios(ROOT / ".farm"))
        file = Path(folder) / "big"
        for number in range(PUSH_ROUNDS):
            file.write_bytes(os.urandom(1 << 20) * (PUSH_BYTES >> 20) + bytes([number]))
            start_s = time.perf_counter()
            clients.go_ios("fsync", f"--app={BUNDLE}", f"--udid={phone.udid}", "push", f"--srcPath={file}", "--dstPath=/Documents/plain")
            times["go-ios"].append(time.perf_counter() - start_s)
            command = [sys.executable, "-m", "benchmarks.libimobiledevice", phone.udid, str(file)]
            done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
            times["libimobiledevice"].append(float(done.stdout))
            sent_s, whole_s = _pushed(transport, file)
            times["farm"].append(sent_s)
            times["farm, read back and hashed"].append(whole_s)
    transport.release()
    return {name: statistics.median(each) for name, each in times.items()}


def worker_cost(bench: Bench, phone: Iphone) -> tuple[float, float, float]:
    """Return the seconds until a new worker has answered, those until developer services have, and its peak memory in bytes."""
    worker = Worker(Address(phone.udid, bench.address, BUNDLE), phone.name)
    start_s = time.perf_counter()
    worker.call("values", {}, 60.0)
    answered_s = time.perf_counter() - start_s
    worker.call("running", {"pid": 1, "executable": "none"}, 60.0)
    developer_s = time.perf_counter() - start_s
    status = Path(f"/proc/{worker.pid}/status").read_text()
    worker.close()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    return answered_s, developer_s, int(peak[1]) * 1024


def main() -> None:
    """Print the table."""
    harness = build.ensure(build.Target.HOST, "fake", ROOT / ".farm", on_progress=lambda _: None)
    with Bench([harness]) as bench:
        for name, phone in bench.phones.items():
            answered_s, developer_s, peak_bytes = worker_cost(bench, phone)
            print(f"{name}: a worker answers after {answered_s:.2f} s, with developer services after {developer_s:.2f} s", end="; ")
            print(f"it takes {peak_bytes / 1e6:.0f} MB")
        for names in (["iphone16pro"], ["iphonex", "iphone16pro"]):
            print(f"{len(names)} at once: a job takes {overhead_s(bench, names):.2f} s beyond its timed part")
        times = push_times(bench, bench.phones["iphone16pro"])
        for name, seconds in times.items():
            ratios = (
                f"{times['go-ios'] / seconds:.2f} of go-ios's throughput, {times['libimobiledevice'] / seconds:.2f} of libimobiledevice's"
            )
            print(f"push of 300 MB by {name}: {PUSH_BYTES / seconds / 1e6:.0f} MB/s, {ratios}")


if __name__ == "__main__":
    main()
