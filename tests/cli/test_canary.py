"""farm canary as a person uses it: real processes, models of the fake runtime in the canary's place."""

import json
from pathlib import Path

import pytest

from tests.cli.gating import USUAL_NS, Farm, a_model, gate, rows

pytestmark = [pytest.mark.slow(60), pytest.mark.timeout(300)]


def sung(farm: Farm, artifact: str, *more: object) -> tuple[int, dict[str, object]]:
    done = farm("canary", "--artifact", artifact, "--json", *more)
    (device,) = json.loads(done.stdout)["devices"]
    return done.returncode, device


@pytest.fixture(autouse=True)
def _birds(home: Path) -> None:
    """A bird, the same one when the device has become slower, and one that tells nothing."""
    a_model(home / "bird.fake", sleep_ns=USUAL_NS // 10)
    a_model(home / "slow.fake", sleep_ns=USUAL_NS // 2)
    a_model(home / "mute.fake", sleep_ns=USUAL_NS, crash_at_iteration=3)
    a_model(home / "unchecked.fake", checked=False)


def test_a_device_that_drifts_is_suspect_everywhere_until_it_is_as_it_was(farm: Farm, home: Path) -> None:
    code, device = sung(farm, "bird.fake", "--calibrate")
    assert (code, device["state"]) == (0, "band")
    code, device = sung(farm, "slow.fake")
    assert (code, device["state"]) == (3, "suspect")
    assert "lies above its band" in str(device["reason"])

    assert "suspect since" in farm("devices").stdout
    (listed,) = json.loads(farm("devices", "--json").stdout)
    assert listed["canary"]["state"] == "suspect"
    doctor = farm("doctor", "--json")
    assert doctor.returncode == 2
    assert "canary" in [check["name"] for check in json.loads(doctor.stdout) if not check["works"]]
    judged = json.loads(farm(*gate("new.fake", "--json")).stdout)
    assert "local is suspect since" in judged["verdicts"][0]["warnings"][-1]

    code, device = sung(farm, "slow.fake", "--anew", "--sessions", 1)
    assert (code, device["state"], device["reason"]) == (0, "band", "1 of 5 sessions that tell a band")
    assert "suspect" not in farm("devices").stdout
    code, device = sung(farm, "slow.fake")
    assert (code, device["state"]) == (3, "unknown")
    states = [row["state"] for row in rows(home, "SELECT state FROM canaries ORDER BY measured_at")]
    assert states == [*["band"] * 5, "suspect", "band", "unknown"]


def test_what_tells_nothing_is_never_within(farm: Farm, home: Path) -> None:
    assert sung(farm, "mute.fake")[0] == 3
    refused = farm("canary", "--artifact", "unchecked.fake")
    assert (refused.returncode, "has no reference" in refused.stderr) == (2, True)
    assert farm("canary", "--artifact", "none.fake").returncode == 2
    assert farm("canary", "--device", "s25").returncode == 2
    assert not list((home / "data").glob("unfinished/*"))
