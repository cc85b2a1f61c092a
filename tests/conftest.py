"""What many tests share: a built fake harness, fake models, and values."""

import fcntl
import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from farm.artifacts import open_artifact
from farm.harness import build
from farm.workloads import (
    Artifact,
    Conditions,
    Device,
    DeviceKind,
    HarnessBuild,
    Identity,
    Job,
    Measured,
    Outcome,
    Pass,
    PassSettings,
    Provenance,
    Readings,
    Run,
    Session,
    Workload,
    new_id,
)
from tests.bench.android.fixtures import android_bench
from tests.bench.ios.fixtures import ios_bench, ios_workers

__all__ = ["android_bench", "ios_bench", "ios_workers"]

TESTS = Path(__file__).parent
ROOT = TESTS.parent

# How long an example takes says more of the machine than of farm; pytest-timeout ends what hangs.
settings.register_profile("farm", deadline=None)
settings.load_profile("farm")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

# A test machine is never quiet: what disturbs a run is tested by itself, with stated readings.
CALM = Conditions(
    max_cpu_busy_ratio=10.0,
    max_run_delay_ratio=1e9,  # of a pass of a few microseconds, one pause is a thousandfold
    min_thread_cpu_ratio=0.0,
    max_other_work_ratio=1e9,
    max_slowdown_ratio=1e9,
    max_skin_temperature_c=100.0,
    settle_timeout_s=5.0,
)
CALM_TOML = """
[defaults.conditions]
max_cpu_busy = "1000 %"
max_run_delay = "1000 %"
min_thread_cpu = "0 %"
max_other_work = "1000 %"
max_slowdown = "1000 %"
settle_timeout = "5 s"
"""
LOCAL = Device("local", DeviceKind.LOCAL, conditions=CALM)
IDENTITY = Identity("local-0123", DeviceKind.LOCAL, "bench", "a processor", "Debian", "x86_64", 2, 8 * 2**30, "6.1")

FakeModel = Callable[..., Artifact]


# Several processes may run the tests (pytest -n). What uses one of these, the lease of the machine, or one browser stays in one of them.
_SHARED = {"android_bench": "phones", "ios_bench": "iphones"}
_TOGETHER = {"cli": "this machine", "test_end_to_end.py": "this machine", "report": "pages", "cluster": "hosts"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow comes last: a mistake shows early. What cannot run beside each other is grouped for pytest-xdist."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        group = next((group for name, group in _SHARED.items() if name in fixtures), None)
        if group is None:
            group = _TOGETHER.get(item.path.relative_to(TESTS).parts[0])
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _this_machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have one test at a time measure on `local`, which all worker processes share: those of its group, and those marked for it."""
    group = request.node.get_closest_marker("xdist_group")
    if request.node.get_closest_marker("this_machine") is None and (group is None or group.args[0] != "this machine"):
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "this-machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def in_ci() -> bool:
    """Whether a test that cannot run here must fail instead of being skipped."""
    return os.environ.get("CI", "").lower() in ("1", "true")


@pytest.fixture(scope="session")
def builds() -> Path:
    """Where tests keep harness builds: known by the hash of their sources, so that they may be kept between sessions."""
    return ROOT / ".farm"


@pytest.fixture(scope="session")
def fake_harness(builds: Path) -> HarnessBuild:
    return build.ensure(build.Target.HOST, "fake", builds, on_progress=lambda _: None)


@pytest.fixture
def fake_model(tmp_path: Path) -> FakeModel:
    """Make a model of the fake runtime: fake_model(spin_ns=1000, crash_at_iteration=3)."""

    def make(name: str = "model.fake", **settings: object) -> Artifact:
        path = tmp_path / name
        path.write_text("farm-fake 1\n" + "".join(f"{key} {value}\n" for key, value in settings.items()))
        return open_artifact(path)

    return make


def a_job(artifact: Artifact, pass_: Pass = Pass.LATENCY, repeat: int = 0, **settings: object) -> Job:
    given = {"threads": 1, "warmup_iterations": 1, "iterations": 5, "duration_ms": 0, "max_iterations": 5, "timeout_s": 20.0} | settings
    return Job(LOCAL, Workload("a-workload", (pass_,), PassSettings(**given)), artifact, pass_, repeat)  # type: ignore[arg-type]


def an_artifact(name: str = "model.pte") -> Artifact:
    return Artifact(hashlib.sha256(name.encode()).hexdigest(), name, Path(name), 1234, "executorch")


def a_session(**changes: object) -> Session:
    given = {
        "id": new_id(NOW),
        "started_at": NOW,
        "device": LOCAL,
        "identity": IDENTITY,
        "provenance": Provenance("0.1.0", "abc123", "main"),
        "seed": 7,
        "command": "farm run",
    }
    return Session(**(given | changes))  # type: ignore[arg-type]


def a_run(session: Session, latency_ns: tuple[float, ...] = (1.0, 2.0, 3.0), **changes: object) -> Run:
    given = {
        "id": new_id(NOW),
        "session_id": session.id,
        "job": a_job(an_artifact()),
        "attempt": 1,
        "nonce": "c0ffee",
        "started_at": NOW,
        "ended_at": NOW,
        "outcome": Outcome.OK,
        "measured": Measured("executorch", "1.5.1", "xnnpack", "0f1e", "Release", {"type": "begin"}),
        "readings": (Readings("latency_ns", latency_ns), Readings("wall_ns", (10.0,)), Readings("cpu_time_ns", (9.0,))),
    }
    return Run(**(given | changes))  # type: ignore[arg-type]


needs_linux = pytest.mark.skipif(platform.system() != "Linux", reason="the harness is built for Linux")
