"""A look at iPhones, on the bench."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.cli import healthy
from farm.cli.context import Context
from farm.cli.healthy import Checked
from farm.health import Name
from tests.bench.ios import Bench
from tests.conftest import CALM_TOML

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Look:
    """Looks at the bench's iPhones in this process."""

    def __init__(self, folder: Path) -> None:
        self.context = Context(folder / "data", folder / "devices.toml")

    def __call__(self) -> dict[str, Checked]:
        lab = self.context.lab()
        return {one.device.name: one for one in healthy.check(self.context, [lab.device(name) for name in ("iphonex", "iphone16pro")])}


@pytest.fixture
def look(tmp_path: Path, ios_bench: Bench) -> Iterator[Look]:
    lab = CALM_TOML
    for name, phone in ios_bench.phones.items():
        soc = 'soc = "A18 Pro"\n' if name == "iphone16pro" else 'labels = { soc = "A15 Bionic" }\n'
        lab += f'[devices.{name}]\nkind = "ios"\nudid = "{phone.udid}"\nusbmux = "{ios_bench.address}"\n{soc}'
    (tmp_path / "devices.toml").write_text(lab)
    yield Look(tmp_path)
    for phone in ios_bench.phones.values():
        phone.heal()


def failing(one: Checked) -> list[Name]:
    return [check.name for check in one.failing]


def test_iphones_are_looked_at_and_what_is_in_the_way_is_told_by_its_check(look: Look, ios_bench: Bench) -> None:
    found = look()
    good, other = found["iphone16pro"], found["iphonex"]
    read = {check.name: check for check in good.checks}
    assert (good.health, failing(good), good.takes_part) == ("good", [], True)
    assert read[Name.BATTERY_LEVEL].reading == "80 %"
    assert (read[Name.SOC].ok, read[Name.SOC].reading) == (True, "A18 Pro")
    assert read[Name.CLOCK].ok
    assert read[Name.STORAGE].ok
    assert (failing(other), other.takes_part) == ([Name.SOC], False)
    assert "it has A11 Bionic, and should have A15 Bionic" in other.reason

    ios_bench.phones["iphone16pro"].state(developer_mode=False)
    ios_bench.phones["iphonex"].unplug()
    found = look()
    assert failing(found["iphone16pro"]) == [Name.USABLE]
    assert failing(found["iphonex"]) == [Name.REACHABLE]
    assert [(step.rung, step.tried) for step in found["iphonex"].steps] == [("reconnect", "no_use")]
    ios_bench.phones["iphone16pro"].state(developer_mode=True, clock_offset_s=4000.0)
    ios_bench.phones["iphonex"].plug()
    found = look()
    assert failing(found["iphone16pro"]) == [Name.CLOCK]
    assert found["iphone16pro"].takes_part
    assert found["iphonex"].health == "quarantined"
