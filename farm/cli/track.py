"""farm track: what changed in a branch's history."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli import named
from farm.cli.context import Context, naive, now_utc, plain
from farm.errors import InputError
from farm.workloads import UNJUDGED_PASSES, DeviceKind, ItemKind, Pass, Workload

if TYPE_CHECKING:
    import polars as pl

    from farm import track as tracking
    from farm.departures import Departure
    from farm.findings import Followed, Request, Tracked
    from farm.store import Store


@click.command(epilog="Example: farm track --branch main --suite nightly.toml")
@named.branch_option("Whose runs to follow.")
@click.option(
    "--base", type=named.Branch(), metavar="BRANCH", help="Also hold its levels against those of the branch that it left, before it began."
)
@click.option("--since", type=named.Day(), help="Leave out changes that were over before this night; older runs still say what is usual.")
@click.option("--device", help="Only this device, by its name in devices.toml or its id.")
@click.option("--workload", help="Only this workload.")
@click.option("--suite", type=click.Path(path_type=Path), help="What should have data: this suite's jobs. [default: what had some before]")
@click.option("--all", "every", is_flag=True, help="Also show what alarms nobody: recovered, acknowledged, better.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON instead of tables; its schema is farm/publish/schemas/findings-1.schema.json."
)
@click.pass_obj
def track(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Say what changed in the history of a branch, and which series have gone missing.

    A night is the runs of a nightly (without one, from one noon UTC to the next), of one revision and one state of the device. Each change
    is told with the nights and revisions that it lies between (95 %), its size with a 95 % interval, whether it is still there, and what
    else changed with it: an OS build, the harness, farm, the runtime, the battery's health. Changes for the worse (or the better) that may
    all be of one night are one group, over all devices and workloads. A change in the last nights is suspected, and asks for fresh runs:
    the next session on the device that holds three of that series decides. Findings are stored, and keep their ids; farm ack says that
    one is known.
    With --base, the levels of the branch's nights stand beside those of the last ten nights of its base before it began: advice that
    changes no exit code, since a change between nights may be anything's; farm gate measures both side by side.

    Exit codes: 0 nothing new; 4 a regression is there for sure, and nobody has acknowledged it; 3 a series that should have data has
    none, fresh runs are waited for, or there is nothing to follow. 4 outranks 3.
    """
    from farm.publish import findings_json

    store, suite = context.drained_store(), given["suite"]
    asked = Asked(given["branch"], naive(now_utc()), given["since"], given["device"], given["workload"])
    tracked = look(store, asked, None if suite is None else partial(_expected, context, suite, asked))
    departure = None if given["base"] is None else _departure(store, asked, given["base"])
    if given["as_json"]:
        click.echo(findings_json.findings_json(tracked, departure), nl=False)
        return tracked.exit_code
    from farm.cli import draw
    from farm.publish import tracking as words

    draw.tables(words.tables(tracked, every=given["every"]))
    draw.lines("Members of groups", words.member_lines(tracked, every=given["every"]))
    draw.lines("Acknowledged before", words.note_lines(tracked))
    if departure is not None:
        draw.tables([words.departure_table(departure, every=given["every"])])
    click.echo(plain(words.headline(tracked) if tracked.series else f"there is nothing to follow on branch {tracked.branch}"))
    return tracked.exit_code


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose history to look at. as_of is the time that it is, naive UTC; device and workload None: all."""

    branch: str
    as_of: datetime
    since: date | None = None
    device: str | None = None
    workload: str | None = None


def look(
    store: "Store", asked: Asked, expected: "Callable[[Sequence[Followed]], Collection[tracking.Expected]] | None" = None
) -> "Tracked":
    """Read a branch's history, say what holds, and store what is new of it. expected: the jobs that should have data, given what has some.

    Raises InputError when there are runs, and none is of that branch.
    """
    return looked(store, asked, expected)[0]


def looked(
    store: "Store",
    asked: Asked,
    expected: "Callable[[Sequence[Followed]], Collection[tracking.Expected]] | None" = None,
    *,
    keeps: bool = True,
) -> "tuple[Tracked, tuple[Followed, ...]]":
    """Return what look() does, and the series that were followed; keeps: what is new of it is stored."""
    from farm import track as tracking

    of_branch = {"branch": asked.branch, "as_of": asked.as_of}
    part = {"device": asked.device, "workload": asked.workload, "metrics": list(tracking.METRICS_OF_PASSES)}
    found = store.queries(
        {
            "nights": of_branch | part,
            "followed_series": of_branch,
            "troubles": of_branch,
            "expected_series": of_branch,
            "current_night": of_branch,
            "findings": {"branch": asked.branch, "id": None},
            "acknowledgements": {"branch": asked.branch},
            "pending_confirmations": {"branch": asked.branch, "device": None},
            "branches": {},
        }
    )
    if found["nights"].is_empty():
        _check_branch(found["branches"]["branch"].to_list(), asked.branch)
    followed = tracking.followed(found["followed_series"], found["nights"])
    pending = found["pending_confirmations"]
    fresh = tracking.NO_RUNS if pending.is_empty() else _fresh_runs(store, of_branch)
    jobs = None if expected is None else expected(followed)
    today = tracking.Today(
        **asdict(asked),
        expected=jobs,
        troubles=tracking.troubles(found["troubles"]),
        nightly=_nightly(found["expected_series"], asked),
        night=found["current_night"]["night"].item(),
    )
    known = tracking.Known(found["findings"], found["acknowledgements"], pending, fresh)
    tracked, rows = tracking.follow(followed, known, today)
    if keeps:
        store.add(rows)
    return tracked, followed


def _nightly(rows: "pl.DataFrame", asked: Asked) -> "list[tracking.Planned]":
    """Return what nights asked for, of the part that is looked at."""
    from farm import track as tracking

    return [
        each
        for each in tracking.planned(rows)
        if each.pass_ not in UNJUDGED_PASSES
        and asked.device in (None, each.device, each.device_id)
        and asked.workload in (None, each.workload)
    ]


def _departure(store: "Store", asked: Asked, base: str) -> "Departure":
    """Return the branch held against its base. Raises InputError when no run is of the base, or it is the branch itself."""
    from farm import track as tracking

    if base == asked.branch:
        raise InputError(f'--base "{base}" is the branch itself', hint="name the branch that it left")
    part = {"device": asked.device, "workload": asked.workload, "metrics": list(tracking.METRICS_OF_PASSES), "as_of": asked.as_of}
    found = []
    for branch in (base, asked.branch):
        series = store.query("followed_series", branch=branch, as_of=asked.as_of)
        found.append(tracking.followed(series, store.query("nights", branch=branch, **part)))
    if not found[0]:
        _check_branch(store.query("branches")["branch"].to_list(), base)
    return tracking.departure(base, *found)


def _fresh_runs(store: "Store", of_branch: dict[str, Any]) -> "pl.DataFrame":
    """Return the runs that may answer what is asked for, with their values, in the order in which they were measured."""
    from farm import track as tracking

    runs = store.query("confirming_runs", **of_branch)
    if runs.is_empty():
        return tracking.NO_RUNS
    values = store.query("chosen_values", run_ids=runs["run_id"].unique().to_list())
    return runs.join(values, on=["run_id", "metric"], how="inner", maintain_order="left")


def pending(store: "Store", device: str | None, branch: str | None = None) -> "tuple[Request, ...]":
    """Return the fresh runs that are asked for on a device (its id or its name), which its next session should measure; None: on all.

    branch is the one that they are asked for on; None: any.

    Nothing has to be marked: `farm track` takes the first session that began after the request and holds enough valid runs of
    its series, judges the request by them and stores that it is served.
    """
    rows = store.query("pending_confirmations", device=device, branch=branch)
    if rows.is_empty():
        return ()  # as for nearly every run, which then need not load what judges histories
    from farm import track as tracking

    return tracking.pending(rows)


def _check_branch(branches: Sequence[str], branch: str) -> None:
    """Raise InputError when there are runs, and none is of that branch."""
    from farm.config import nearest

    if branches and branch not in branches:
        raise InputError(f'no run is of a branch "{branch}"{nearest(branch, branches)}', hint=f"runs are of {', '.join(branches)}")


def _expected(context: Context, suite: Path, asked: Asked, followed: "Sequence[Followed]") -> "tuple[tracking.Expected, ...]":
    """Return the suite's jobs on the device that is named, else on all devices that the branch has data of."""
    from farm import track as tracking
    from farm.config import load_suite
    from farm.metrics import headline

    devices = [asked.device] if asked.device else sorted({item.series.device for item in followed})
    lab = context.lab()
    work = [each for each, _ in load_suite(suite, lab.devices, lab.pools).work if asked.workload in (None, each.id)]
    kinds = {name: device.kind for name, device in lab.devices.items()}
    return tuple(
        tracking.Expected(name, each.id, pass_, headline(pass_, tokens=_is_of_tokens(each, pass_), kind=kinds.get(name, DeviceKind.LOCAL)))
        for name in devices
        for each in work
        for pass_ in each.passes
        if pass_ not in UNJUDGED_PASSES
    )


def _is_of_tokens(workload: Workload, pass_: Pass) -> bool:
    """Whether a pass measures a language model."""
    if pass_ is Pass.QUALITY and workload.items is not None:
        return workload.items.kind is ItemKind.TOKENS
    return workload.prompt is not None
