import json
import shutil
from pathlib import Path

import pytest

from farm import archives, pins
from farm.artifacts import is_artifact, open_artifact, sidecar
from farm.cli import pinning
from farm.cli.gate_sides import selector
from farm.errors import ArtifactError
from farm.workloads import Comparison, Reference
from tests.artifacts.coreml_models import a_compiled, a_package


def test_a_package_and_a_compiled_model_are_artifacts_of_core_ml(tmp_path: Path) -> None:
    package, compiled = a_package(tmp_path / "net.mlpackage"), a_compiled(tmp_path / "net.mlmodelc")
    for path in (package, compiled):
        artifact = open_artifact(path)
        assert (artifact.runtime, artifact.name) == ("coreml", path.name)
        assert artifact.size_bytes == archives.size_bytes(path)
    assert open_artifact(package).sha256 != open_artifact(compiled).sha256
    assert open_artifact(a_package(tmp_path / "other.mlpackage", b"others")).sha256 != open_artifact(package).sha256
    shutil.copytree(package, tmp_path / "copied")
    assert open_artifact(tmp_path / "copied").sha256 == open_artifact(package).sha256


def test_a_folder_and_its_archive_are_one_artifact(tmp_path: Path) -> None:
    package = a_package(tmp_path / "net.mlpackage")
    archive = tmp_path / "net.tar"
    archive.write_bytes(b"".join(archives.pieces(package)))
    one, other = open_artifact(package), open_artifact(archive)
    assert (one.sha256, one.size_bytes, one.runtime) == (other.sha256, other.size_bytes, other.runtime)
    assert selector(str(package)) == selector(str(archive)) == (one.sha256,)


def test_a_folder_has_its_reference_beside_it(tmp_path: Path) -> None:
    package = a_package(tmp_path / "net.mlpackage")
    reference = Reference((b"in",), bytes(4), "float32", (1,), Comparison.MAX_ABS, 0.1, "a test")
    sidecar.write(package, open_artifact(package).sha256, sidecar.Sidecar({"made": "here"}, reference))
    assert open_artifact(package).reference == reference
    (package / "Data/com.apple.CoreML/weights/weight.bin").write_bytes(b"others")
    with pytest.raises(ArtifactError, match="belongs to other bytes"):
        open_artifact(package)


def test_what_is_pinned_of_a_folder_is_the_same_artifact(tmp_path: Path) -> None:
    artifact = open_artifact(a_package(tmp_path / "net.mlpackage"))
    tree, size_bytes = pins.pin(tmp_path, pins.artifact_files(artifact))
    part = pins.Part("artifact", artifact.sha256, tree, size_bytes, artifact.name)
    pinned = pins.artifact(tmp_path, "nightly", part)
    assert (pinned.sha256, pinned.runtime, pinned.name) == (artifact.sha256, "coreml", "net.mlpackage")


def test_a_measured_folder_is_found_again_among_others(tmp_path: Path) -> None:
    artifact = open_artifact(a_package(tmp_path / "build/right/net.mlpackage"))
    a_package(tmp_path / "build/a/net.mlpackage", b"WEIGHTS")
    (a_package(tmp_path / "build/b/net.mlpackage") / "link").symlink_to("/")
    (tmp_path / "build/note").write_text("no model")
    wanted = pinning.Model(artifact.sha256, artifact.size_bytes, artifact.name, ("w",), None)
    assert pinning.find(wanted, [tmp_path / "build"]) == artifact.path


def without(name: str) -> object:
    def remove(package: Path) -> None:
        target = package / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return remove


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("Data/com.apple.CoreML/weights"), "its manifest lists com.apple.CoreML/weights, which is not there"),
        (without("Manifest.json"), "is a folder, and no Core ML model"),
        (lambda package: (package / "Manifest.json").write_text("{"), "is no manifest"),
        (lambda package: (package / "Manifest.json").write_text("[" * 100_000), "is no manifest"),
        (lambda package: (package / "Manifest.json").write_bytes(b"\xff"), "is no manifest"),
        (
            lambda package: (package / "Manifest.json").write_text('{"itemInfoEntries": {"A": 3}, "rootModelIdentifier": "A"}'),
            "is no manifest",
        ),
        (lambda package: (package / "Manifest.json").write_text('{"itemInfoEntries": {}, "rootModelIdentifier": "A"}'), "lists no model"),
        (
            lambda package: (package / "Manifest.json").write_text(
                json.dumps({"itemInfoEntries": {"A": {"path": "../../etc/passwd"}}, "rootModelIdentifier": "A"})
            ),
            "lists ../../etc/passwd",
        ),
        (lambda package: (package / "link").symlink_to(package), "link is neither a file nor a folder"),
    ],
)
def test_a_package_that_is_not_whole_is_refused_in_a_sentence(tmp_path: Path, spoil: object, said: str) -> None:
    package = a_package(tmp_path / "net.mlpackage")
    assert callable(spoil)
    spoil(package)
    with pytest.raises(ArtifactError) as caught:
        open_artifact(package)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_compiled_model_without_its_network_is_refused(tmp_path: Path) -> None:
    compiled = a_compiled(tmp_path / "net.mlmodelc")
    (compiled / "model.mil").unlink()
    with pytest.raises(ArtifactError, match="no whole compiled model"):
        open_artifact(compiled)


def test_a_folder_of_models_is_no_artifact(tmp_path: Path) -> None:
    package = a_package(tmp_path / "models/net.mlpackage")
    assert not is_artifact(tmp_path / "models")
    assert is_artifact(package)
    assert not is_artifact(tmp_path / "nothing")
