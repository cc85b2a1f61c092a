"""The ExecuTorch wheel that a harness is built against: fetched by pip, checked, unpacked, never imported."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from farm.errors import HarnessUnavailable

VERSION = "1.5.1"
_KEPT = ("executorch/include/", "executorch/lib/", "executorch/share/cmake/", f"executorch-{VERSION}.dist-info/licenses/")
_PIP_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned wheel. Which Python it is for does not matter: only its C++ part is used."""

    platform: str
    sha256: str


WHEELS = {
    "x86_64": Wheel("manylinux_2_28_x86_64", "04897dffff8d96e8af32f554c758d0a7d4f50af5c3530c90dc8d5319bb44c878"),
    "aarch64": Wheel("manylinux_2_28_aarch64", "2c177f7922354a8a0d6111628c954519b87549598640e5e0042bef137b4cb83c"),
}


def unpacked(architecture: str, data: Path, given: Path | None, on_progress: Callable[[str], None]) -> tuple[Path, str]:
    """Return the unpacked wheel's `executorch` folder and the wheel's SHA-256; fetched into the data folder when it is not there.

    given is a wheel file to use instead of the network. Raises HarnessUnavailable.
    """
    if architecture not in WHEELS:
        raise HarnessUnavailable(f"there is no ExecuTorch wheel for {architecture}", hint=f"there are wheels for {', '.join(WHEELS)}")
    wheel = WHEELS[architecture]
    folder = data / "wheels" / f"executorch-{VERSION}-{architecture}-{wheel.sha256[:12]}"
    if given is not None:
        _check(given, wheel)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacking-") as scratch:
            file = given or _download(wheel, Path(scratch), on_progress)
            _check(file, wheel)
            unpack(file, Path(scratch) / "unpacked")
            move_into_place(Path(scratch) / "unpacked", folder)
    return folder / "executorch", wheel.sha256


def unpack(wheel: Path, folder: Path) -> None:
    """Unpack the C++ part and the licences of a wheel. Raises HarnessUnavailable for names that lead out of the folder."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.startswith(_KEPT) or name.endswith("/"):
                    continue
                if ".." in PurePosixPath(name).parts:
                    raise HarnessUnavailable(f"the wheel {wheel.name} holds the name {name!r}, which leads out of its folder")
                archive.extract(name, folder)
    except zipfile.BadZipFile as error:
        raise HarnessUnavailable(f"{wheel} is not a wheel: {error}") from error


def move_into_place(made: Path, folder: Path) -> None:
    """Rename a finished folder to its place; another process that was quicker has made the same."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(made)


def _check(file: Path, wheel: Wheel) -> None:
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise HarnessUnavailable(f"the wheel {file} cannot be read: {error.strerror}") from error
    if found != wheel.sha256:
        raise HarnessUnavailable(
            f"{file.name} has the SHA-256 {found}, and farm builds against {wheel.sha256}",
            hint=f"pip download --no-deps --python-version 3.12 --platform {wheel.platform} executorch=={VERSION}",
        )


def _download(wheel: Wheel, folder: Path, on_progress: Callable[[str], None]) -> Path:
    """Fetch a wheel with the pip of this Python, as the user has set it up."""
    on_progress(f"fetching the ExecuTorch {VERSION} wheel for {wheel.platform} (once, about 20 MB)")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    command += [
        "--implementation",
        "cp",
        "--python-version",
        "3.12",
        "--platform",
        wheel.platform,
        "--dest",
        str(folder),
        f"executorch=={VERSION}",
    ]
    hint = "give the file with --wheel; it is on PyPI"
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PIP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise HarnessUnavailable(f"pip did not fetch the ExecuTorch wheel within {_PIP_TIMEOUT_S} s", hint=hint) from error
    found = list(folder.glob("executorch-*.whl"))
    if done.returncode != 0 or not found:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")] or ["pip gave no reason"]
        raise HarnessUnavailable(f"the ExecuTorch wheel could not be fetched: {said[-1]}", hint=hint)
    return found[0]
