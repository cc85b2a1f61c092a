"""What people are told of nights: by real messages to a real server, and by the page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from farm.cli import notified
from farm.cli.nightly_steps import Steps, usual_steps
from farm.cli.report import unsent
from tests.bench.inboxes import Webhook, webhook
from tests.cli.gating import a_model
from tests.cli.nights import Lab, a_lab, a_suite, called

pytest.importorskip("apprise")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise loads it, where it finds PGPy
DAY = timedelta(days=1)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


class Telling(Lab):
    """A lab whose nights tell people as farm does."""

    def steps(self) -> Steps:
        usual = usual_steps()
        return replace(super().steps(), notify=usual.notify, rack=usual.rack, retry=usual.retry)


@pytest.fixture
def lab(home: Path, hook: Webhook) -> Lab:
    a_lab(home, ("local",), f'[notify.hook]\nurl = "{hook.url()}"\n')
    a_suite(home, workloads=("net",), repeat=1)
    return Telling(home)


def test_a_night_is_told_when_its_state_changes_and_a_dead_rack_at_once(lab: Lab, hook: Webhook) -> None:
    lab_file = lab.home / "devices.toml"
    second = '[devices.second]\nkind = "android"\nadb = "127.0.0.1:1"\nserial = "R5CX"\n'
    lab_file.write_text(second + lab_file.read_text().replace('["local"]', '["local", "second"]'))

    def night(**out: str) -> list[str]:
        lab.out = out
        before = len(hook.came)
        lab.night()
        lab.passes(DAY)
        return [one["title"] for one in hook.came[before:]]

    broken = {"second": "it is quarantined: it fell"}
    titles = [night(second="it fell", local="it sleeps"), night(second="it fell", local="it sleeps")]
    assert titles[0][0] == "farm: the rack rack is dead"
    assert titles[0][1].startswith("farm: s on rack: could not tell")
    assert titles[1] == []
    back = night(**broken)
    assert back[0] == "farm: the rack rack is back"
    assert len(back) == 2
    assert night(**broken) == []


def test_a_message_that_fails_is_on_the_page_and_goes_with_the_next_command(home: Path, lab: Lab, hook: Webhook) -> None:
    (home / "net.fake").unlink()  # nothing can be measured
    hook.status = 500
    first = called(home)
    assert first.returncode == 3, first.stderr
    assert '"farm: s on rack: could not tell, 1 missing" waits: hook was not told: it answered with the error 500' in first.stderr
    page = (home / "data/reports/nightly.html").read_text()
    assert "it answered with the error 500" in page
    assert "could not tell, 1 missing" in page
    assert "s3cret" not in page
    hook.status = 200
    assert called(home).returncode == 3
    assert [one["title"] for one in hook.came] == ["farm: s on rack: could not tell, 1 missing"]
    assert unsent(lab.context) == []
    assert called(home).returncode == 3
    assert len(hook.came) == 1
    assert notified.outbox(lab.context).waiting() == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_model_that_gets_slower_is_found_by_its_nights_and_told_once(lab: Lab, hook: Webhook) -> None:
    def night(sleep_ns: int) -> int:
        a_model(lab.home / "net.fake", sleep_ns=sleep_ns)
        code = lab.night(revision=f"{len(codes):02}" * 20)
        codes.append(code)
        lab.passes(DAY)
        return code

    codes: list[int] = []
    assert {night(20_000_000) for _ in range(8)} == {0}
    assert hook.came == []
    while night(30_000_000) != 4:
        assert len(codes) < 13, codes
    assert set(codes[8:-1]) <= {0, 3}  # suspected before, and fresh runs asked for
    last = hook.came[-1]
    assert last["title"].startswith("farm: s on rack: regression")
    (line,) = [line for line in last["message"].splitlines() if line.startswith("- local net latency_ns +")]
    found = re.fullmatch(r"- local net latency_ns \+(\S+)% \(.*\): REGRESSION since (\S+) \((\S+)\)", line)
    assert found is not None, line
    assert float(found[1]) == pytest.approx(50, abs=10)
    assert (found[2][:4], found[3]) == ("0808", "2026-12-03")  # the ninth night
    assert [one for one in hook.came if "REGRESSION" in one["message"]] == [last]
    assert [night(30_000_000), night(30_000_000)] == [4, 4]
    assert hook.came[-1] is last
