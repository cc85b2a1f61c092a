"""Cables that break, adbd that dies, phones that restart: what runs there goes on, or is ended by whoever comes next."""

import time
from dataclasses import replace

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.android.link import Link
from farm.devices.android.server import Listed, Server
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import Device, HarnessBuild, Outcome
from tests.bench.android import Phone
from tests.conftest import CALM, FakeModel
from tests.devices import measured, on
from tests.devices.android import away


@pytest.mark.parametrize("fault", ["drop", "freeze", "half_open", "cut"])
def test_a_link_that_breaks_in_the_middle_of_a_pass_costs_nothing(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild, fault: str
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000), timeout_s=60.0)
    (run,) = measured(transport, job, fake_harness, away(phone, 4, getattr(phone, fault)))
    assert run.outcome is Outcome.OK, run.reason
    assert len(next(item for item in run.readings if item.metric == "latency_ns").values) == 5


def test_adbd_killed_in_the_middle_of_a_run_costs_nothing(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000))
    (run,) = measured(transport, job, fake_harness, phone.crash_adbd)
    assert run.outcome is Outcome.OK, run.reason


def test_a_device_that_stays_away_is_a_lost_device_and_what_ran_there_is_ended_by_the_next(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    transport.reconnect_s = 2.0
    job = on(transport.device, fake_model(hang_at_iteration=1))
    runs = measured(transport, job, fake_harness, phone.drop)
    assert {run.outcome for run in runs} == {Outcome.DEVICE_LOST}
    assert runs[0].reason is not None
    assert "s25 is gone" in runs[0].reason
    phone.restore()
    phone.connect()
    assert phone.shell("ls /data/local/tmp/farm/runs").stdout.split()
    transport.restore()
    assert not phone.shell("ls /data/local/tmp/farm/runs").stdout.split()
    assert phone.shell("pgrep -f farm-harness").returncode == 1


def test_a_restart_costs_that_attempt_only(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=400_000_000))
    transport.prepare(CALM)
    first, second = measured(transport, job, fake_harness, lambda: phone.reboot(away_s=0.5))
    assert (first.outcome, first.error_class) == (Outcome.DEVICE_LOST, "rebooted")
    assert first.reason == "s25 restarted during the run"
    assert second.outcome is Outcome.OK, second.reason
    assert phone.read("airplane") == "enabled"  # a restart switches the radios on again: what is held is held again
    transport.restore()
    assert phone.read("airplane") == "disabled"


class Returning(Link):
    """The link to a phone that says this twice before it is there again, as when a cable is put in; None: its server restarts."""

    state: str | None = None
    times = 2

    def listed(self, server: Server) -> list[Listed]:
        listed = super().listed(server)
        if self.times == 0:
            return listed
        self.times -= 1
        if self.state is None:
            raise DeviceNotReady("no adb server answers", error_class="no_adb_server")
        return [replace(one, state=self.state) for one in listed]


@pytest.mark.parametrize(
    ("state", "error_class"), [("authorizing", "not_authorised"), ("unauthorized", "not_authorised"), (None, "no_adb_server")]
)
def test_what_passes_by_itself_is_waited_out_once_a_device_was_reached(device: Device, state: str | None, error_class: str) -> None:
    transport, link = AndroidTransport(device, reconnect_s=30.0), Returning(device)
    transport.link = link
    link.times = 0
    transport.preflight()
    link.state, link.times = state, 2
    assert transport.vitals("before")
    never_reached = AndroidTransport(device)
    never_reached.link = first = Returning(device)
    first.state = state
    with pytest.raises(DeviceNotReady) as caught:
        never_reached.vitals("before")
    assert caught.value.error_class == error_class


def test_a_frozen_device_ends_by_the_deadline(phone: Phone, transport: AndroidTransport) -> None:
    transport.reconnect_s = 0.0
    (adb,) = [transport.link.box().adb]
    phone.freeze()
    began_s = time.monotonic()
    with pytest.raises(DeviceLost, match="did not answer in 1 s"):
        adb.shell("getprop", timeout_s=1.0)
    assert time.monotonic() - began_s < 5
