"""What many tests share: a built fake harness, fake models, and values."""

import ctypes
import fcntl
import hashlib
import logging
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


# Several processes may run the tests (pytest -n). Tests of these folders stay together in one of them: they share a browser, or hosts.
_TOGETHER = {"report": "pages", "cluster": "hosts"}
_BENCHES = ("android_bench", "ios_bench")
_ON_THIS_MACHINE = ("cli", "test_end_to_end.py")
_LOCKS = Path("/run/lock")


def pytest_configure(config: pytest.Config) -> None:
    """Give this process a folder of locks of its own where it may, so that tests of several processes can each have `local`."""
    config.stash[_OWN_LOCKS] = _LOCKS.is_dir() and os.geteuid() == 0 and _mount_over(_LOCKS)


_OWN_LOCKS = pytest.StashKey[bool]()


def _mount_over(folder: Path) -> bool:
    """Mount an empty file system over a folder, seen by this process and its children only; return whether that was allowed."""
    libc = ctypes.CDLL(None)
    new_namespace, recursive_private = 0x00020000, 0x4000 | 1 << 18
    return bool(
        libc.unshare(new_namespace) == 0
        and libc.mount(None, b"/", None, recursive_private, None) == 0
        and libc.mount(b"none", bytes(folder), b"tmpfs", 0, b"mode=1777") == 0
    )


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow comes last: a mistake shows early. What cannot run beside each other is grouped for pytest-xdist."""
    items.sort(key=_turn)
    for item in items:
        place = item.path.relative_to(TESTS)
        group = _TOGETHER.get(place.parts[0])
        if group is None and _shares_what_is_dear(item):
            group = str(place)
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


def _turn(item: pytest.Item) -> tuple[bool, float]:
    """Return when a test's turn is: of the slow ones those first that take longest, or one process would end with them alone."""
    slow = item.get_closest_marker("slow")
    return slow is not None, -slow.args[0] if slow is not None and slow.args else 0.0


def _shares_what_is_dear(item: pytest.Item) -> bool:
    """Whether a test uses a bench, or a fixture that its module makes once."""
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(name in _BENCHES or any(each.scope == "module" for each in each_of) for name, each_of in fixtures.items())


@pytest.fixture(autouse=True)
def _this_machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where all processes share one folder of locks, have one test at a time measure on `local`: those of tests/cli, and those marked."""
    measures = request.path.relative_to(TESTS).parts[0] in _ON_THIS_MACHINE or request.node.get_closest_marker("this_machine")
    if request.config.stash[_OWN_LOCKS] or not measures:
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "this-machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def _logs_as_usual() -> Iterator[None]:
    """Have a command that ran in the test's own process leave no level of logging to the next test."""
    yield
    logging.getLogger("farm").setLevel(logging.NOTSET)


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
