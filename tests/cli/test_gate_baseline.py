"""farm gate against a baseline that was pinned: its bytes are measured again, beside the candidate."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.gating import USUAL_NS, Farm, a_model, gate, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_bytes_of_a_baseline_are_measured_beside_the_candidate(farm: Farm, home: Path) -> None:
    pinned = hashlib.sha256((home / "old.fake").read_bytes()).hexdigest()
    assert farm("baseline", "set", "v1.2", "--artifact", "old.fake").returncode == 0
    a_model(home / "old.fake", sleep_ns=3 * USUAL_NS)  # what lies there by now is something else
    done = farm(*gate("new.fake", "--json", baseline="v1.2"))
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["baseline"] == "v1.2"
    statement = (
        "SELECT artifact_sha256 AS sha256, count(*) AS runs FROM runs JOIN placements ON run_id = id WHERE side = 'baseline' GROUP BY 1"
    )
    assert rows(home, statement) == [{"sha256": pinned, "runs": 4}]
    assert f"v1.2; SHA-256 {pinned}" in farm("explain").stdout
    stored = farm(*gate("new.fake", "--stored", "--json", baseline="v1.2"))
    assert json.loads(stored.stdout)["verdicts"] == document["verdicts"]


def test_a_baseline_with_missing_bytes_cannot_be_compared_with_and_nothing_is_measured(farm: Farm, home: Path) -> None:
    farm("baseline", "set", "v1.2", "--artifact", "old.fake")
    shutil.rmtree(home / "data" / "pinned")
    for more in ((), ("--stored",)):
        done = farm(*gate("new.fake", *more, baseline="v1.2"))
        assert done.returncode == 3, done.stderr
        assert 'the baseline "v1.2" cannot be compared with: the artifact old.fake is not in' in done.stderr
    assert rows(home, "SELECT id FROM runs") == []
    assert not list((home / "data").glob("unfinished/*"))


def test_a_name_of_two_things_is_refused_and_one_of_nothing_is_told(farm: Farm, home: Path) -> None:
    farm("baseline", "set", "v1.2", "--artifact", "old.fake")
    shutil.copytree(home, home / "v1.2", ignore=shutil.ignore_patterns("data", "v1.2"))
    both = farm(*gate("new.fake", baseline="v1.2"))
    assert both.returncode == 2
    assert '"v1.2" is a baseline, and a file or folder here, too' in both.stderr
    neither = farm(*gate("new.fake", baseline="v1.3"))
    assert neither.returncode == 2
    assert "there is no v1.3" in neither.stderr
    assert "farm baseline list" in neither.stderr
