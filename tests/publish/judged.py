"""Verdicts of every kind, made up."""

from dataclasses import replace
from datetime import date

from farm.metrics import Statistic
from farm.publish.judgement import Judgement
from farm.verdicts import (
    Budget,
    Change,
    Decision,
    Estimate,
    Exclusion,
    Exemption,
    Quality,
    Severity,
    Side,
    Used,
    Verdict,
    exit_code,
)

RELATIVE = Budget("net", "latency_ns", Statistic.P50, max_regression=0.03)
LIMIT = Budget("net", "vm_hwm_bytes", Statistic.VALUE, limit=1.1e9, devices=("s25",))
RATE = Budget("chat", "decode_tokens_per_s", Statistic.P50, limit=20.0)
DROP = Budget("net", Quality.ACCURACY, Statistic.VALUE, max_drop=0.01)
WARNS = Budget("chat", "ttft_ns", Statistic.P50, max_regression=0.05, severity=Severity.WARN)

PASSED = Verdict(
    LIMIT,
    Decision.PASS,
    "1.02 GB (1.01 GB … 1.03 GB), 1.1 GB allowed",
    1.1e9,
    "median",
    estimate=Estimate(1.02e9, 1.01e9, 1.03e9, 0.95),
    detectable=1.13e9,
    used=(Used("s25", 0, 8, 1.02e9),),
)
FAILED = Verdict(
    RELATIVE,
    Decision.FAIL,
    "+6.1 % (+5 % … +7.2 %), +3 % allowed",
    1.03,
    "van Elteren",
    estimate=Estimate(1.061, 1.05, 1.072, 0.95),
    detectable=1.045,
    used=(Used("s25", 10, 10, 1.06), Used("pixel9", 10, 9, 1.062)),
    looks=2,
    blocks=5,
    warnings=("runs fall into two groups",),
    exclusions=(Exclusion("0f1e", "pixel9", Side.CANDIDATE, "throttled"),),
)
OPEN = Verdict(
    RATE,
    Decision.INCONCLUSIVE,
    "too few valid runs",
    20.0,
    "median",
    would_decide="4 more runs on s25",
    used=(Used("s25", 0, 2),),
    advisory="order unknown",
    more_runs_help=True,
)
DROPPED = Verdict(DROP, Decision.PASS, "fine", 0.01, "paired", estimate=Estimate(0.004, -0.001, None, 0.95), used=(Used("s25", 500, 500),))
WARNED = Verdict(WARNS, Decision.FAIL, "slower", 1.05, "van Elteren", blocking=False, detectable=float("inf"))
EXEMPT = replace(FAILED, budget=replace(RELATIVE, workload="old", exemption=Exemption(date(2026, 12, 31), "me", "known")), blocking=False)
CHANGE = Change("net", "load_cold_ns", Statistic.VALUE, "s25", Estimate(1.2, 1.1, None, 0.95), True, 0.003)


def a_judgement(*verdicts: Verdict, **changes: object) -> Judgement:
    given = verdicts or (PASSED, WARNED, OPEN, FAILED, DROPPED, EXEMPT)
    fields = {"changes": (CHANGE,), "candidate": "v2", "baseline": "v1", "suite": "suites/net.toml"} | changes
    return Judgement(given, exit_code(given), **fields)  # type: ignore[arg-type]


def hostile(text: str) -> Judgement:
    """Return a judgement in which everything that comes from outside says text."""
    budget = replace(RELATIVE, workload=text, devices=(text,))
    verdict = replace(
        FAILED,
        budget=budget,
        reason=text,
        warnings=(text,),
        exclusions=(Exclusion(text, text, Side.BASELINE, text),),
        used=(Used(text, 1, 1, 1.0),),
        would_decide=text,
        advisory=text,
    )
    return a_judgement(verdict, replace(verdict, blocking=False), candidate=text, baseline=text, suite=text)
