"""What a build of the harness needs on this host, and where it is."""

import importlib
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from farm.errors import HarnessUnavailable

_OLDEST_CMAKE = (3, 28)  # the wheel's CMake package defines its targets from there on
_CROSS = "aarch64-linux-gnu"


class Target(StrEnum):
    """Where a harness is to run."""

    HOST = "host"
    ANDROID_ARM64_GLIBC = "android-arm64-glibc"


_PIP, _APT = "pip install", "on Debian: apt-get install"


@dataclass(frozen=True, slots=True)
class Missing:
    """A tool that is not there, what installs it, and the package that it comes in."""

    name: str
    installer: str
    package: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs of a build; compiler_version is a line of the compiler's own."""

    cmake: str
    ninja: str
    compiler: str
    readelf: str
    compiler_version: str


def architecture(target: Target) -> str:
    """Return the machine that a target's harness is for, as `uname -m` names it."""
    return platform.machine() if target is Target.HOST else "aarch64"


def find(target: Target) -> Tools:
    """Return the tools for a target. Raises HarnessUnavailable naming what is missing."""
    missing = missing_tools(target)
    if missing:
        names = " and ".join(tool.name for tool in missing)
        raise HarnessUnavailable(
            f"the harness cannot be built for {target}: {names} {'is' if len(missing) == 1 else 'are'} missing",
            hint=remedy(missing),
        )
    cmake, ninja, compiler, readelf = (found(name) for name in ("cmake", "ninja", *_of_target(target)))
    return Tools(str(cmake), str(ninja), str(compiler), str(readelf), _version_line(str(compiler)))


def compiler_version(target: Target) -> str | None:
    """Return the line in which the compiler for a target states its version, None when there is no compiler."""
    compiler = found(_of_target(target)[0])
    return None if compiler is None else _version_line(compiler)


def remedy(missing: Sequence[Missing]) -> str:
    """Return how to get all that is missing: one command for each installer, each package once."""
    packages: dict[str, dict[str, None]] = {}
    for tool in missing:
        packages.setdefault(tool.installer, {})[tool.package] = None
    return "; ".join(f"{installer} {' '.join(names)}" for installer, names in packages.items())


def missing_tools(target: Target) -> list[Missing]:
    """Return what a build for target lacks on this host."""
    missing = []
    cmake = found("cmake")
    if cmake is None or _version(cmake) < _OLDEST_CMAKE:
        missing.append(Missing(f"cmake {'.'.join(map(str, _OLDEST_CMAKE))} or newer", _PIP, "'phonefarm[harness]'"))
    if found("ninja") is None:
        missing.append(Missing("ninja", _PIP, "'phonefarm[harness]'"))
    suffix = "" if target is Target.HOST else f"-{_CROSS}"
    compiler, readelf = _of_target(target)
    needed = ((compiler, f"g++{suffix}"), (readelf, f"binutils{suffix}"))
    return missing + [Missing(name, _APT, package) for name, package in needed if found(name) is None]


def _of_target(target: Target) -> tuple[str, str]:
    return ("g++", "readelf") if target is Target.HOST else (f"{_CROSS}-g++", f"{_CROSS}-readelf")


def found(name: str) -> str | None:
    """Return a program: beside this Python, in the PyPI package of its name, or on the path."""
    beside = Path(sys.executable).parent / name
    if beside.exists():
        return str(beside)
    if name in ("cmake", "ninja"):
        try:
            package = importlib.import_module(name)
        except ModuleNotFoundError:
            return shutil.which(name)
        folder = getattr(package, "CMAKE_BIN_DIR", None) or getattr(package, "BIN_DIR", None)
        if folder and (Path(folder) / name).exists():
            return str(Path(folder) / name)
    return shutil.which(name)


def _version(cmake: str) -> tuple[int, ...]:
    match = re.search(r"version (\d+)\.(\d+)", _said(cmake))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _version_line(compiler: str) -> str:
    return _said(compiler).partition("\n")[0]


def _said(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
