"""Nightly work as a process of its own, or work of another priority with limits that a test can wait for.

python -m tests.cli.nightly_work MODEL REPEATS PRIORITY CEILING_S TURN_S COURTESY_S DEVICE, in a folder with data/
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from farm import rack
from farm.artifacts import open_artifact
from farm.cli import unfinished
from farm.cli.context import Context, now_utc
from farm.cli.measuring import Measuring
from farm.queue import Limits, Priority
from farm.workloads import Pass, PassSettings, Provenance, Workload, new_id

SETTINGS = PassSettings(threads=1, warmup_iterations=1, iterations=20, duration_ms=0)


def main(model: str, repeats: str, priority: str, ceiling_s: str, turn_s: str, courtesy_s: str, device_name: str) -> None:
    context = Context(Path("data"), None)
    device = context.lab().device(device_name)
    work = [(Workload("night" if priority == "NIGHTLY" else "day", (Pass.LATENCY,), SETTINGS), open_artifact(Path(model)))]
    jobs = rack.plan(device, work, int(repeats), 1)
    begun = unfinished.begin(context.data, new_id(now_utc()), "nightly", {}, unfinished.digest([jobs]))
    measuring = Measuring(context, 1, Provenance("0.1.0"), None, begun, Priority[priority], "nightly")
    (done,) = replace(measuring, limits=Limits(float(ceiling_s), float(turn_s), float(courtesy_s))).measure([(device, jobs)])
    failure = None if done.failure is None else done.failure.message
    click.echo(json.dumps({"failure": failure, "repeats": [run.job.repeat for run in done.runs], "left": len(rack.left(jobs, done.runs))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
