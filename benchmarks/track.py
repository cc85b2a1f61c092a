"""farm track at size: 1,000 series of 200 nights of 5 runs of 100 readings. Prints times; `make bench` calls it.

Every twentieth series gets 8 % slower after night 100: as many changes have to be found.
"""

import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb

from farm.cli.track import Asked, look
from farm.store import Store

NIGHTS, DEVICES, WORKLOADS, RUNS = 200, 20, 50, 5
CHANGED = DEVICES * WORKLOADS // 20
COUNT = NIGHTS * DEVICES * WORKLOADS * RUNS
PLACES = (
    f"i // {DEVICES * WORKLOADS * RUNS} AS n, i // {WORKLOADS * RUNS} % {DEVICES} AS d, i // {RUNS} % {WORKLOADS} AS w, i % {RUNS} AS r"
)
SESSION = f"('00000000-0000-7000-8001-' || printf('%012x', n * {DEVICES} + d))::UUID"
RUN = "('00000000-0000-7000-8000-' || printf('%012x', i))::UUID"
BEGAN = "TIMESTAMP '2025-01-01 23:00:00' + INTERVAL (n) DAY"
FILL = (
    f"INSERT INTO sessions SELECT {SESSION}, {BEGAN}, printf('id-%02d', d), printf('phone%02d', d), '{{}}', 'os', NULL, '0.1', "
    f"printf('rev%04d', n), 'main', 1, 'farm run' FROM range({NIGHTS}) AS nights(n), range({DEVICES}) AS devices(d)",
    "INSERT INTO runs (id, session_id, workload_key, workload_id, artifact_sha256, device_id, pass, repeat, attempt, nonce, started_at, "
    "ended_at, outcome, series_key, runtime, runtime_version, flavour, threads, harness_hash) "
    f"SELECT {RUN}, {SESSION}, 'k', printf('net%02d', w), printf('artifact%04d', n), printf('id-%02d', d), 'latency', r, 1, 'n', {BEGAN}, "
    f"{BEGAN}, 'ok', printf('series%06d', d * {WORKLOADS} + w), 'executorch', '1', 'xnnpack', 2, 'h' "
    f"FROM (SELECT i, {PLACES} FROM range({COUNT}) AS t(i))",
    f"INSERT INTO device_state SELECT {RUN}, 'before', 'battery_health', '', NULL, 'good', NULL FROM range({COUNT}) AS t(i)",
)
FILL_SAMPLES = f"""
INSERT INTO samples
SELECT {RUN}, 'latency_ns', '', list_transform(range(100), lambda j: (level * exp(0.05 * (random() + random() + random() - 1.5)))), NULL
FROM (
    SELECT i, 2e7 * exp(0.03 * (random() + random() + random() - 1.5)) * if((d * {WORKLOADS} + w) % 20 = 0 AND n >= 100, 1.08, 1) AS level
    FROM (SELECT i, {PLACES} FROM range($first, $last) AS t(i))
)
"""


def fill(path: Path) -> None:
    """Make the database."""
    Store(path).append([])
    with duckdb.connect(path) as connection:
        for statement in FILL:
            connection.execute(statement)
        for first in range(0, COUNT, COUNT // 10):
            connection.execute(FILL_SAMPLES, {"first": first, "last": first + COUNT // 10})


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "farm.duckdb"
        fill(path)
        for label in ("the first time", "and again"):
            start_s = time.perf_counter()
            tracked = look(Store(path), Asked("main", datetime(2025, 7, 20, 9)))  # noqa: DTZ001 - the database's times are naive
            took_s = time.perf_counter() - start_s
            found = sum(change.alarms for change in tracked.changes)
            what = f"track of {tracked.series} series x {tracked.nights} nights ({COUNT} runs), {label}"
            print(f"{what:<70} {took_s:5.1f} s; {found} of {CHANGED} changes found")


if __name__ == "__main__":
    main()
