"""Two revisions, or two devices, beside each other: the page of `farm report compare`."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import polars as pl

from farm import units
from farm.errors import InputError
from farm.metrics import METRICS, Better
from farm.report import page, runs, shapes, words
from farm.report.pairs import FEWEST, Pair, pairs_of
from farm.stats import median_interval
from farm.stats.families import q_values
from farm.stats.ranks import fewest_a_side
from farm.store import Store

NIGHTS = 14
"""Of two devices, the runs of so many days are compared."""
_RATE = 0.05
_STANDINGS = ("worse", "better", "perhaps", "none", "untold")
_METRICS = [f"{pass_} {metric.name}" for metric in METRICS.values() for pass_ in metric.passes]
_OPENED = 40


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared: kind is revision or device; of devices, on branch."""

    kind: str
    one: str
    other: str
    branch: str
    now: datetime


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair as a line."""

    link: str
    device: str
    workload: str
    label: str
    setting: str
    one: str
    one_interval: str
    other: str
    other_interval: str
    size: str
    interval: str
    cost: float
    bar: shapes.Bar | None
    why_none: str
    counts: str
    rate: str
    """The false discovery rate at which it counts as found; empty: it was not judged."""
    standing: str
    """worse, better, perhaps (its own interval leaves out that nothing changed), none, or untold: it was not judged."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that stand together: heading, what they are, and whether they are shown before somebody asks."""

    id: str
    heading: str
    hint: str
    rows: list[PairRow]
    is_open: bool = True


def compare_page(store: Store, sides: Sides) -> str:
    """Return the page. Raises InputError when one side has no valid run."""
    asked = {"kind": sides.kind, "one": sides.one, "other": sides.other, "branch": sides.branch, "as_of": sides.now}
    frame = store.query("report_compare", **asked, nights=NIGHTS, metrics=_METRICS)
    for name, side in (("A", sides.one), ("B", sides.other)):
        if frame.filter(pl.col("side") == name).is_empty():
            where = f"of revision {side}" if sides.kind == "revision" else f"on {side} in the last {NIGHTS} days of branch {sides.branch}"
            raise InputError(f"there is no valid run {where}", hint="farm runs lists what there is")
    pairs = pairs_of(frame, sides.kind)
    rows, lonely = _rows(pairs, sides.kind), _lonely(frame, pairs, sides.kind)
    settings = {row.setting for row in rows}
    content = _content(store, pairs, frame)
    return page.render(
        "compare.html.j2",
        content,
        title=words.title(f"farm compare: {sides.one} and {sides.other}"),
        sides=sides,
        count=len(rows),
        setting=settings.pop() if len(settings) == 1 else "",
        parts=_parts(rows, sides.kind),
        lonely=lonely,
        is_judged=sides.kind == "revision",
        advisory=sorted({pair.advisory for pair in pairs if pair.advisory}),
        sentence=_sentence(sides, rows),
        in_site=False,
        command=_command(sides),
        nights=NIGHTS,
    )


def _command(sides: Sides) -> str:
    """Return the command that makes the page; after -- a name may begin with a dash."""
    of_devices = ("--of", "devices", "--branch", sides.branch) if sides.kind == "device" else ()
    dashed = ("--",) if sides.one.startswith("-") or sides.other.startswith("-") else ()
    return words.command("farm", "report", "compare", *of_devices, *dashed, sides.one, sides.other)


def _rows(pairs: list[Pair], kind: str) -> list[PairRow]:
    tested = [pair for pair in pairs if pair.p_value is not None]
    rates = dict(zip(map(id, tested), q_values([pair.p_value or 0.0 for pair in tested]), strict=True)) if tested else {}
    costs = [words.cost(end - 1, pair.metric) for pair in pairs for end in (pair.low, pair.high) if end is not None]
    axis = shapes.scale(costs, most=0.4)
    rows = [_row(pair, number, axis, rates.get(id(pair)), kind) for number, pair in enumerate(pairs, start=1)]
    return sorted(rows, key=lambda row: (_STANDINGS.index(row.standing), -abs(row.cost), row.workload, row.label, row.device))


def _parts(rows: list[PairRow], kind: str) -> list[Part]:
    """Return the rows by what was found, the worst first; those that tell nothing new are folded where there are others."""
    if kind == "device":
        return [Part("beside", "", "", rows)]
    told = {
        "worse": ("Worse", "Found."),
        "better": ("Better", "Found."),
        "perhaps": (
            "May be chance",
            f"Each of these intervals leaves out that nothing changed. Among so many, some do by chance{_wanted(rows)}.",
        ),
        "none": ("No change seen", "Their intervals hold that nothing changed; the nearer an interval is to it, the surer that is."),
        "untold": ("Not compared", f"Each needs {FEWEST} valid runs a side, all above 0."),
    }
    own = {standing: [row for row in rows if row.standing == standing] for standing in told}
    is_only = sum(map(bool, own.values())) == 1
    return [
        Part(standing, heading, hint, own[standing], is_only or standing not in ("none", "untold"))
        for standing, (heading, hint) in told.items()
        if own[standing]
    ]


def _wanted(rows: list[PairRow]) -> str:
    """Say how many runs one change alone takes to be found among so many numbers, where fewer were measured."""
    tested = sum(row.standing != "untold" for row in rows)
    fewest = fewest_a_side(_RATE / 2 / max(1, tested))
    return f": a single change among {tested} numbers takes {fewest} runs a side at least to be told from it" if tested > 1 else ""


def _row(pair: Pair, number: int, axis: shapes.Scale, rate: float | None, kind: str) -> PairRow:
    metric = pair.metric
    size = interval = ""
    drawn, cost = None, 0.0
    why = "devices are not judged against each other" if kind == "device" else f"needs {FEWEST} runs a side, all above 0"
    if pair.ratio is not None:
        cost = words.cost(pair.ratio - 1, metric)
        size = words.per_cent(pair.ratio - 1)
        interval = " … ".join("?" if end is None else words.per_cent(end - 1) for end in (pair.low, pair.high))
        ends = [None if end is None else words.cost(end - 1, metric) for end in (pair.low, pair.high)]
        low, high = (ends[1], ends[0]) if METRICS[metric].better is Better.HIGHER else (ends[0], ends[1])
        drawn = shapes.bar((low, cost, high), axis, f"{size}, 95 %: {interval}", budget=None)
    return PairRow(
        link=f"#budget={number}",
        device=pair.device,
        workload=pair.workload,
        label=words.label(metric),
        setting=pair.setting,
        one=words.amount(median(pair.one), metric),
        one_interval=_interval(pair.one, metric),
        other=words.amount(median(pair.other), metric),
        other_interval=_interval(pair.other, metric),
        size=size,
        interval=words.unbroken(interval),
        cost=cost,
        bar=drawn,
        why_none=why,
        counts=f"{len(pair.one)} + {len(pair.other)}",
        rate="" if rate is None else f"{rate:.2g}",
        standing=_standing(pair, cost, rate),
    )


def _standing(pair: Pair, cost: float, rate: float | None) -> str:
    """Return what was found of a pair; of what is not sure, whether its own interval leaves out that nothing changed."""
    if rate is None:
        return "untold"
    if rate <= _RATE:
        return "worse" if cost > 0 else "better"
    is_apart = (pair.low is not None and pair.low > 1) or (pair.high is not None and pair.high < 1)
    return "perhaps" if is_apart else "none"


def _interval(values: tuple[float, ...], metric: str) -> str:
    found = median_interval(values)
    return "one run" if found is None else words.interval(found.low, found.high, found.coverage, metric)


def _lonely(frame: pl.DataFrame, pairs: list[Pair], kind: str) -> list[tuple[str, str, str]]:
    """Return what only one side has: device, workload, and the side that lacks it."""
    keys = ["device", "workload"] if kind == "revision" else ["workload"]
    sides = frame.group_by(keys, maintain_order=True).agg(pl.col("side").unique())
    alone = [(row["device"] if kind == "revision" else "", row["workload"], row["side"]) for row in sides.iter_rows(named=True)]
    return [(device, workload, "B" if side == ["A"] else "A") for device, workload, side in alone if len(side) == 1]


def _sentence(sides: Sides, rows: list[PairRow]) -> str:
    numbers = units.counted(len(rows), "number")
    if sides.kind == "device":
        return f"{numbers} that both devices have, of the last {NIGHTS} days. Devices are shown beside each other, never judged."
    count = {standing: sum(row.standing == standing for row in rows) for standing in _STANDINGS}
    tested = len(rows) - count["untold"]
    if not tested:
        return f"None of the {numbers} that both revisions have can be compared: each needs {FEWEST} valid runs a side."
    among = units.counted(tested, "number")
    among += f" that could be compared, of {len(rows)} that both revisions have" if tested < len(rows) else " that both revisions have"
    if not count["worse"] + count["better"]:
        perhaps = count["perhaps"]
        doubt = f"; {units.counted(perhaps, 'interval')} alone would say otherwise, which may be chance among so many" if perhaps else ""
        return f"No change is sure among {among}, at a false discovery rate of {100 * _RATE:.0f} %{doubt}."
    first = rows[0]
    what = f"{first.workload} {first.label} on {first.device} {first.size} ({first.interval})"
    return f"{count['worse']} worse and {count['better']} better among {among}; the largest: {what}."


def _content(store: Store, pairs: list[Pair], frame: pl.DataFrame) -> dict[str, Any]:
    sides = dict(frame.select("run", "side").unique("run").iter_rows())
    opened = [rows[len(rows) // 2][0] for pair in pairs for side in ("A", "B") if (rows := [row for row in pair.rows if row[2] == side])]
    content = runs.data(store.queries(runs.asked(list(sides), list(dict.fromkeys(opened))[:_OPENED])), sides)
    return content | {"budgets": [_pair_data(pair, number) for number, pair in enumerate(pairs, start=1)]}


def _pair_data(pair: Pair, number: int) -> dict[str, Any]:
    measured = "" if pair.ratio is None else words.per_cent(pair.ratio - 1)
    return {
        "id": str(number),
        "title": f"{pair.workload} {words.label(pair.metric)}",
        "workload": pair.workload,
        "label": words.label(pair.metric),
        "metric": pair.metric,
        "unit": METRICS[pair.metric].quantity.suffix,
        "verdict": "",
        "measured": measured or "–",
        "facts": [
            ["settings", pair.setting],
            ["A, median", words.amount(median(pair.one), pair.metric)],
            ["B, median", words.amount(median(pair.other), pair.metric)],
        ],
        "notes": [pair.advisory] if pair.advisory else [],
        "runs": [[run, device, side, None, None, value, None] for run, device, side, value in pair.rows],
    }
