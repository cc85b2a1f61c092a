"""What the tests of configuration share: files that are written and read, and the problems that they have."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from farm.config import LOCAL, Suite, load_lab, load_suite
from farm.errors import ConfigError

WORK = """
[suite]
name = "s"
[[workloads]]
id = "a"
artifact = "model.fake"
"""


def written(folder: Path, text: str, name: str = "file.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_lab(written(folder, text))
    return [problem.removeprefix(f"{folder / 'file.toml'}: ") for problem in caught.value.problems]


def suite_of(folder: Path, text: str, pools: Mapping[str, tuple[str, ...]] | None = None) -> Suite:
    """Read a suite that finds its model.fake."""
    written(folder, "farm-fake 1\n", "model.fake")
    return load_suite(written(folder, text), {"local": LOCAL}, pools or {})


def suite_problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        suite_of(folder, text, {"rack": ("local",)})
    return [problem.removeprefix(f"{folder / 'file.toml'}: ") for problem in caught.value.problems]


def each_told(problems: list[str], *parts: str) -> None:
    """See that each of these is part of a problem."""
    for part in parts:
        assert any(part in problem for problem in problems), (part, problems)
