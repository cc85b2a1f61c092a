"""What --candidate and --baseline name: files, folders, and a file for each workload."""

import shutil
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.cli import gate_sides
from farm.config import LOCAL, Suite, load_suite
from farm.errors import ConfigError
from tests.artifacts.coreml_models import a_package

BUDGET = '[[budgets]]\nworkload = "{0}"\nmetric = "latency_ns"\nmax_regression = "3 %"\n'


def a_suite(folder: Path, *workloads: str, budgets: tuple[str, ...] = ()) -> Suite:
    """A suite whose artifacts are called after its workloads, and two folders with files of these names."""
    text = '[suite]\nname = "s"\n'
    for side in (".", "old", "new"):
        (folder / side).mkdir(exist_ok=True)
        for name in workloads:
            (folder / side / f"{name}.fake").write_text(f"farm-fake 1\ninput_bytes {len(side) + len(name)}\n")
    text += "".join(f'[[workloads]]\nid = "{name}"\nartifact = "{name}.fake"\n' for name in workloads)
    (folder / "suite.toml").write_text(text + "".join(BUDGET.format(name) for name in budgets or workloads))
    return load_suite(folder / "suite.toml", {"local": LOCAL})


def paths(suite: Suite, candidate: list[str], baseline: list[str]) -> dict[str, tuple[str, str]]:
    found = gate_sides.artifacts(suite, candidate, baseline)
    return {workload: (str(new.path), str(old.path)) for workload, (new, old) in found.items()}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_has_a_file_for_each_workload(tmp_path: Path) -> None:
    suite = a_suite(tmp_path, "a", "b")
    assert paths(suite, ["new"], ["old"]) == {name: (f"new/{name}.fake", f"old/{name}.fake") for name in "ab"}


def test_a_file_is_named_for_each_workload_or_for_the_only_one(tmp_path: Path) -> None:
    suite = a_suite(tmp_path, "a", "b")
    given = ["b=new/b.fake", "a=old/b.fake"]
    assert paths(suite, given, ["old"]) == {"a": ("old/b.fake", "old/a.fake"), "b": ("new/b.fake", "old/b.fake")}
    assert paths(a_suite(tmp_path, "a"), ["new/a.fake"], ["a=old/a.fake"]) == {"a": ("new/a.fake", "old/a.fake")}
    Path("c=d.fake").write_text("farm-fake 1\n")
    assert paths(a_suite(tmp_path, "a"), ["c=d.fake"], ["old"]) == {"a": ("c=d.fake", "old/a.fake")}


def test_a_model_that_is_a_folder_is_a_side_and_a_folder_of_such_models_is_one_too(tmp_path: Path) -> None:
    for side in ("old", "new"):
        a_package(tmp_path / side / "net.mlpackage", side.encode())
    shutil.copytree(tmp_path / "old/net.mlpackage", tmp_path / "net.mlpackage")
    suite_file = tmp_path / "suite.toml"
    suite_file.write_text('[suite]\nname = "s"\n[[workloads]]\nid = "net"\nartifact = "net.mlpackage"\n' + BUDGET.format("net"))
    suite = load_suite(suite_file, {"local": LOCAL})
    wanted = {"net": ("new/net.mlpackage", "old/net.mlpackage")}
    assert paths(suite, ["new/net.mlpackage"], ["net=old/net.mlpackage"]) == wanted
    assert paths(suite, ["new"], ["old"]) == wanted
    assert gate_sides.selector("old/net.mlpackage") == (open_artifact(Path("net.mlpackage")).sha256,)


def test_a_workload_without_budgets_and_stated_passes_needs_no_file(tmp_path: Path) -> None:
    suite = a_suite(tmp_path, "a", "b", budgets=("b",))
    assert list(paths(suite, ["new/b.fake"], ["old/b.fake"])) == ["b"]


@pytest.mark.parametrize(
    ("candidate", "baseline", "said"),
    [
        (["new/a.fake"], ["old"], ["--candidate: the suite has 2 workloads, and new/a.fake is one file"]),
        (["a=new/a.fake"], ["old"], ['--candidate: the workload "b" has no file']),
        (["none"], ["old/none"], ["--candidate: the suite has 2 workloads, and none is one file", "--baseline: the suite has 2 workloads"]),
        (
            ["a=new/a.fake", "bb=x"],
            ["a=none.fake", "b=old"],
            ['"bb=x" is not WORKLOAD=FILE', '"b" has no file', "no none.fake", "old is a folder"],
        ),
    ],
)
def test_everything_that_is_missing_is_told_at_once(tmp_path: Path, candidate: list[str], baseline: list[str], said: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        gate_sides.artifacts(a_suite(tmp_path, "a", "b"), candidate, baseline)
    for part in said:
        assert any(part in problem for problem in caught.value.problems), (part, caught.value.problems)


def test_stored_sides_are_hashes_of_files_or_as_they_are_written(tmp_path: Path) -> None:
    a_suite(tmp_path, "a")
    ((sha256),) = gate_sides.selector("new/a.fake")
    assert len(sha256) == 64
    assert gate_sides.selector("v1.2") == ("v1.2",)
