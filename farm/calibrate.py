"""What A/A sessions say of a device: how its numbers scatter, and which budgets that lets be armed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl

from farm import gate, release
from farm.metrics import METRICS
from farm.rack import Contest
from farm.records import Record, Row, utc
from farm.series import workload_key
from farm.verdicts import Budget, Noise, Plan
from farm.workloads import ONCE_PASSES, UNJUDGED_PASSES, Artifact, Device, Job, Outcome, Workload


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a calibration beside its numbers."""

    id: str
    measured_at: datetime
    suite: str
    suite_file: str
    seed: int
    farm_version: str
    command: str


def contests(work: Iterable[tuple[Workload, Artifact]], budgets: Sequence[Budget], asked: frozenset[str]) -> tuple[Contest, ...]:
    """Return what a calibration measures: all that a gate of these budgets does and is noisy, with one artifact on both sides.

    asked are the workloads whose passes the suite states; where there are neither those nor budgets, the usual passes are measured.
    """
    given = list(work)
    asked = asked if asked or budgets else frozenset(workload.id for workload, _ in given)
    sides = {workload.id: (artifact, artifact) for workload, artifact in given}
    found = release.contests([workload for workload, _ in given], budgets, asked, sides)
    noisy = ((each, tuple(pass_ for pass_ in each.workload.passes if pass_ not in ONCE_PASSES | UNJUDGED_PASSES)) for each in found)
    return tuple(release.with_passes(each, passes) for each, passes in noisy if passes)


def noises(records: Sequence[Record]) -> tuple[Noise, ...]:
    """Return the noise of every number that A/A sessions have measured."""
    return gate.noise(release.of_measured(records).frame(())) if records else ()


def rows(facts: Facts, found: Iterable[Noise], records: Sequence[Record]) -> Record:
    """Return the rows of a calibration, of which records are the runs."""
    measured = {
        (session["device_name"], run["workload_id"], run["pass"]): (session, run)
        for session, run in ((record["sessions"][0], record["runs"][0]) for record in records)
        if run["outcome"] == Outcome.OK
    }
    noisy = [_row(facts.id, noise, *measured[noise.device, noise.workload, METRICS[noise.metric].passes[0]]) for noise in found]
    return {"calibrations": [asdict(facts) | {"measured_at": utc(facts.measured_at)}], "noises": noisy}


def _row(calibration: str, noise: Noise, session: Row, run: Row) -> Row:
    return {
        "calibration_id": calibration,
        "device_id": session["device_id"],
        "device_name": noise.device,
        "os_build": session["os_build"],
        "workload_id": noise.workload,
        "workload_key": run["workload_key"],
        "pass": run["pass"],
        "artifact_sha256": run["artifact_sha256"],
        "flavour": f"{run['runtime']} {run['flavour']}",
        "harness_hash": run["harness_hash"],
        "metric": noise.metric,
        "statistic": noise.statistic,
        "deviation": noise.deviation,
        "runs": noise.runs,
        "ratio": noise.ratio.value,
        "ratio_low": noise.ratio.low,
        "ratio_high": noise.ratio.high,
    }


@dataclass(frozen=True, slots=True)
class Arming:
    """Which budgets the known noise does not let be armed, and why; and of which numbers, on which devices, none is known."""

    unarmed: Mapping[Budget, str]
    uncalibrated: Mapping[str, tuple[str, ...]]
    """By device: the names of budgets."""


def arming(budgets: Iterable[Budget], devices: Sequence[str], known: pl.DataFrame, plan: Plan) -> Arming:
    """Hold budgets against the noise that is known (columns of known_noises). One of which it is not known on every device is armed."""
    unarmed: dict[Budget, str] = {}
    uncalibrated: dict[str, list[str]] = {}
    for budget in filter(gate.is_armable, budgets):
        meant = [device for device in devices if not budget.devices or device in budget.devices]
        deviations = deviations_of(budget, known)
        unknown = [device for device in meant if device not in deviations]
        for device in unknown:
            uncalibrated.setdefault(device, []).append(budget.name)
        if not unknown and meant and plan.looks:
            why = gate.why_unarmed({device: deviations[device] for device in meant}, budget, plan)
            unarmed |= {} if why is None else {budget: why}
    return Arming(unarmed, {device: tuple(dict.fromkeys(names)) for device, names in uncalibrated.items()})


def deviations_of(budget: Budget, known: pl.DataFrame) -> dict[str, float]:
    """Return the noise of a budget's number by device, the worst where it was measured in more than one way."""
    own = known.filter(workload=budget.workload, metric=budget.metric, statistic=str(budget.statistic))
    return dict(own.group_by("device").agg(pl.col("deviation").max()).rows())


def keys(device: Device, work: Iterable[Contest]) -> set[str]:
    """Return the keys of all that is measured, as its runs have them."""
    return {workload_key(Job(device, one.workload, one.candidate, pass_, 0)) for one in work for pass_ in one.workload.passes}


def of_keys(known: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Return the noise of workloads that were measured with these settings and inputs, on devices that are what they were then."""
    return known.filter(pl.col("workload_key").is_in(list(wanted)), "is_current")


def outdated(known: pl.DataFrame) -> list[str]:
    """Return the devices whose noise is that of another OS build, or of another device that had the name."""
    return sorted(known.filter(~pl.col("is_current"))["device"].unique())
