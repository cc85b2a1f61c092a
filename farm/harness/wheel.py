"""The ExecuTorch wheel that a harness is built against: unpacked into the data folder, never imported."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from farm import wheels
from farm.errors import HarnessUnavailable

VERSION = "1.5.1"
_KEPT = ("executorch/include/", "executorch/lib/", "executorch/share/cmake/", f"executorch-{VERSION}.dist-info/licenses/")

WHEELS = {
    architecture: wheels.Wheel("executorch", VERSION, f"manylinux_2_28_{architecture}", sha256, "20 MB")
    for architecture, sha256 in (
        ("x86_64", "04897dffff8d96e8af32f554c758d0a7d4f50af5c3530c90dc8d5319bb44c878"),
        ("aarch64", "2c177f7922354a8a0d6111628c954519b87549598640e5e0042bef137b4cb83c"),
    )
}


def pinned(architecture: str, given: Path | None) -> wheels.Wheel:
    """Return the wheel that a harness for this machine is built against; given, a file to use, must be that one.

    Raises HarnessUnavailable, PackageUnavailable.
    """
    if architecture not in WHEELS:
        raise HarnessUnavailable(f"there is no ExecuTorch wheel for {architecture}", hint=f"there are wheels for {', '.join(WHEELS)}")
    if given is not None:
        wheels.checked(given, WHEELS[architecture])
    return WHEELS[architecture]


def unpacked(architecture: str, data: Path, given: Path | None, on_progress: Callable[[str], None]) -> Path:
    """Return the unpacked wheel's `executorch` folder; fetched into the data folder when it is not there.

    given is a wheel file to use instead of the network. Raises HarnessUnavailable, PackageUnavailable.
    """
    wheel = pinned(architecture, given)
    folder = data / "wheels" / f"executorch-{VERSION}-{architecture}-{wheel.sha256[:12]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacking-") as scratch:
            file = given or wheels.fetch(wheel, Path(scratch), on_progress, hint="give the file with --wheel; it is on PyPI")
            unpack(file, Path(scratch) / "unpacked")
            move_into_place(Path(scratch) / "unpacked", folder)
    return folder / "executorch"


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
