"""Bringing a device to its stated condition before a pass, by waiting: for others' work to end, to cool down, to charge."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from farm import conditions, cooling
from farm.devices.transport import Transport
from farm.errors import DeviceNotReady
from farm.power import alone
from farm.workloads import DeviceKind, Job, Pass, StateReading

_POLL_S = 0.5
_CHARGE_POLL_S = 5.0
_CHARGED_OUT = ("full", "not charging")
"""What a phone says that takes no more, such as one that protects its battery: waiting longer would change nothing."""


@dataclass(slots=True)
class _Waited:
    """How long it was waited for what, and until when it is waited."""

    began_s: float
    deadline_s: float
    cool_s: float = 0.0
    charge_s: float = 0.0
    is_charging: bool = False
    """Whether it is waited for charge now: up to the upper end of the band then."""


def settle(job: Job, transport: Transport, on_phase: Callable[[str], None]) -> tuple[StateReading, ...]:
    """Wait until the device is in the stated condition, and return its state then with how long that took. Raises DeviceNotReady.

    No longer than its condition takes, and no longer than settle_timeout. A phone that has sunk below its charging band, and hangs on
    its charger, is waited for until it is at the band's upper end, for as long as that may take; settle_timeout begins anew after that,
    as charging warms it. Before a power pass nothing is waited for on a charger: a phone that may charge is not ready at once, as
    its power would not be the load's.
    """
    device = job.device
    waited = _Waited(time.monotonic(), time.monotonic() + device.conditions.settle_timeout_s)
    while True:
        state = transport.vitals("before")
        if (refusal := alone.refusal(job, state)) is not None:
            raise refusal
        if _charges(job, state, waited):
            _wait_for_charge(job, state, waited, on_phase)
            continue
        unmet = conditions.unmet(device.conditions, state, device.kind)
        if not unmet:
            return state + _readings(device.kind, waited)
        if time.monotonic() > waited.deadline_s:
            raise DeviceNotReady(
                f"{device.name} did not settle in {device.conditions.settle_timeout_s:g} s: {'; '.join(unmet)}",
                error_class="not_settled",
                hint="wait, stop what else runs there, or state another limit under [conditions]",
            )
        on_phase(f"settling: {unmet[0]}")
        looked_s = time.monotonic()
        time.sleep(_POLL_S)
        if conditions.too_hot(device.conditions, state, device.kind):
            waited.cool_s += time.monotonic() - looked_s


def _charges(job: Job, state: tuple[StateReading, ...], waited: _Waited) -> bool:
    """Whether to wait for charge: below the band, or in it on the way up."""
    band = job.device.health.charging
    level = conditions.said(state, "battery_level_percent").value
    if band is None or level is None or job.pass_ is Pass.POWER or not conditions.is_charged(state) or waited.charge_s >= band.timeout_s:
        return False
    if waited.is_charging and level / 100 >= band.low_ratio and conditions.said(state, "battery_status").text in _CHARGED_OUT:
        return False
    return level / 100 < (band.high_ratio if waited.is_charging else band.low_ratio)


def _wait_for_charge(job: Job, state: tuple[StateReading, ...], waited: _Waited, on_phase: Callable[[str], None]) -> None:
    """Let it charge for a while; on_phase is told often, as whoever is told may interrupt."""
    band, level = job.device.health.charging, conditions.said(state, "battery_level_percent").value
    assert band is not None, "without a band nothing is waited for"
    began_s = time.monotonic()
    end_s = began_s + min(_CHARGE_POLL_S, band.timeout_s - waited.charge_s)
    waited.is_charging = True
    while time.monotonic() < end_s:
        on_phase(f"charging: {level:.0f} % of {band.high_ratio * 100:.0f} %")
        time.sleep(_POLL_S)
    waited.charge_s += time.monotonic() - began_s
    waited.deadline_s = time.monotonic() + job.device.conditions.settle_timeout_s


def _readings(kind: DeviceKind, waited: _Waited) -> tuple[StateReading, ...]:
    is_phone = kind is not DeviceKind.LOCAL
    whole_s = time.monotonic() - waited.began_s
    return cooling.readings(whole_s, waited.cool_s if is_phone else None, waited.charge_s if is_phone else None)
