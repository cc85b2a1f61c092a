"""farm baseline as a person uses it: real files, a measured fake model, real exit codes."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from farm import pins
from farm.artifacts import open_artifact, sidecar
from farm.cli.baseline import pinned
from farm.cli.context import Context
from farm.errors import BytesMissing, InputError
from farm.records import record
from farm.store import Store
from farm.workloads import Artifact, Comparison, HarnessBuild, Measured, Reference
from tests.conftest import FakeModel, a_job, a_run, a_session
from tests.processes import command, completed, unset

Farm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def farm(data: Path, tmp_path: Path) -> Farm:
    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return completed(command(*arguments, data=data), tmp_path, environment=unset())

    return call


def measured(data: Path, artifact: Artifact, harness_hash: str = "0f1e", revision: str = "abc123") -> None:
    from farm.workloads import Provenance

    session = a_session(provenance=Provenance("0.1.0", revision, "main"))
    run = a_run(session, job=a_job(artifact), measured=Measured("fake", "1", "fake", harness_hash, "Release", {}))
    Store(data / "farm.duckdb").append([record(session, run)])


def with_reference(artifact: Artifact) -> Artifact:
    reference = Reference((b"in",), b"\0\0\0\0", "float32", (1,), Comparison.MAX_ABS, 0.1, "a test")
    sidecar.write(artifact.path, artifact.sha256, sidecar.Sidecar(None, reference))
    return open_artifact(artifact.path)


def trees(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "pinned").iterdir())


def test_a_pinned_artifact_outlives_its_file_with_its_reference(farm: Farm, data: Path, fake_model: FakeModel) -> None:
    artifact = with_reference(fake_model(spin_ns=5))
    measured(data, artifact)
    done = farm("baseline", "set", "v1", "--artifact", artifact.path, "--without-harness")
    assert done.returncode == 0, done.stderr
    artifact.path.unlink()
    sidecar.path_of(artifact.path).unlink()
    found = pinned(Context(data, None), "v1")
    assert list(found) == ["a-workload"]
    assert found["a-workload"].sha256 == artifact.sha256
    assert found["a-workload"].reference == artifact.reference
    assert found["a-workload"].path.is_relative_to(data / "pinned")


def test_a_revision_pins_what_it_was_measured_with_harness_and_items_too(
    farm: Farm, data: Path, fake_model: FakeModel, fake_harness: HarnessBuild, tmp_path: Path
) -> None:
    (data / "harness").symlink_to(fake_harness.folder.parent)
    artifact = fake_model(spin_ns=6)
    measured(data, artifact, fake_harness.source_hash, "abc123def")
    (tmp_path / "items.bin").write_bytes(b"items")
    (tmp_path / "items.bin.farm.json").write_text("{}")
    done = farm("baseline", "set", "v1", "--revision", "abc123", "--from", tmp_path, "--items", tmp_path / "items.bin")
    assert done.returncode == 0, done.stderr
    shown = json.loads(farm("baseline", "show", "v1", "--json").stdout)
    assert shown["revision"] == "abc123def"
    assert [(part["kind"], part["is_whole"]) for part in shown["parts"]] == [("artifact", True), ("harness", True), ("items", True)]
    (items,) = [part for part in shown["parts"] if part["kind"] == "items"]
    assert (data / "pinned" / items["tree_sha256"] / "items.bin.farm.json").read_text() == "{}"
    (harness,) = [part for part in shown["parts"] if part["kind"] == "harness"]
    assert harness["sha256"] == fake_harness.source_hash
    copied = data / "pinned" / harness["tree_sha256"]
    assert os.access(copied / fake_harness.command[0], os.X_OK)
    assert pins.folder_files(copied).keys() == pins.folder_files(fake_harness.folder).keys()
    assert "v1" in farm("baseline", "list").stdout


@pytest.mark.parametrize("harm", ["gone", "other bytes", "another file"])
def test_a_baseline_whose_bytes_are_not_what_was_pinned_cannot_be_compared_with(
    farm: Farm, data: Path, fake_model: FakeModel, harm: str
) -> None:
    artifact = fake_model(spin_ns=7)
    assert farm("baseline", "set", "v1", "--artifact", artifact.path).returncode == 0
    (tree,) = trees(data)
    file = data / "pinned" / tree / artifact.name
    match harm:
        case "gone":
            shutil.rmtree(data / "pinned")
        case "other bytes":
            file.chmod(0o600)
            file.write_text(file.read_text() + "x")
        case _:
            (data / "pinned" / tree / f"{artifact.name}.farm.json").write_text("{}")
    with pytest.raises(BytesMissing, match=f'the baseline "v1" cannot be compared with: the artifact {artifact.name} is not in') as raised:
        pinned(Context(data, None), "v1")
    assert raised.value.exit_code == 3
    shown = farm("baseline", "show", "v1")
    assert (shown.returncode, "MISSING" in shown.stdout) == (3, True)
    assert "cannot be compared with" in farm("baseline", "list").stdout
    assert farm("baseline", "set", "v1", "--artifact", artifact.path).returncode == 0  # where the bytes are, it can be set again
    assert pinned(Context(data, None), "v1")[None].sha256 == artifact.sha256


def test_nothing_is_pinned_when_bytes_are_not_found(farm: Farm, data: Path, fake_model: FakeModel) -> None:
    artifact = fake_model(spin_ns=8)
    measured(data, artifact)
    harness = farm("baseline", "set", "v1", "--artifact", artifact.path)
    assert harness.returncode == 3
    assert "the harness 0f1e that it was measured with is not in" in harness.stderr
    lost = farm("baseline", "set", "v1", "--artifact", artifact.sha256[:10], "--without-harness")
    assert lost.returncode == 3
    assert f"the bytes of {artifact.name} ({artifact.sha256[:12]}) are in none of" in lost.stderr
    assert farm("baseline", "list").stdout == ""
    assert not (data / "pinned").exists()


def test_removing_a_baseline_keeps_what_another_one_pins(farm: Farm, data: Path, fake_model: FakeModel) -> None:
    one, other = fake_model("one.fake", spin_ns=1), fake_model("other.fake", spin_ns=2)
    for name, artifact in (("v1", one), ("v2", one), ("v3", other)):
        assert farm("baseline", "set", name, "--artifact", artifact.path).returncode == 0
    assert len(trees(data)) == 2
    assert farm("baseline", "remove", "v1").returncode == 0
    assert len(trees(data)) == 2
    assert farm("baseline", "set", "v2", "--artifact", other.path).returncode == 0
    assert len(trees(data)) == 1
    assert [each["name"] for each in json.loads(farm("baseline", "list", "--json").stdout)] == ["v2", "v3"]
    with pytest.raises(InputError, match='there is no baseline "v1"'):
        pinned(Context(data, None), "v1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name either an --artifact or a --revision"),
        (["--artifact", "a", "--revision", "b"], "name either an --artifact or a --revision"),
        (["--revision", "nothing"], 'no valid run is of the revision "nothing"'),
        (["--artifact", "0" * 64], "no valid run is of the artifact"),
        (["--revision", "abc"], 'more than one revision begins with "abc"'),
        (["--revision", "abc1"], '2 artifacts were measured as "a-workload" of abc1'),
    ],
)
def test_what_is_not_one_thing_is_refused(farm: Farm, data: Path, fake_model: FakeModel, arguments: list[str], words: str) -> None:
    measured(data, fake_model("one.fake", spin_ns=1), revision="abc1")
    measured(data, fake_model("two.fake", spin_ns=2), revision="abc1")
    measured(data, fake_model("two.fake", spin_ns=2), revision="abc2")
    done = farm("baseline", "set", "v1", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def asked(data: Path, items: bytes) -> None:
    """Store that the run which was measured answered items."""
    store = Store(data / "farm.duckdb")
    (run_id,) = store.query("run_list", workload=None, device=None, outcome=None, most=1)["run_id"]
    sha256 = hashlib.sha256(items).hexdigest()
    file = {"sha256": sha256, "name": "items.bin", "kind": "classify", "items": 1, "recipe": None, "first_seen_at": "2026-01-02 03:04:05"}
    answer = {"run_id": run_id, "items_sha256": sha256, "metric": "accuracy_ratio", "values": [1.0], "output_sha256": "0"}
    store.add({"item_files": [file], "answers": [answer | {"tokens": None, "predicted": [1]}]})


def test_the_items_that_it_was_asked_are_pinned_or_said_to_be_missing(
    farm: Farm, data: Path, fake_model: FakeModel, tmp_path: Path
) -> None:
    artifact = fake_model(spin_ns=9)
    measured(data, artifact)
    asked(data, b"what is it?")
    arguments = ("baseline", "set", "v1", "--artifact", artifact.path, "--without-harness")
    lost = farm(*arguments)
    assert lost.returncode == 3
    assert "the items items.bin" in lost.stderr
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "items.bin").write_bytes(b"what is it?")
    assert farm(*arguments, "--from", tmp_path / "items").returncode == 0
    parts = json.loads(farm("baseline", "show", "v1", "--json").stdout)["parts"]
    assert [part["kind"] for part in parts] == ["artifact", "items"]
    assert farm(*arguments, "--without-items").returncode == 0
