"""64 simulated phones with mixed job times, measured by one farm process: what the controller costs. `make bench-rack` calls it.

A simulated phone does nothing but wait: no adb, no harness. What it hands over is what the fake harness once wrote. So this is the
controller alone: its plan, its journal, its database, its queue. A phone's jobs take 4 to 30 seconds.

    python -m benchmarks.rack [PHONES]            one farm with so many phones, then with one; a person comes in between
    python -m benchmarks.rack measure FOLDER ...  what the other calls, as a process of its own
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from farm import rack
from farm.artifacts import open_artifact
from farm.cli import unfinished
from farm.cli.context import Context, now_utc
from farm.cli.measuring import Measuring
from farm.queue import Priority
from farm.store import Store
from farm.workloads import (
    RESULT,
    Conditions,
    Device,
    DeviceKind,
    Job,
    Pass,
    PassSettings,
    Provenance,
    Workload,
    new_id,
)
from tests.conftest import ROOT
from tests.simulated_phone import SimulatedPhone, a_result

PHONES, REPEATS = 64, 2
TIMES_S = (4.0, 8.0, 15.0, 30.0)
AD_HOC_AFTER_S = 8.0
_NONCE = "0" * 32
_MOST_DATABASE_S = 60.0


def measure(folder: Path, names: Sequence[str], priority: Priority, seed: int, repeats: int) -> None:
    """Measure on these phones, and print what came of it as JSON."""
    context = Context(folder / "data", None)
    artifact = open_artifact(folder / "model.fake")
    result = (folder / RESULT).read_text()
    conditions = Conditions(max_run_delay_ratio=1e9, min_thread_cpu_ratio=0.0, max_slowdown_ratio=1e9)
    devices = [Device(name, DeviceKind.ANDROID, conditions=conditions, serial=name) for name in names]
    chance = random.Random(seed)
    work: list[tuple[Device, list[Job]]] = []
    for device in devices:
        times_s = [*TIMES_S]
        chance.shuffle(times_s)
        own = [
            (Workload(f"{priority.words} {place}", (Pass.LATENCY,), PassSettings(threads=1, duration_ms=int(1e3 * time_s))), artifact)
            for place, time_s in enumerate(times_s)
        ]
        work.append((device, rack.plan(device, own, repeats, seed)))
    begun = unfinished.begin(context.data, new_id(now_utc()), "bench", {}, unfinished.digest([jobs for _, jobs in work]))
    measuring = Measuring(context, seed, Provenance("bench"), None, begun, priority, "bench")
    measuring = replace(measuring, connect=lambda device, data: SimulatedPhone(data / "box", name=device.name, result=result))
    began_at, began_s, before = now_utc(), time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    done = measuring.measure(work)
    took_s, after = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    ideal_s = max(sum(job.workload.settings.duration_ms / 1e3 for job in jobs) for _, jobs in work)
    runs = [run for one in done for run in one.runs]
    overheads_s = [(run.ended_at - run.started_at).total_seconds() - run.job.workload.settings.duration_ms / 1e3 for run in runs]
    bad = [one.failure.message for one in done if one.failure is not None] + [str(run.reason) for run in runs if run.outcome != "ok"]
    assert not bad, bad[:3]
    between_s = [
        (later.started_at - earlier.ended_at).total_seconds()
        for one in done
        for earlier, later in zip(one.runs, one.runs[1:], strict=False)
        if earlier.session_id == later.session_id
    ]
    makespan_s = (max(run.ended_at for run in runs) - began_at).total_seconds()
    figures = {"makespan_s": makespan_s, "took_s": took_s, "ideal_s": ideal_s, "cpu_s": cpu_s, "runs": len(runs)}
    figures |= {"in_run_s": statistics.median(overheads_s), "between_runs_s": statistics.median(between_s) if between_s else 0.0}
    sys.stdout.write(json.dumps(figures))


def _begun(folder: Path, names: Sequence[str], priority: Priority, repeats: int) -> "subprocess.Popen[str]":
    given = ["measure", folder, ",".join(names), priority.name, "1", str(repeats)]
    words = [sys.executable, "-m", "benchmarks.rack", *map(str, given)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(process: "subprocess.Popen[str]") -> dict[str, float]:
    output, errors = process.communicate()
    assert process.returncode == 0, errors[-2000:]
    found: dict[str, float] = json.loads(output)
    return found


def _prepare(folder: Path) -> None:
    """Have the fake harness write a result once."""
    (folder / "data").mkdir()
    (folder / "model.fake").write_text("farm-fake 1\nspin_ns 1000\n")
    (folder / RESULT).write_text(a_result(folder, ROOT / ".farm"))


def _report(all_: dict[str, float], mine: dict[str, float], alone: dict[str, float], waited_s: float) -> list[str]:
    ideal_s = all_["ideal_s"] + mine["ideal_s"]
    took_s, used = all_["makespan_s"], all_["cpu_s"] / all_["took_s"]
    return [
        f"  makespan over ideal              {took_s / ideal_s:.3f}  ({took_s:.1f} s of {ideal_s:.1f} s on the phone "
        "that a person came to)",
        f"  controller's CPU                 {used:.2f} cores, {1e3 * all_['cpu_s'] / all_['runs']:.0f} ms a run",
        f"  the person's run waited for      {waited_s:.1f} s; the longest run takes {max(TIMES_S):g} s",
        f"  added to a run, and between two  {1e3 * all_['in_run_s']:.0f} ms, {1e3 * all_['between_runs_s']:.0f} ms",
        f"  the same with one phone          {1e3 * alone['in_run_s']:.0f} ms, {1e3 * alone['between_runs_s']:.0f} ms",
    ]


def main(phones: int) -> None:
    """Measure on so many phones, and print what that cost."""
    names = [f"phone{number:02}" for number in range(phones)]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _prepare(folder)
        alone = _ended(_begun(folder, names[:1], Priority.NIGHTLY, 1))
        night = _begun(folder, names, Priority.NIGHTLY, REPEATS)
        time.sleep(AD_HOC_AFTER_S)
        person = _begun(folder, names[7:8], Priority.AD_HOC, 1)
        mine, all_ = _ended(person), _ended(night)
        waited = Store(folder / "data" / "farm.duckdb").sql(
            "SELECT waited_s FROM queue_standings JOIN queue_requests ON id = request_id WHERE priority = 3 AND standing = 'measuring'"
        )
    title = f"{phones} simulated phones, {all_['runs']:.0f} runs of {min(TIMES_S):g} to {max(TIMES_S):g} s, the controller alone"
    sys.stdout.write("\n".join([title, *_report(all_, mine, alone, waited["waited_s"][0]), ""]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        _, _, folder_name, device_names, priority_name, seed_text, repeats_text = sys.argv
        measure(Path(folder_name), device_names.split(","), Priority[priority_name], int(seed_text), int(repeats_text))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PHONES)
