"""farm run as a person calls it, for tests: in a folder of its own, with the fake runtime."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.workloads import HarnessBuild
from tests.conftest import CALM_TOML
from tests.processes import command, completed, unset

Farm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path, fake_harness: HarnessBuild) -> Path:
    """A data folder that shares the harness builds of the test session."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "harness").symlink_to(fake_harness.folder.parent)
    (tmp_path / "devices.toml").write_text(CALM_TOML)
    return folder


def words(data: Path, *arguments: object) -> list[str]:
    """The command line of a farm command on that folder."""
    return command("--devices", data.parent / "devices.toml", *arguments, data=data)


@pytest.fixture
def farm(data: Path, tmp_path: Path) -> Farm:
    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return completed(words(data, *arguments), tmp_path, environment=unset("GIT", "CI") | environment)

    return call


def quick(model: Path) -> list[object]:
    return ["run", model, "--passes", "latency,memory", "--repeat", 2, "--iterations", 20, "--duration", 0.05, "--threads", 1, "--seed", 1]
