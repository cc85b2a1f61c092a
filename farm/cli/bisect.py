"""farm bisect: which revision made a number worse."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli import bisect_view, standings, unfinished
from farm.cli.asked import MOST_SEED
from farm.cli.bisect_search import Search, Task
from farm.cli.context import Context, now_utc, say
from farm.cli.revisions import Repository
from farm.errors import InputError
from farm.verdicts import Budget
from farm.workloads import Artifact, new_id

if TYPE_CHECKING:
    from farm.config import Suite

_COMMAND = "bisect"
_COULD_NOT_TELL = 3


@click.command(
    "bisect",
    epilog="Example: farm bisect --good v1.2 --bad main --build 'make model.pte REV={rev}' --suite suite.toml --device s25",
)
@click.option("--good", required=True, help="A revision that was as it should be.")
@click.option("--bad", required=True, help="A later one that is worse.")
@click.option("--build", required=True, help="Command that writes the artifact of revision {rev}; it is run without a shell, here.")
@click.option("--suite", type=click.Path(path_type=Path), required=True, help="The suite that states the workload, and how to measure it.")
@click.option("--workload", help="Which workload. [default: that of the suite's only relative budget of runs]")
@click.option("--metric", help="Which number, such as latency_ns.p50. [default: that of the budget]")
@click.option("--artifact", type=click.Path(path_type=Path), help="The file that the build writes. [default: the workload's in the suite]")
@click.option("--device", "device_name", default="local", show_default=True, help="Device to measure on.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Seed of the order of runs. [default: a new one, stored]")
@click.option("--build-timeout", default="1 h", show_default=True, help="How long one build may take.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option("--harness", type=click.Path(path_type=Path), help="Your own build of the harness, as for farm run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Find the revision between --good and --bad that made a number worse, by comparisons interleaved with the good one on the device.

    First the bad revision is held against the good one: nothing is searched for before a regression is shown. Then revisions are
    built and tried, along the first parents of --bad, the middle one first: each is nearer to the good or to the bad one, or noise does
    not let that be said. What cannot be built is passed over. In the end the two revisions that are left are held against each other.
    Ends with 0 when one revision is found; with 3 when only "between X and Y" can be said, or when there is no regression. After a kill,
    the same command goes on: nothing is built or measured twice.
    """
    task = _task(context, given)
    going_on = _begun(context, task, given)
    search = Search(context, task, given, going_on)
    try:
        shown = search.run()
    except KeyboardInterrupt:
        say("the same command goes on with what is left")
        raise
    if shown.place is not None:
        context.drained_store().add(search.rows(shown))
    going_on.remove()
    if given["as_json"]:
        click.echo(json.dumps(bisect_view.document(shown), indent=2, ensure_ascii=False))
    else:
        bisect_view.show(shown, task.repository.subject)
    return shown.exit_code


def _task(context: Context, given: Mapping[str, Any]) -> Task:
    """Read everything that can be wrong, before anything is built or measured."""
    from farm.config import load_suite

    lab = context.lab()
    suite = load_suite(given["suite"], lab.devices, lab.pools, is_built=False)
    budget = _budget(suite, given)
    ((workload, product),) = [each for each in suite.work if each[0].id == budget.workload]
    (named,) = standings.taking_part(context, [lab.device(given["device_name"])], by_name=True)
    device = suite.on(named)
    device = replace(device, harness=given["harness"]) if given["harness"] is not None else device
    repository = Repository(Path())
    good, bad = (repository.resolve(f"--{name}", given[name]) for name in ("good", "bad"))
    revisions = repository.between(good, bad)
    context.writable_data()
    context.check_database()
    return Task(suite, budget, workload, device, revisions, repository, given["artifact"] or product)


def _budget(suite: "Suite", given: Mapping[str, Any]) -> Budget:
    """Return the number that is asked about: what is named, else that of the only relative budget that fits."""
    from farm import gate
    from farm.config import nearest, read_metric

    workloads = [workload.id for workload, _ in suite.work]
    if given["workload"] is not None and given["workload"] not in workloads:
        raise InputError(f'there is no workload "{given["workload"]}"{nearest(given["workload"], workloads)}')
    stated = {
        (budget.workload, budget.metric, budget.statistic): budget
        for budget in suite.budgets
        if gate.is_armable(budget) and given["workload"] in (None, budget.workload)
    }
    if given["metric"] is None:
        if len(stated) != 1:
            raise InputError(f"{len(stated)} relative budgets of runs might be meant", hint="name --metric, and --workload")
        return next(iter(stated.values()))
    try:
        metric, statistic = read_metric(given["metric"])
    except ValueError as error:
        raise InputError(f"--metric: {error}") from error
    named = [given["workload"]] if given["workload"] is not None else workloads
    if len(named) != 1:
        raise InputError(f"{len(named)} workloads might be meant", hint="name one with --workload")
    budget = Budget(named[0], metric, statistic, max_regression=0.0)
    if not gate.is_armable(budget):
        raise InputError(f"--metric: {metric} is of items, which farm gate compares; farm bisect compares runs")
    return budget


def _begun(context: Context, task: Task, given: Mapping[str, Any]) -> unfinished.Unfinished:
    """Return this very bisection where it was begun before, else a new one."""
    from farm.metrics import METRICS
    from farm.workloads import Job

    artifact = Artifact("0" * 64, task.product.name, task.product, 0, "")
    jobs = [Job(task.device, task.workload, artifact, pass_, 0) for pass_ in METRICS[task.budget.metric].passes]
    asked = [*task.revisions, given["build"], task.budget.name, str(task.suite.gating.plan), str(given["seed"])]
    plan = unfinished.digest([jobs]) + " " + " ".join(asked)
    found = unfinished.same(context.data, _COMMAND, plan)
    if found is not None:
        say("this very bisection was begun before and did not come to its end: going on with it")
        return found
    seed = secrets.randbits(32) if given["seed"] is None else given["seed"]
    return unfinished.begin(context.data, new_id(now_utc()), _COMMAND, {"seed": seed}, plan)
