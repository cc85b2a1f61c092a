"""How steady the phones of the rack that never was are: canaries judged by farm.canary itself, and a calibration of each."""

from dataclasses import asdict
from datetime import timedelta
from math import exp
from typing import Any

from farm import __version__, canary
from farm.canary import Sitting
from farm.store import Store
from tests.report.fleet import Net, Phone
from tests.report.year import Year

BAND_SESSIONS = 5
DRIFTS = "pixel9"
"""The phone that is suspect in the end."""
_CANARY_NS, _KEY = 13_000.0, "canary-series"


def sing(store: Store, year: Year, drifts: str = DRIFTS) -> None:
    """Store a band of each phone in the first nights, a session a week since then, and at the end one phone that has drifted."""
    rng = year.rng_of("canary")
    for phone in year.phones:
        earlier: list[Sitting] = []
        rows: list[dict[str, Any]] = []
        nights = (*range(BAND_SESSIONS), *range(BAND_SESSIONS + 2, year.nights, 7), year.nights - 1)
        for night in (night for night in nights if year.is_alive(phone, night)):
            drift = 1.09 if phone.name == drifts and night == year.nights - 1 else 1.0
            value = _CANARY_NS * phone.speed * drift * exp(0.006 * float(rng.standard_normal()))
            state = year.state(phone, night)
            sitting = Sitting(value, 5, _KEY, state["os_build"], state["harness"], state["runtime_version"])
            is_band = night < BAND_SESSIONS
            judged = canary.judge(sitting, earlier, is_band=is_band)
            band = None if is_band else judged.band
            rows.append(
                asdict(sitting)
                | {
                    "session_id": year.id_from(rng),
                    "measured_at": (year.began_at(night) - timedelta(minutes=20)).replace(tzinfo=None),
                    "device_id": f"id-{phone.name}",
                    "device_name": phone.name,
                    "farm_version": __version__,
                    "is_band": is_band,
                    "begins_band": night == 0,
                    "band_low_ns": band and band.low_ns,
                    "band_high_ns": band and band.high_ns,
                    "state": judged.state,
                    "reason": judged.reason,
                }
            )
            if is_band:
                earlier.append(sitting)
        store.add({"canaries": rows})


def calibrate(store: Store, year: Year, night: int = 1) -> None:
    """Store how the numbers of each phone scatter, as one evening's calibration told it."""
    rng = year.rng_of("noise")
    identity = year.id_from(rng)
    facts = {
        "id": identity,
        "measured_at": year.began_at(night).replace(tzinfo=None),
        "suite": "nightly",
        "suite_file": "suites/nightly.toml",
        "seed": 7,
        "farm_version": __version__,
        "command": "farm calibrate --suite suites/nightly.toml",
    }
    rows = [_noise(year, phone, net, identity, rng) for phone in year.phones for net in year.nets]
    store.add({"calibrations": [facts], "noises": rows})


def _noise(year: Year, phone: Phone, net: Net, identity: str, rng: Any) -> dict[str, Any]:
    ratio, reach = exp(0.004 * float(rng.standard_normal())), phone.noise * 0.6
    return {
        "calibration_id": identity,
        "device_id": f"id-{phone.name}",
        "device_name": phone.name,
        "os_build": phone.os_build,
        "workload_id": net.id,
        "workload_key": f"key of {net.id[:40]}",
        "pass": "latency",
        "artifact_sha256": year.artifact(net, 0).sha256,
        "flavour": "executorch xnnpack",
        "harness_hash": "harness-1",
        "metric": "token_ns" if net.is_language_model else "latency_ns",
        "statistic": "p50",
        "deviation": phone.noise * exp(0.2 * float(rng.standard_normal())),
        "runs": 20,
        "ratio": ratio,
        "ratio_low": ratio * (1 - reach),
        "ratio_high": ratio * (1 + reach),
    }
