"""Budgets relative to a baseline: the ratio of candidate to baseline, over all devices of the budget.

Everything is done on costs: logarithms of values, turned so that more is worse. A shift of costs is the logarithm of the ratio.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from farm import units
from farm.gate import concerns, looks, words
from farm.gate.frames import Selection, exclusions
from farm.gate.strata import of_device
from farm.stats import power
from farm.stats.ranks import Shift, Stratum, fewest_a_side
from farm.verdicts import Budget, Decision, Estimate, Exclusion, Plan, Side, Used, Verdict

METHOD = (
    "ratio of run-level values: van Elteren's rank test on logarithms within each device's blocks, Hodges-Lehmann estimate, "
    "repeated confidence interval; group-sequential boundaries, O'Brien-Fleming type for FAIL, Pocock type for PASS"
)
_USUAL_LEVEL = 0.025
DOUBT = 0.2
_LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a relative budget asks: whether the shift of costs is at most limit."""

    budget: Budget
    devices: tuple[str, ...]
    plan: Plan
    sign: int
    """1 where less is better, -1 where more is."""
    limit: float

    def ratio(self, shift: float) -> float:
        """Return a shift of costs as candidate / baseline; what no float holds is the largest or smallest that one does, nearly."""
        return math.exp(max(-_LARGEST_LOG, min(_LARGEST_LOG, self.sign * shift)))


@dataclass(frozen=True, slots=True)
class Look:
    """The data at one look."""

    seen: Selection
    blocks: int
    strata: Mapping[str, Sequence[Stratum]]
    """By device."""
    lonely: tuple[Exclusion, ...]
    """Valid runs that have nothing to be compared with."""
    short: tuple[str, ...]
    """Devices with too few valid runs, in words."""

    def shift(self) -> Shift:
        """Return the shift over all devices."""
        return Shift(tuple(stratum for own in self.strata.values() for stratum in own))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ranks say at one look."""

    decision: Decision
    estimate: float
    low: float
    high: float
    levels: looks.Levels
    error: float
    """Standard error of the estimate; inf when so few runs tell none."""


def judge(budget: Budget, selection: Selection, plan: Plan, devices: Sequence[str]) -> Verdict:
    """Return the verdict at the first look that decides, else at the last one."""
    sign = budget.sign
    if selection.unordered is not None:
        plan = replace(plan, looks=())
    question = Question(budget, tuple(devices), plan, sign, limit_of(budget, sign))
    fractions: list[float] = []
    verdict = None
    at = looks.planned(selection, plan)
    for blocks in at:
        look, reading = looked_at(selection.until(blocks), blocks, question), None
        if not look.short:
            fractions.append(looks.fraction(blocks, look.shift().information, len(devices), plan))
            reading = _read(question, look, tuple(fractions))
        if blocks == at[-1] or (reading is not None and reading.decision is not Decision.INCONCLUSIVE):
            verdict = replace(_untested(question, look), looks=len(fractions))
            verdict = verdict if reading is None else _tested(verdict, question, look, reading)
            if verdict.decision is not Decision.INCONCLUSIVE:
                break
    assert verdict is not None, "there is always one look"
    unused = selection.valid.filter(pl.col("turn") > verdict.blocks)
    return replace(verdict, exclusions=verdict.exclusions + exclusions(unused, "measured after the look that decided"))


def limit_of(budget: Budget, sign: int) -> float:
    """Return the largest shift of costs that a relative budget allows. Raises ValueError when it allows any."""
    assert budget.max_regression is not None
    if sign * budget.max_regression <= -1:
        raise ValueError(f"{budget.name}: more is better, so a max_regression of 100 % or more allows anything")
    return sign * math.log1p(sign * budget.max_regression)


def looked_at(seen: Selection, blocks: int, question: Question) -> Look:
    """Return what had been measured, ready to be compared."""
    strata: dict[str, list[Stratum]] = {}
    lonely: list[Exclusion] = []
    short = []
    for device in question.devices:
        own = seen.valid.filter(pl.col("device") == device)
        strata[device], left_over = of_device(own, question.sign, apart=seen.unordered is not None)
        lonely += left_over
        fewest = min(sum(each.baseline.size for each in strata[device]), sum(each.candidate.size for each in strata[device]))
        if fewest < question.plan.min_runs:
            short.append(f"{device} has {units.counted(fewest, 'run')} a side and needs {question.plan.min_runs}")
    return Look(seen, blocks, strata, tuple(lonely), tuple(short))


def _read(question: Question, look: Look, fractions: tuple[float, ...]) -> Reading:
    shift, full = look.shift(), question.plan.error
    levels = looks.levels(fractions, full)
    low, high = shift.lower_bound(levels.fail), shift.upper_bound(levels.pass_)
    decision = Decision.INCONCLUSIVE
    if low > question.limit + looks.TOLERANCE:
        decision, high = Decision.FAIL, shift.upper_bound(full)
    elif high < question.limit - looks.TOLERANCE:
        decision, low = Decision.PASS, shift.lower_bound(full)
    error = power.standard_error(shift.lower_bound(_USUAL_LEVEL), shift.upper_bound(_USUAL_LEVEL), _USUAL_LEVEL)
    return Reading(decision, shift.estimate(), low, high, levels, error)


def _untested(question: Question, look: Look) -> Verdict:
    """Return the verdict as it stands before anything is tested."""
    return Verdict(
        question.budget,
        Decision.INCONCLUSIVE,
        f"too few valid runs: {words.listed(list(look.short))}" if look.short else "",
        question.ratio(question.limit),
        METHOD,
        would_decide="valid runs of both sides on every device of the budget" if look.short else None,
        used=tuple(_used(question, device, own) for device, own in look.strata.items()),
        blocks=look.blocks,
        advisory=look.seen.unordered,
        warnings=concerns.warnings(look.seen, look.strata),
        exclusions=look.seen.exclusions() + look.lonely,
        more_runs_help=_may_go_on(question, look),
    )


def _used(question: Question, device: str, own: Sequence[Stratum]) -> Used:
    estimate = question.ratio(Shift(tuple(own)).estimate()) if own else None
    return Used(device, sum(stratum.baseline.size for stratum in own), sum(stratum.candidate.size for stratum in own), estimate)


def _may_go_on(question: Question, look: Look) -> bool:
    """Whether further blocks may decide it: a side without a valid run in all blocks so far will hardly have one in the next."""
    found = set(look.seen.valid.select("device", "side").unique().iter_rows())
    everywhere = all((device, side) in found for device in question.devices for side in Side)
    return bool(question.plan.looks) and look.blocks < question.plan.looks[-1] and everywhere


def _tested(verdict: Verdict, question: Question, look: Look, reading: Reading) -> Verdict:
    """Return the verdict with what the test says, and what holds that back."""
    estimate = _as_ratio(question, reading)
    far = question.limit + power.detectable(reading.error, question.plan.error)
    text = f"{words.ratio_interval(estimate)}, {words.ratio(verdict.allowed)} allowed"
    detectable = question.ratio(far) if math.isfinite(far) else None
    verdict = replace(verdict, estimate=estimate, detectable=detectable, levels=(reading.levels.fail, reading.levels.pass_))
    broken = concerns.broken(look.seen, reading.decision)
    if broken is not None:
        return replace(verdict, reason=f"{text}; {broken}", would_decide="runs that do not fail", more_runs_help=False)
    if reading.decision is Decision.INCONCLUSIVE:
        why = "the interval holds the budget"
        if estimate.low is None and estimate.high is None:
            why = f"{units.counted(_a_side(look), 'run')} a side are too few for an interval"
        return replace(verdict, reason=f"{text}: {why}", would_decide=_wanted(question, look, reading))
    torn = concerns.torn(look.strata, reading.decision)
    if torn is not None:
        return replace(verdict, reason=f"{text}; {torn}", would_decide="the cause of the two groups, or a limit for the worse one")
    doubtful = _doubtful(question, look) if reading.decision is Decision.PASS else []
    if doubtful:
        said = f"over all devices; {words.listed(doubtful)} alone may still be over the budget"
        return replace(verdict, reason=f"{text} {said}", would_decide="more runs, or a budget for each device")
    return replace(verdict, decision=reading.decision, reason=text, more_runs_help=False)


def _as_ratio(question: Question, reading: Reading) -> Estimate:
    bounds = [question.ratio(bound) if math.isfinite(bound) else None for bound in (reading.low, reading.high)]
    low, high = bounds if question.sign > 0 else reversed(bounds)
    return Estimate(question.ratio(reading.estimate), low, high, 1 - 2 * question.plan.error)


def _doubtful(question: Question, look: Look) -> list[str]:
    """Return the devices that do not seem to be within the budget by themselves: one must not hide behind the others.

    The common ratio passes only when on every device the one-sided 80 % bound is within the budget as well. This can only hold
    back a PASS; it is no test of its own, since the test declared is that of the common ratio.
    """
    if len(question.devices) == 1:
        return []
    return [device for device, own in look.strata.items() if Shift(tuple(own)).upper_bound(DOUBT) >= question.limit]


def _wanted(question: Question, look: Look, reading: Reading) -> str:
    """Say what would end an INCONCLUSIVE: more runs, so many if the ratio is what it seems, or something else."""
    distance = abs(reading.estimate - question.limit)
    runs = _a_side(look)
    if not math.isfinite(reading.error):
        fewest = max(fewest_a_side(question.plan.error, len(look.strata)), runs + 1)
        return f"more runs: at least {fewest} a side on each device; {runs} bound the ratio on no side"
    if distance * 10 <= reading.error or distance < looks.TOLERANCE:
        return "nothing but a clearer difference: the ratio seems to be the budget itself"
    wanted = math.ceil(runs * (power.detectable(reading.error, question.plan.error) / distance) ** 2)
    return f"about {max(wanted, runs + 1)} runs a side on each device, if the ratio is what it seems; or less noise"


def _a_side(look: Look) -> int:
    """Return how many runs a side there are on the device that has most."""
    return max(sum(min(each.baseline.size, each.candidate.size) for each in own) for own in look.strata.values())
