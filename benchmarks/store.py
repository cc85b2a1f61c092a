"""The store at size: 10^6 runs of 100 readings. Prints ratios and times; `make bench` calls it.

The p50 of every run is held against DuckDB's plain list_aggregate over the same table, in the same process, interleaved.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from farm.records import record
from farm.store import Store
from farm.workloads import (
    Artifact,
    Device,
    DeviceKind,
    Identity,
    Job,
    Measured,
    Outcome,
    Pass,
    Provenance,
    Readings,
    Run,
    Session,
    Workload,
    new_id,
)

RUNS = 1_000_000
SERIES = 2_000
QUERIES = Path(__file__).parents[1] / "farm" / "store" / "queries"

# Runs of all series in turn, as nights bring them; readings are log-normal noise around 20 ms.
FILL_RUNS = """
INSERT INTO runs (id, session_id, workload_key, workload_id, artifact_sha256, device_id, pass, repeat, attempt, nonce,
                  started_at, ended_at, outcome, series_key, threads)
SELECT ('00000000-0000-7000-8000-' || printf('%012x', i))::UUID, '00000000-0000-7000-8000-000000000000'::UUID, 'k', 'w', 'a', 'd',
       'latency', 0, 1, 'n', TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND, TIMESTAMP '2026-01-01' + INTERVAL (i + 1) SECOND, 'ok',
       printf('series%06d', i % $series), 1
FROM range($runs) AS numbers(i)
"""
FILL_SAMPLES = """
INSERT INTO samples
SELECT ('00000000-0000-7000-8000-' || printf('%012x', i))::UUID, 'latency_ns', '',
       list_transform(range(100), lambda j: round(2e7 * exp(0.05 * (random() + random() + random() - 1.5)))), NULL
FROM range($first, $last) AS numbers(i)
"""


def seconds(work: Callable[[], object]) -> float:
    """Return how long work took."""
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s


def fill(path: Path) -> None:
    """Make a database of RUNS runs by farm's own schema."""
    Store(path).append([])
    with duckdb.connect(path) as connection:
        connection.execute(FILL_RUNS, {"runs": RUNS, "series": SERIES})
        for first in range(0, RUNS, 100_000):
            connection.execute(FILL_SAMPLES, {"first": first, "last": first + 100_000})


def p50_ratio(path: Path, rounds: int = 5) -> float:
    """Return the time of run_p50.sql over that of the plain aggregate, as the median of interleaved rounds."""
    ours = (QUERIES / "run_p50.sql").read_text().rstrip().removesuffix(";")
    plain = "SELECT list_aggregate(values, 'quantile_cont', 0.5) AS p50 FROM samples"
    ratios = []
    with duckdb.connect(path, read_only=True) as connection:

        def collect(statement: str, values: dict[str, str]) -> None:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE out AS {statement}", values)

        for _ in range(rounds):
            plain_s = seconds(lambda: collect(plain, {}))
            ours_s = seconds(lambda: collect(ours, {"metric": "latency_ns"}))
            ratios.append(ours_s / plain_s)
    return statistics.median(ratios)


def a_run() -> tuple[Session, Run]:
    """Return a run with 10^4 readings."""
    now = datetime.now(UTC)
    device = Device("local", DeviceKind.LOCAL)
    identity = Identity("local-bench", DeviceKind.LOCAL, "bench", None, "Debian", "x86_64", 2, None, None)
    session = Session(new_id(now), now, device, identity, Provenance("0"), 1, "bench")
    job = Job(device, Workload("w", (Pass.LATENCY,)), Artifact("00", "m.pte", Path("m.pte"), 1, "executorch"), Pass.LATENCY, 0)
    measured = Measured("executorch", "1.5.1", "xnnpack", "0", "Release", {})
    readings = (Readings("latency_ns", tuple(float(value) for value in range(10_000))),)
    return session, Run(new_id(now), session.id, job, 1, "n", now, now, Outcome.OK, measured=measured, readings=readings)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "farm.duckdb"
        fill(path)
        store = Store(path)
        history_s = statistics.median(seconds(lambda: store.history("series000077", "latency_ns")) for _ in range(5))
        append_s = statistics.median(seconds(lambda: store.append([record(*a_run())])) for _ in range(5))
        print(f"p50 of {RUNS} runs x 100 readings, over DuckDB's plain list_aggregate   {p50_ratio(path):.2f}   (at most 1.3)")
        print(f"history of one series of {RUNS // SERIES} runs in that database        {history_s:.3f} s   (under 0.2)")
        print(f"append of one run with 10^4 readings to that database          {append_s:.3f} s")


if __name__ == "__main__":
    main()
