"""The charging band on the bench: a phone that has sunk below it is charged between jobs, and no power is measured meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from farm.cli.nightly_steps import Steps
from farm.devices.android.device import AndroidTransport
from farm.devices.transport import Handle
from farm.workloads import Device, HarnessBuild
from tests.bench.android import Bench, Phone
from tests.cli.gating import a_model
from tests.cli.nights import SCHEDULE, Lab, a_lab
from tests.conftest import CALM_TOML

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

LOW, HIGH = 50, 51
WORKLOAD = 'artifact = "net.fake"\nthreads = 1\niterations = 20\npower_idle = "2 s"\npower_work = "2 s"\n'
SUITE = f"""[suite]
name = "s"
repeat = 2
{SCHEDULE}
[schedule.workloads.net]
priority = 1
[[workloads]]
id = "net"
passes = ["latency"]
{WORKLOAD}
[[workloads]]
id = "watts"
passes = ["power"]
{WORKLOAD}
"""


@dataclass
class Sinking(AndroidTransport):
    """A phone that is warm when the night begins, and whose battery has sunk below the band after its first run."""

    phone: Phone | None = None

    def install(self, harness: HarnessBuild) -> None:
        super().install(harness)
        if self.phone is not None:
            self.phone.state(skin_c=37)

    def clean(self, handle: Handle) -> None:
        super().clean(handle)
        if self.phone is not None:
            self.phone.state(level=LOW - 0.6)
            self.phone = None


class Charged(Lab):
    """A lab whose one phone hangs on its charger."""

    phone: Phone | None = None

    def steps(self) -> Steps:
        def connect(device: Device, _: Path) -> Sinking:
            phone, self.phone = self.phone, None
            return Sinking(device, phone=phone)

        return replace(super().steps(), connect=connect)


@pytest.fixture
def lab(home: Path, android_bench: Bench) -> Iterator[Lab]:
    phone = android_bench.phones["oneplus13"]
    entry = f'[devices.oneplus13]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{phone.serial}"\n'
    band = f'health = {{ charge = ["{LOW} %", "{HIGH} %"] }}\n'
    calm = CALM_TOML.replace('settle_timeout = "5 s"', 'settle_timeout = "90 s"\nmax_skin_temperature = "36 C"')
    a_lab(home, ("oneplus13",))
    (home / "devices.toml").write_text(f'{calm}{entry}{band}[pools]\nrack = ["oneplus13"]\n')
    a_model(home / "net.fake", spin_ns=2_000_000)
    (home / "suite.toml").write_text(SUITE)
    phone.state(level=60, plugged="ac")
    lab = Charged(home)
    lab.phone = phone
    yield lab
    phone.state(level=80, plugged="usb", skin_c=27)


def test_a_phone_below_its_band_charges_between_jobs_and_is_not_measured_for_power(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.night() == 3  # the power passes have no valid run
    said = capsys.readouterr()

    states = lab.sql("SELECT state, reason, since_at FROM rack_states WHERE device_name = 'oneplus13' ORDER BY since_at")
    names = [row["state"] for row in states]
    assert names.count("charging") == 1
    assert names.count("cooling") >= 1
    assert names[-1] == "idle"
    place = names.index("charging")
    assert re.fullmatch(rf"charging: 4\d % of {HIGH} %", states[place]["reason"])
    charged_s = (states[place + 1]["since_at"] - states[place]["since_at"]).total_seconds()
    assert charged_s > 5

    latency = lab.sql("""
        SELECT runs.outcome, wait.value AS charge_s, level.value AS level_percent FROM runs
        JOIN device_state AS wait ON wait.run_id = runs.id AND wait.name = 'charge_wait_s'
        JOIN device_state AS level ON level.run_id = runs.id AND level.name = 'battery_level_percent' AND level.phase = 'before'
        WHERE pass = 'latency' ORDER BY runs.started_at""")
    assert [row["outcome"] for row in latency] == ["ok", "ok"]
    (waited,) = [row for row in latency if row["charge_s"] > 0]
    assert waited["level_percent"] >= HIGH
    assert waited["charge_s"] == pytest.approx(charged_s, abs=10)

    power = lab.sql("SELECT outcome, error_class FROM runs WHERE pass = 'power'")
    assert [(row["outcome"], row["error_class"]) for row in power] == [("not_ready", "charging")] * 2  # one look for each, and no run
    assert lab.sql("SELECT count(*) AS readings FROM samples JOIN runs ON runs.id = run_id WHERE pass = 'power'") == [{"readings": 0}]
    accounted = lab.sql("SELECT state, reason FROM expected_states WHERE pass = 'power'")
    said_of_it = "not ready: the power of oneplus13 is not measured while it charges, or may: it was plugged in (ac) before the pass"
    assert [(row["state"], row["reason"]) for row in accounted] == [("accounted for", said_of_it)] * 2
    assert "tried again" not in said.err

    runs = len(latency)
    told = re.search(r"oneplus13 cooled down for (\d+) s before (\d+) runs, where 180 s before each would have been (\d+) min", said.out)
    assert told is not None, said.out
    assert int(told[2]) == runs
    assert 0 < int(told[1]) < 180 * runs
    assert int(told[3]) == 3 * runs
