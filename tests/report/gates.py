"""A gate on the rack that never was, judged by farm.release itself: one budget fails, one stays open, one only warns, the others pass."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from farm import __version__, release
from farm.cli.nights import Promised
from farm.metrics import Statistic
from farm.rack import Contest
from farm.records import Record, record
from farm.store import Store
from farm.verdicts import Budget, Exemption, Plan, Severity, exit_code
from farm.workloads import Artifact, Device, Job, Outcome, Pass, PassSettings, Session, Workload
from tests.report.year import Year
from tests.track.rack import load

BUDGETS = (
    Budget("mobilenet-int8", "latency_ns", Statistic.P50, max_regression=0.03),
    Budget("mobilenet-fp16", "latency_ns", Statistic.P50, max_regression=0.03),
    Budget("chat-8da4w", "decode_tokens_per_s", Statistic.P50, max_regression=0.05),
    Budget("chat-8da4w", "ttft_ns", Statistic.P50, max_regression=0.05, severity=Severity.WARN),
    Budget("mobilenet-int8", "vm_hwm_bytes", Statistic.VALUE, limit=11e6),
    Budget("mobilenet-fp16", "vm_hwm_bytes", Statistic.VALUE, limit=15.5e6, exemption=Exemption(date(2099, 1, 1), "kim", "new tokenizer")),
)
NIGHTLY = (
    Budget("mobilenet-int8", "latency_ns", Statistic.P50, max_regression=0.05),
    Budget("mobilenet-fp32", "latency_ns", Statistic.P50, max_regression=0.05, devices=("s25",)),
    Budget("mobilenet-fp16", "latency_ns", Statistic.P50, max_regression=0.05),
    Budget("chat-8da4w", "token_ns", Statistic.P50, limit=15e6, devices=("s25", "pixel9")),
    Budget("chat-8da4w", "ttft_ns", Statistic.P50, max_regression=0.1, severity=Severity.WARN),
    Budget("mobilenet-int8", "vm_hwm_bytes", Statistic.VALUE, limit=11e6),
    Budget("mobilenet-fp32", "energy_per_inference_uj", Statistic.VALUE, limit=30e3),
)
"""What is promised of each night."""
PROMISED = Promised("suites/nightly.toml", NIGHTLY, Plan())
RATIOS = {"mobilenet-int8": 1.09, "mobilenet-fp16": 1.03, "chat-8da4w": 1.06}
"""Of the candidate's times over the baseline's."""
DEVICES = ("s25", "pixel9")
_PLAN = Plan(looks=(4, 5))


def judge(store: Store, year: Year, at: datetime, *, baseline: str = "v1", candidate: str = "v2", fails: str | None = None) -> str:
    """Measure, judge and store a gate; return its identity. fails: a device that does not come to the end."""
    night = year.nights - 1
    phones = {phone.name: phone for phone in year.phones if phone.name in DEVICES}
    sessions = {name: year.session(phone, night, at) for name, phone in phones.items()}
    sessions = {
        name: replace(session, provenance=replace(session.provenance, branch=None, revision=candidate))
        for name, session in sessions.items()
    }
    nets = {net.id: net for net in year.nets if net.id in RATIOS}
    contests = tuple(
        Contest(
            Workload(
                net.id,
                (Pass.LATENCY,) if net.is_language_model else (Pass.LATENCY, Pass.MEMORY),
                PassSettings(threads=2, decode_tokens=48 if net.is_language_model else 0),
                prompt=(1, 2, 3) if net.is_language_model else None,
            ),
            _built(year.artifact(net, night), "9"),
            year.artifact(net, night),
        )
        for net in nets.values()
    )
    rounds = 0

    def measure(jobs: Mapping[str, Sequence[Job]]) -> release.Round:
        nonlocal rounds
        rounds += 1
        records: list[Record] = []
        for name, own in jobs.items():
            if name != fails or rounds == 1:
                records += [_measured(year, sessions[name], job, night) for job in own]
        load(store, records)
        return release.Round(records, {fails: "it was unplugged"} if fails is not None and fails in jobs and rounds > 1 else {})

    devices = tuple(Device(name, phone.kind) for name, phone in phones.items())
    asked = release.Asked(year.new_id(), devices, contests, BUDGETS, _PLAN, 7, at.date())
    decided = release.decide(asked, measure)
    facts = release.GateFacts(
        at, "nightly", "suites/nightly.toml", candidate, baseline, 7, 7200.0, exit_code(decided.verdicts), __version__,
        "farm gate --suite suites/nightly.toml --candidate v2 --baseline v1",
    )  # fmt: skip
    artifacts = pl.DataFrame(
        [
            (contest.workload.id, side, sha256)
            for contest in contests
            for side, sha256 in (("candidate", contest.candidate.sha256), ("baseline", contest.baseline.sha256))
        ],
        schema=["workload", "side", "sha256"],
        orient="row",
    )
    assert decided.numbers is not None
    store.add(release.gate_rows(asked, facts, decided.verdicts, decided.failures, decided.numbers.runs, artifacts))
    return asked.gate


def _built(artifact: Artifact, mark: str) -> Artifact:
    return replace(artifact, sha256=mark * 4 + artifact.sha256[4:])


def _measured(year: Year, session: Session, job: Job, night: int) -> Record:
    phone = next(phone for phone in year.phones if phone.name == job.device.name)
    is_candidate = job.place is not None and job.place.side == "candidate"
    outcome = Outcome.INVALID if year.rng.random() < 0.04 else Outcome.OK
    factor = RATIOS[job.workload.id] if is_candidate else 1.0
    run = year.run(session, phone, job, night, 0.0, outcome, factor=factor)
    if job.place is not None and job.place.block > 1:  # what nobody digs in
        run = replace(run, readings=tuple(item for item in run.readings if not item.source)[:4], state=run.state[:2])
    return record(session, run)
