"""Three hosts with eight simulated phones each, real processes in network namespaces; one host is cut off and back, one worker killed."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from farm.workloads import HarnessBuild
from tests.cluster.network import HUB, Network, needs_namespaces, until
from tests.cluster.rack_host import CHANGED
from tests.conftest import CALM_TOML

RACKS = ("rack1", "rack2", "rack3")
PHONES = {rack: [f"{rack}-phone{number}" for number in range(8)] for rack in RACKS}
REPEAT = 3


@dataclass
class Night:
    """What came of it."""

    network: Network
    code: int
    said: str
    runs: list[dict[str, Any]]
    cut_at_s: float
    mended_at_s: float
    shown_while_cut: int
    """Runs of rack2 that had come in before its cable was plugged in again."""

    def of(self, rack: str) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["device_name"] in PHONES[rack]]


def lab(scheduler: str) -> str:
    text = CALM_TOML + f'[cluster]\nscheduler = "{scheduler}"\npatience = "60 s"\n'
    for rack, phones in PHONES.items():
        for phone in phones:
            text += f'[devices.{phone}]\nkind = "local"\nhost = "{rack}"\n'
    return text + f"[pools]\nall = {json.dumps([phone for phones in PHONES.values() for phone in phones])}\n"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, builds: Path, fake_harness: HarnessBuild) -> Iterator[Network]:
    """The hosts with their keys, the scheduler, and a worker on each rack."""
    needs_namespaces()
    with Network(tmp_path_factory.mktemp("hosts"), RACKS) as made:
        hub = made.hosts[HUB]
        (hub.folder / ".farm" / "harness").symlink_to(builds / "harness")
        scheduler = f"tls://{hub.address}:8786"
        (hub.folder / "devices.toml").write_text(lab(scheduler))
        (hub.folder / "model.fake").write_text("farm-fake 1\nsleep_ns 500000000\n")
        assert hub.run("-m", "farm", "cluster", "keys", *RACKS).returncode == 0
        made.start(HUB, "scheduler.log", "-m", "farm", "cluster", "scheduler")
        for rack in RACKS:
            shutil.copytree(hub.folder / ".farm/cluster/keys" / rack, made.hosts[rack].folder / ".farm/cluster/keys" / rack)
            start_worker(made, rack)
        until(lambda: all(f"{rack} is here" in log(made, HUB, "scheduler.log") for rack in RACKS))
        yield made


def start_worker(network: Network, rack: str) -> "subprocess.Popen[str]":
    return network.start(rack, "worker.log", "-m", "tests.cluster.rack_host", f"tls://{network.hosts[HUB].address}:8786", rack)


def log(network: Network, host: str, name: str) -> str:
    return (network.hosts[host].folder / name).read_text()


def sql(network: Network, statement: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(network.hosts[HUB].run("-m", "farm", "sql", statement, "--json").stdout)
    return rows


RUN = ("-m", "farm", "run", "model.fake", "--threads", 1, "--iterations", 3, "--duration", 0, "--passes", "latency")


@pytest.fixture(scope="module")
def night(network: Network) -> Night:
    """All phones measured; meanwhile rack2 is cut off and back, and the worker of rack3 killed and started again."""
    run = network.start(HUB, "run.log", *RUN, "--pool", "all", "--repeat", REPEAT)
    until(
        lambda: all(shown(network, rack) for rack in RACKS) and log(network, "rack2", "worker.log").count("begins") == len(PHONES["rack2"]),
        90,
    )
    network.cut("rack2")
    rack3 = next(process for process in network.processes if process.args[-1] == "rack3")  # type: ignore[index]
    rack3.kill()
    cut_at_s = time.time()
    start_worker(network, "rack3")
    until(lambda: shown(network, "rack1") + shown(network, "rack3") == 2 * len(PHONES["rack1"]) * REPEAT, 90)
    until(lambda: "rack2 is gone" in log(network, HUB, "scheduler.log"), 90)
    until(lambda: len(journalled(network, "rack2")) == len(PHONES["rack2"]) * REPEAT, 90)
    others_s, shown_of_rack2 = time.time(), shown(network, "rack2")
    network.mend("rack2")
    code = run.wait(120)
    statement = "SELECT device_name, runs.id, repeat, attempt, outcome, ended_at FROM runs JOIN sessions ON sessions.id = session_id"
    return Night(network, code, log(network, HUB, "run.log"), sql(network, statement), cut_at_s, others_s, shown_of_rack2)


def shown(network: Network, rack: str) -> int:
    """How many runs of a rack farm run has told of."""
    return sum(f"] {rack}-" in line and line.endswith(": ok") for line in log(network, HUB, "run.log").splitlines())


def journalled(network: Network, rack: str) -> set[str]:
    """The runs that a rack has on its own disk."""
    return {path.stem for path in (network.hosts[rack].folder / ".farm/cluster/sessions").glob("*/runs/*.json")}


def ended_s(run: dict[str, Any]) -> float:
    return datetime.fromisoformat(run["ended_at"] + "+00:00").timestamp()


@pytest.mark.timeout(400)  # the fixture's: a busy machine
def test_every_expected_run_is_there_exactly_once(night: Night) -> None:
    assert night.code == 0, night.said
    found = Counter((run["device_name"], run["repeat"]) for run in night.runs if run["outcome"] == "ok")
    assert found == {(phone, repeat): 1 for phones in PHONES.values() for phone in phones for repeat in range(REPEAT)}
    assert not [run for run in night.runs if run["outcome"] != "ok"]


def test_what_a_host_measured_while_it_was_cut_off_came_in_when_it_was_back(night: Night) -> None:
    assert "rack2 is back" in night.said
    assert night.shown_while_cut < len(PHONES["rack2"]) * REPEAT, "it was cut off in the middle"
    meanwhile = [run for run in night.of("rack2") if night.cut_at_s < ended_s(run) < night.mended_at_s]
    assert len(meanwhile) >= len(PHONES["rack2"]) * REPEAT - night.shown_while_cut


def test_the_others_never_waited(night: Night) -> None:
    assert max(ended_s(run) for rack in ("rack1", "rack3") for run in night.of(rack)) < night.mended_at_s
    before, _, _ = night.said.partition("rack2 is back")
    assert sum("] rack1-" in line for line in before.splitlines()) == len(PHONES["rack1"]) * REPEAT


def test_a_killed_worker_costs_only_its_runs_in_flight(night: Night) -> None:
    assert [run for run in night.of("rack3") if ended_s(run) < night.cut_at_s], "it was killed in the middle"
    assert journalled(night.network, "rack3") == {run["id"] for run in night.of("rack3")}
    assert all(run["attempt"] == 1 for run in night.of("rack3"))


def test_runs_are_journalled_on_the_hosts_and_stored_where_the_scheduler_is(night: Night) -> None:
    for rack in RACKS:
        assert journalled(night.network, rack) == {run["id"] for run in night.of(rack)}
        assert not (night.network.hosts[rack].folder / ".farm/farm.duckdb").exists()


def test_models_and_harnesses_are_sent_once_to_each_host(night: Night) -> None:
    for rack in RACKS:
        folder = night.network.hosts[rack].folder / ".farm/cluster"
        assert len(list((folder / "harness").iterdir())) == 1
        assert not list((folder / "files").glob("*.partial"))


def test_status_tells_the_hosts_and_leaves_nothing_waiting(night: Night) -> None:
    done = night.network.hosts[HUB].run("-m", "farm", "cluster", "status", "--json")
    assert done.returncode == 0, done.stderr
    hosts = json.loads(done.stdout)
    assert [(host["host"], host["there"], host["sessions"], host["waiting_runs"]) for host in hosts] == [
        (rack, True, {}, 0) for rack in RACKS
    ]


def test_an_interrupt_ends_the_sessions_there_and_puts_the_phones_back(night: Night) -> None:
    network = night.network
    before = count(network)
    run = network.start(HUB, "interrupted.log", *RUN, "--device", "rack1-phone0,rack1-phone1", "--repeat", 20)
    until(lambda: "[2/40]" in log(network, HUB, "interrupted.log"))
    boxes = [network.hosts["rack1"].folder / ".farm/box" / phone for phone in ("rack1-phone0", "rack1-phone1")]
    assert all((box / CHANGED).exists() for box in boxes)
    os.kill(run.pid, signal.SIGINT)
    assert run.wait(20) == 130
    assert not any((box / CHANGED).exists() for box in boxes)
    ended = sum(": ok" in line for line in log(network, HUB, "interrupted.log").splitlines())
    assert count(network) == before + ended


def test_a_first_sigterm_lets_the_runs_there_end(night: Night) -> None:
    network = night.network
    before = count(network)
    run = network.start(HUB, "drained.log", *RUN, "--device", "rack1-phone0", "--repeat", 20)
    until(lambda: "[1/20]" in log(network, HUB, "drained.log"), 60)
    run.terminate()
    assert run.wait(30) == 130
    said = log(network, HUB, "drained.log")
    assert "the runs that are under way end first" in said
    assert not (network.hosts["rack1"].folder / ".farm/box/rack1-phone0" / CHANGED).exists()
    assert 1 < sum(": ok" in line for line in said.splitlines()) == count(network) - before < 20


def test_what_went_on_without_its_controller_comes_in_later_and_is_not_measured_twice(night: Night) -> None:
    network, hub = night.network, night.network.hosts[HUB]
    before, earlier = count(network), journalled(network, "rack1")
    run = network.start(HUB, "killed.log", *RUN, "--device", "rack1-phone0,rack1-phone1", "--repeat", 3)
    until(lambda: "[2/6]" in log(network, HUB, "killed.log"), 60)
    run.kill()
    until(lambda: len(journalled(network, "rack1") - earlier) == 6, 60)  # its host goes on
    until(lambda: "runs came in" in hub.run("-m", "farm", "cluster", "collect").stdout and count(network) == before + 6, 60)
    resumed = hub.run("-m", "farm", "run", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert count(network) == before + 6
    assert len(journalled(network, "rack1") - earlier) == 6


def count(network: Network) -> int:
    (row,) = sql(network, "SELECT count(*) AS n FROM runs")
    return int(row["n"])
