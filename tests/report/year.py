"""A year of a rack that never was, as the records that `farm run` would have written: seeded, with every change in it known."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from farm.records import Record, record
from farm.workloads import (
    Absent,
    Artifact,
    Device,
    Identity,
    Job,
    Measured,
    Outcome,
    Pass,
    PassSettings,
    Place,
    Provenance,
    Readings,
    Run,
    Session,
    StateReading,
    Workload,
)
from tests.report import fleet
from tests.report.fleet import Event, Net, Phone

FIRST = datetime(2025, 3, 1, 23, 50, tzinfo=UTC)
_UNREAD = "permission denied for a shell"


@dataclass
class Year:
    """What is measured: phones x nets x nights x runs. The last nights have every reading, those before only what is followed."""

    seed: int = 1
    phones: tuple[Phone, ...] = fleet.PHONES[:4]
    nets: tuple[Net, ...] = (*fleet.nets(1, 3), fleet.SMALL_LM[0])
    nights: int = 60
    runs: int = 4
    detailed: int = 3
    """Nights, at the end, with telemetry."""
    readings: int = 40
    events: tuple[Event, ...] | None = None
    dies: tuple[str, float] = ("oneplus13", 2.0)
    """A device and the share of the year after which it gives nothing."""
    breaks: tuple[str, str, int] = ("iphone16pro", "mobilenet-fp16", 5)
    """A device, a workload, and for how many nights, at the end, its runs have failed."""
    invalid: float = 0.03
    passes: tuple[Pass, ...] = fleet.USUAL
    branch: str = "main"
    threads: int = 2
    first: datetime = FIRST
    revision_prefix: str = "r"
    begun: int = 0
    """Runs so far: no two begin at one time."""
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        if self.events is None:
            self.events = fleet.usual_events(self.nights)

    def revision(self, night: int) -> str:
        """Return the revision of a night: there is a new one every night, and its name says its place."""
        return f"{self.revision_prefix}{night:04x}" + f"{(night * 2654435761) & 0xFFFFFFFF:08x}"

    def records(self) -> Iterator[Record]:
        """Yield everything, in order of time."""
        for night in range(self.nights):
            yield from self.night(night)

    def night(self, night: int) -> Iterator[Record]:
        """Yield the records of one night: devices begin minutes apart, around midnight."""
        for number, phone in enumerate(self.phones):
            if not self.is_alive(phone, night):
                continue
            session = self.session(phone, night, self.began_at(night) + timedelta(minutes=7 * number))
            shared = phone.noise / 2 * self.rng.standard_normal()
            for net in self.nets:
                for pass_ in self.passes:
                    yield from self._runs(session, phone, net, pass_, night, shared)
                if night % 7 == 0 and Pass.MEMORY in self.passes:
                    yield from self._runs(session, phone, net, Pass.POWER, night, shared)
                    yield from self._runs(session, phone, net, Pass.QUALITY, night, shared)

    def is_alive(self, phone: Phone, night: int) -> bool:
        """Whether a phone still gives anything on a night."""
        return phone.name != self.dies[0] or night < self.dies[1] * self.nights

    def began_at(self, night: int) -> datetime:
        """Return when a night begins."""
        return self.first + timedelta(days=night)

    def state(self, phone: Phone, night: int) -> dict[str, str]:
        """Return what a session says of its device and tools."""
        state = {"os_build": phone.os_build, "harness": "harness-1", "battery_health": "good", "runtime_version": "1.5.0"}
        for event in self.events or ():
            if event.change and event.holds(phone.name, "", night):
                state[event.change[0]] = event.change[1]
        return state

    def session(self, phone: Phone, night: int, at: datetime) -> Session:
        """Return a session on a phone."""
        identity = Identity(
            f"id-{phone.name}", phone.kind, phone.model, phone.soc, self.state(phone, night)["os_build"], "aarch64", phone.cpu_count,
            phone.memory_bytes, "6.1",
        )  # fmt: skip
        provenance = Provenance("0.1.0", self.revision(night), self.branch)
        command = f"farm run --suite nightly.toml --device {phone.name}"
        return Session(self.new_id(), at, Device(phone.name, phone.kind), identity, provenance, 1, command)

    def artifact(self, net: Net, night: int) -> Artifact:
        """Return a net's model file: another one after each event that changed it."""
        version = sum(event.new_artifact and event.night <= night and net.id in event.workloads for event in self.events or ())
        version += sum(event.new_artifact and event.until <= night and net.id in event.workloads for event in self.events or ())
        sha256 = uuid.uuid5(uuid.NAMESPACE_OID, f"{net.id} {version}").hex * 2
        recipe = {"name": net.model, "model": net.model, "scheme": net.scheme}
        return Artifact(sha256, f"{net.id}.pte", Path(f"{net.id}.pte"), net.size_bytes + 1000 * version, "executorch", recipe)

    def level(self, phone: Phone, net: Net, night: int) -> float:
        """Return by what a net's times on a phone are multiplied on a night."""
        factors = [event.factor for event in self.events or () if event.holds(phone.name, net.id, night)]
        return float(phone.speed * np.prod(factors))

    def _runs(self, session: Session, phone: Phone, net: Net, pass_: Pass, night: int, shared: float) -> Iterator[Record]:
        workload = Workload(net.id, (pass_,), PassSettings(threads=self.threads, decode_tokens=48 if net.is_language_model else 0),
                            prompt=(1, 2, 3) if net.is_language_model else None)  # fmt: skip
        job = Job(session.device, workload, self.artifact(net, night), pass_, 0)
        is_broken = (phone.name, net.id) == self.breaks[:2] and night >= self.nights - self.breaks[2]
        repeat, attempt = 0, 1
        while repeat < (1 if pass_ in (Pass.QUALITY, Pass.POWER) else self.runs):
            is_disturbed = not is_broken and self.rng.random() < self.invalid
            outcome = Outcome.FAILED if is_broken else Outcome.INVALID if is_disturbed else Outcome.OK
            yield record(session, self.run(session, phone, replace(job, repeat=repeat), night, shared, outcome, attempt=attempt))
            repeat, attempt = (repeat, attempt + 1) if is_disturbed else (repeat + 1, 1)

    def run(
        self,
        session: Session,
        phone: Phone,
        job: Job,
        night: int,
        shared: float,
        outcome: Outcome,
        *,
        attempt: int = 1,
        factor: float = 1.0,
    ) -> Run:
        """Return one attempt at a job."""
        net = next(net for net in self.nets if net.id == job.workload.id)
        self.begun += 1
        at = session.started_at + timedelta(seconds=2 * (self.begun % 1500), microseconds=self.begun)
        state = self.state(phone, night)
        slow = 1.6 if outcome is Outcome.INVALID else 1.0
        level = factor * slow * self.level(phone, net, night) * float(np.exp(shared + phone.noise * self.rng.standard_normal()))
        is_failed = outcome is Outcome.FAILED
        measured = Measured("executorch", state["runtime_version"], "xnnpack", state["harness"], "Release", {"type": "begin"})
        unread = () if phone.reads_skin else (Absent("skin_temperature_c", "iOS lets no host read it"),)
        reasons = {Outcome.FAILED: "the operator aten::_scaled_dot_product is missing", Outcome.INVALID: "throttled: cpu4 capped to 62%"}
        return Run(
            id=self.new_id(),
            session_id=session.id,
            job=job,
            attempt=attempt,
            nonce="n",
            started_at=at,
            ended_at=at + timedelta(seconds=9),
            outcome=outcome,
            reason=reasons.get(outcome),
            measured=None if is_failed else measured,
            readings=() if is_failed else tuple(self.read(phone, net, job.pass_, night, level)),
            absent=() if is_failed else unread,
            state=tuple(self._device_state(phone, night, state["battery_health"])),
            output_check=None if is_failed else "passed",
        )

    def read(self, phone: Phone, net: Net, pass_: Pass, night: int, level: float) -> Iterator[Readings]:
        """Yield what a run read."""
        detailed = night >= self.nights - self.detailed
        match pass_:
            case Pass.MEMORY:
                for metric, share in (("vm_hwm_bytes", 1.0), ("rss_anon_bytes", 0.4), ("pss_bytes", 0.9)):
                    value = net.memory_bytes * share * float(np.exp(0.002 * self.rng.standard_normal()))
                    yield Readings(metric, (round(value),))
                    if detailed:
                        for phase, part in (("start", 0.06), ("loaded", 0.7), ("ran", 1.0)):
                            yield Readings(metric, (round(value * part),), phase)
            case Pass.POWER:
                metric = "energy_per_token_uj" if net.is_language_model else "energy_per_inference_uj"
                energy = net.latency_ns * 2.4e-3 * level / phone.speed**0.5
                yield Readings(metric, (energy,))
                yield Readings(metric, (energy * 0.96, energy * 1.05), "interval 95%")
                if detailed:
                    times = tuple(range(0, 60_000_000_000, 1_000_000_000))
                    yield Readings("battery_current_ua", self._walk(len(times), 2.4e5, 9e5), "cmd battery", times)
                    yield Readings("battery_voltage_uv", self._walk(len(times), 4.3e6, 4.2e6), "dumpsys battery", times)
            case Pass.QUALITY:
                yield Readings("perplexity" if net.is_language_model else "accuracy_ratio", (net.quality,))
            case _:
                yield from self._latency(phone, net, level, detailed)

    def _latency(self, phone: Phone, net: Net, level: float, detailed: bool) -> Iterator[Readings]:
        value = net.latency_ns * level
        count = self.readings if detailed else 1
        noise = np.exp(0.03 * np.abs(self.rng.standard_normal(count))) if detailed else np.ones(1)
        series = tuple(float(round(each)) for each in value * noise / float(np.median(noise)))
        if net.is_language_model:
            yield Readings("token_ns", series)
            yield Readings("ttft_ns", (value * 6,))
            yield Readings("prefill_ns", (value * 5,))
            yield Readings("prompt_tokens_count", (64.0,))
        else:
            yield Readings("latency_ns", series)
        if detailed:
            times = tuple(range(0, 9_000_000_000, 500_000_000))
            if phone.reads_skin:
                yield Readings("skin_temperature_c", self._walk(len(times), 31, 34.5), "thermalservice", times)
            yield Readings("frequency_hz", self._walk(len(times), 2.9e9, 2.8e9), "cpu4", times)
            yield Readings("frequency_hz", self._walk(len(times), 1.8e9, 1.8e9), "cpu0", times)
            yield Readings("wall_ns", (value * count,))
            yield Readings("cpu_time_ns", (value * count * 1.96,))

    def _walk(self, count: int, begin: float, end: float) -> tuple[float, ...]:
        line = np.linspace(begin, end, count) * (1 + 0.004 * self.rng.standard_normal(count))
        return tuple(float(each) for each in line)

    def _device_state(self, phone: Phone, night: int, health: str) -> Iterator[StateReading]:
        yield StateReading("battery_health", "before", text=health)
        yield StateReading("battery_level_percent", "before", value=float(95 - night % 30))
        yield StateReading("uptime_s", "before", value=86400.0 * (1 + night % 23))
        yield StateReading("battery_cycle_count", "before", value=float(120 + night // 3 if night < self.nights * 0.66 else 2 + night // 3))
        if phone.reads_skin:
            yield StateReading("skin_temperature_c", "before", value=float(28 + 4 * self.rng.random()))
        else:
            yield StateReading("skin_temperature_c", "before", reason="iOS lets no host read it")
        if night >= self.nights - self.detailed:
            yield StateReading("governor", "before", reason=_UNREAD)

    def placed(self, job: Job, place: Place | None) -> Job:
        """Return a job at a place of a gate's measuring."""
        return replace(job, place=place)

    def new_id(self) -> str:
        """Return an identity that the seed decides."""
        return self.id_from(self.rng)

    def rng_of(self, what: str) -> np.random.Generator:
        """Return numbers of chance of their own, so that what is made beside the runs changes none of them."""
        return np.random.default_rng([self.seed, *what.encode()])

    @staticmethod
    def id_from(rng: np.random.Generator) -> str:
        """Return an identity that a generator decides."""
        return str(uuid.UUID(bytes=rng.bytes(16), version=4))
