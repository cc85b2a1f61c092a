"""The harness against itself without its sampler, and what farm adds around it. Prints ratios; `make bench` calls it.

All comparisons are interleaved in one call, each side a process of its own, summarised by its p50.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from farm.artifacts import open_artifact
from farm.harness import build, toolchain, wheel
from farm.harness.build import Target

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "farm" / "examples" / "digits_int8.pte"
ROUNDS = 15


def p50_ns(command: tuple[str, ...], folder: Path, *options: str) -> float:
    """Return the p50 of one process of the harness."""
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "r"
        job = ["--protocol", "1", "--nonce", "n", "--model", str(MODEL), "--result", str(result), "--pass", "latency"]
        job += ["--threads", "1", "--warmup-iterations", "500", "--iterations", "20000", *options]
        subprocess.run([*command, *job], cwd=folder, check=True, capture_output=True)
        lines = [json.loads(line) for line in result.read_text().splitlines()]
    latency_ns: list[float] = next(line["values"] for line in lines if line.get("metric") == "latency_ns")
    return statistics.median(latency_ns)


def loop_ratio() -> float:
    """Return the harness's p50 over that of a bare loop of the same calls, as the median of interleaved pairs."""
    data = ROOT / ".farm"
    harness = build.ensure(Target.HOST, "executorch", data, on_progress=lambda _: None)
    tools = toolchain.find(Target.HOST)
    wheel_root = wheel.unpacked(toolchain.architecture(Target.HOST), data, None, lambda _: None)
    tree = data / "bench-loop"
    options = [
        "-DFARM_BENCH=ON",
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DFARM_EXECUTORCH_ROOT={wheel_root.resolve()}",
        f"-DCMAKE_MAKE_PROGRAM={tools.ninja}",
    ]
    subprocess.run([tools.cmake, "-S", str(ROOT / "harness"), "-B", str(tree), "-G", "Ninja", *options], check=True, capture_output=True)
    subprocess.run([tools.cmake, "--build", str(tree), "--target", "bare-loop"], check=True, capture_output=True)
    reference = open_artifact(MODEL).reference
    assert reference is not None
    image = tree / "input"
    image.write_bytes(reference.inputs[0])
    ratios = []
    for _ in range(ROUNDS):
        said = subprocess.run([str(tree / "bare-loop"), str(MODEL), str(image), "20000"], check=True, capture_output=True, text=True)
        ratios.append(p50_ns(harness.command, harness.folder, "--input", str(image)) / float(said.stdout))
    return statistics.median(ratios)


def sampler_ratio() -> float:
    """Return p50 with the sampler over p50 without it, as the median of interleaved pairs."""
    harness = build.ensure(Target.HOST, "executorch", ROOT / ".farm", on_progress=lambda _: None)
    ratios = []
    for _ in range(ROUNDS):
        off_ns = p50_ns(harness.command, harness.folder, "--sampler-hz", "0")
        on_ns = p50_ns(harness.command, harness.folder, "--sampler-hz", "10")
        ratios.append(on_ns / off_ns)
    return statistics.median(ratios)


def python_ratio() -> str:
    """Return ExecuTorch's own Python runtime's p50 over the harness's, as the median of interleaved pairs; or why there is none."""
    if importlib.util.find_spec("executorch") is None:
        return "not measured: it needs torch (make setup-export)"
    harness = build.ensure(Target.HOST, "executorch", ROOT / ".farm", on_progress=lambda _: None)
    reference = open_artifact(MODEL).reference
    assert reference is not None
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "input"
        image.write_bytes(reference.inputs[0])
        for _ in range(ROUNDS):
            command = [sys.executable, str(ROOT / "benchmarks" / "python_loop.py"), str(MODEL), str(image), "20000"]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            ratios.append(float(said.stdout) / p50_ns(harness.command, harness.folder, "--input", str(image)))
    return f"{statistics.median(ratios):.4f}"


def run_overhead_s() -> float:
    """Return what `farm run` takes beyond the harness's own time, for each run: start-up, checks, journal and store included."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        for name in ("harness", "wheels"):
            (data / name).symlink_to(ROOT / ".farm" / name)
        command = [
            sys.executable,
            "-m",
            "farm",
            "--data",
            str(data),
            "run",
            str(MODEL),
            "--passes",
            "latency",
            "--threads",
            "1",
            "--repeat",
            "10",
            "--json",
        ]
        start_s = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall_s = time.perf_counter() - start_s
        runs = json.loads(done.stdout)["sessions"][0]["runs"]
        sql = [
            sys.executable,
            "-m",
            "farm",
            "--data",
            str(data),
            "sql",
            "--json",
            "SELECT sum(values[1]) AS ns FROM samples WHERE metric = 'wall_ns'",
        ]
        measured_s: float = json.loads(subprocess.run(sql, check=True, capture_output=True, text=True).stdout)[0]["ns"] / 1e9
    return (wall_s - measured_s) / len(runs)


def help_s() -> float:
    """Return the time of `farm --help`."""
    times = []
    for _ in range(7):
        start_s = time.perf_counter()
        subprocess.run([sys.executable, "-m", "farm", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - start_s)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    print(f"harness p50 over that of a bare loop of the same calls           {loop_ratio():.4f}   (1.00 +- 0.01)")
    print(f"p50 of ExecuTorch's own Python runtime over that of the harness   {python_ratio()}")
    print(f"harness p50, sampler on over sampler off                        {sampler_ratio():.4f}   (under 1.005)")
    print(f"farm run, wall time less the timed parts, for each run          {run_overhead_s():.3f} s   (under 0.5)")
    print(f"farm --help                                                     {help_s():.3f} s   (under 0.3)")


if __name__ == "__main__":
    main()
