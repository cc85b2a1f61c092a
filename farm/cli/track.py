"""farm track and farm ack: what changed in a branch's history, and what people say of it."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli.context import Context, now_utc, plain, say
from farm.errors import InputError
from farm.workloads import DeviceKind, ItemKind, Pass, Workload

if TYPE_CHECKING:
    import polars as pl

    from farm import track as tracking
    from farm.findings import Departure, Followed, Request, Tracked
    from farm.store import Store


class Day(click.ParamType[date]):
    """A day, written 2026-12-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401 - click's
        """Return the day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is no day; write 2026-12-31', param, ctx)


@click.command(epilog="Example: farm track --branch main --suite nightly.toml")
@click.option("--branch", envvar="FARM_BRANCH", default="main", show_default=True, help="Whose runs to follow.")
@click.option("--base", metavar="BRANCH", help="Also hold its levels against those of the branch that it left, before it began.")
@click.option("--since", type=Day(), help="Leave out changes that were over before this night; older runs still say what is usual.")
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

    A night is the runs from one noon UTC to the next, of one revision and one state of the device. Each change is told with the nights and
    revisions that it lies between (95 %), its size with a 95 % interval, whether it is still there, and what else changed with it: an OS
    build, the harness, farm, the runtime, the battery's health. Changes for the worse (or the better) that may all be of one night are
    one group, over all devices and workloads. A change in the last nights is suspected, and asks for fresh runs: the next session on the
    device that holds three of that series decides. Findings are stored, and keep their ids; farm ack says that one is known.
    With --base, the levels of the branch's nights stand beside those of the last ten nights of its base before it began: advice that
    changes no exit code, since a change between nights may be anything's; farm gate measures both side by side.

    Exit codes: 0 nothing new; 4 a regression is there for sure, and nobody has acknowledged it; 3 a series that should have data has
    none, fresh runs are waited for, or there is nothing to follow. 4 outranks 3.
    """
    from farm.publish import findings_json

    store, suite = context.drained_store(), given["suite"]
    asked = Asked(given["branch"], _naive(now_utc()), given["since"], given["device"], given["workload"])
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
        **asdict(asked), expected=jobs, troubles=tracking.troubles(found["troubles"]), nightly=_nightly(found["expected_series"], asked)
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
        if asked.device in (None, each.device, each.device_id) and asked.workload in (None, each.workload)
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
    )


def _is_of_tokens(workload: Workload, pass_: Pass) -> bool:
    """Whether a pass measures a language model."""
    if pass_ is Pass.QUALITY and workload.items is not None:
        return workload.items.kind is ItemKind.TOKENS
    return workload.prompt is not None


@click.command(epilog='Example: farm ack 3f2a81c09d --until 2026-12-31 --owner kim --reason "slower by design" --accept')
@click.argument("finding", metavar="ID")
@click.option("--until", type=Day(), help="The last day that it holds; afterwards the finding speaks again.")
@click.option("--owner", help="Who answers for it.")
@click.option("--reason", help="Why.")
@click.option("--accept", is_flag=True, help="It is true, and may stay so. [default]")
@click.option("--false-alarm", is_flag=True, help="It is not true.")
@click.option("--fixed-in", metavar="REV", help="It is fixed in this revision; 8 nights from there on that still show it end this.")
@click.option("--revoke", is_flag=True, help="What was said before no longer holds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def ack(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Say that a finding of farm track is known: it does not alarm until the end of a day.

    ID is a finding's, or a group's: then it is said of all that are in the group now. Nothing is ever deleted: without --until and
    --revoke, everything that was found and said is printed.
    """
    store = context.drained_store()
    rows = store.query("findings", branch=None, id=given["finding"])
    if rows.is_empty():
        raise InputError(f'there is no finding "{given["finding"]}"', hint="farm track --all shows their ids")
    ids = rows["id"].to_list()
    if given["until"] is None and not given["revoke"]:
        _show_history(store, ids, as_json=given["as_json"])
        return 0
    said = _said(given)
    store.add({"acknowledgements": [{"finding_id": name, **said} for name in ids]})
    say(f"{len(ids)} {'finding' if len(ids) == 1 else 'findings'}: {said['answer']} until {said['until']}")
    return 0


def _said(given: dict[str, Any]) -> dict[str, Any]:
    from farm.findings import Answer

    now = now_utc()
    stated = [name for name in ("accept", "false_alarm", "fixed_in", "revoke") if given[name]]
    if len(stated) > 1:
        raise InputError("say one of --accept, --false-alarm, --fixed-in and --revoke")
    for name in ("owner", "reason"):
        if not (given[name] or "").strip():
            raise InputError(f"an acknowledgement has an --{name}", hint="somebody will ask in half a year")
    until = given["until"] or now.date()
    if until < now.date():
        raise InputError(f"{until} is over", hint="name a day to come with --until")
    answers = {"accept": Answer.ACCEPT, "false_alarm": Answer.FALSE_ALARM, "fixed_in": Answer.FIXED, "revoke": Answer.REVOKED}
    return {
        "said_at": _naive(now),
        "answer": answers[stated[0]].value if stated else Answer.ACCEPT.value,
        "until": until,
        "owner": given["owner"],
        "reason": given["reason"],
        "revision": given["fixed_in"],
    }


def _show_history(store: "Store", ids: Sequence[str], *, as_json: bool) -> None:
    said = [row for row in store.query("acknowledgements", branch=None).iter_rows(named=True) if row["finding_id"] in ids]
    states = [row for name in ids for row in store.query("finding_history", id=name).iter_rows(named=True)]
    if as_json:
        click.echo(json.dumps({"states": states, "said": said}, indent=2, ensure_ascii=False, default=str))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = [(row["seen_at"], row["finding_id"], row["standing"], _between(row)) for row in states]
    rows += [
        (row["said_at"], row["finding_id"], f"{row['owner']} said: {row['answer']}", f"until {row['until']}: {row['reason']}")
        for row in said
    ]
    columns = ("at (UTC)", "finding", "state", "between")
    draw.tables([Table("", columns, tuple((f"{at:%Y-%m-%d %H:%M}", *rest) for at, *rest in sorted(rows)), (0, 1, 2, 3))])


def _between(row: dict[str, Any]) -> str:
    if row["until_at"] is None:
        return row["reason"] or ""
    ends = (f"{row[f'{name}_revision'] or ''} {row[f'{name}_at']:%Y-%m-%d}".strip() for name in ("after", "until"))
    return " … ".join(ends)


def _naive(moment: datetime) -> datetime:
    """Return an aware time as the database's naive UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
