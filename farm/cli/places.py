"""Files that results are written to: checked before anything is measured, written whole or not at all."""

import os
from dataclasses import dataclass
from pathlib import Path

from farm.errors import StoreError


@dataclass(frozen=True, slots=True)
class Place:
    """A file to write: what it is, for people, and the option that names another one."""

    path: Path
    what: str
    option: str

    def check(self) -> None:
        """Raise StoreError when nothing can be written there: better said before measuring than after."""
        path = self.path
        try:
            self._refuse_what_is_no_file()
            path.parent.mkdir(parents=True, exist_ok=True)
            probe = path.with_name(f".probe-{os.getpid()}")
            probe.touch()
            probe.unlink()
            if not _nameable(path):
                raise self._refused("cannot be written: its name is too long")
        except OSError as error:
            raise self._refused(f"cannot be written: {error.strerror}") from error

    def write(self, text: str) -> None:
        """Write a text, whole or not at all, behind a link where the path is one. Raises StoreError when it cannot be written."""
        try:
            self._refuse_what_is_no_file()
            place = self.path.resolve()
            place.parent.mkdir(parents=True, exist_ok=True)
            _partial(place).write_text(text, encoding="utf-8")
            _partial(place).replace(place)
        except OSError as error:
            raise self._refused(f"could not be written: {error.strerror}") from error

    def _refuse_what_is_no_file(self) -> None:
        """Raise StoreError for a folder, /dev/null or a pipe, whose place the result would take, and for a file in place of a folder."""
        if not is_free(self.path):
            raise self._refused("cannot be written: it is no ordinary file")
        nearest = next(folder for folder in self.path.absolute().parents if folder.exists())
        if not nearest.is_dir():
            raise self._refused(f"cannot be written: {nearest} is a file, where a folder is needed")

    def _refused(self, why: str) -> StoreError:
        return StoreError(f"the {self.what} {self.path} {why}", hint=f"name another file with {self.option}")


def page(path: Path) -> Place:
    """Return the place of a page."""
    return Place(path, "page", "--html")


def is_free(path: Path) -> bool:
    """Whether a file may take this place: nothing is there, or an ordinary file. Whoever renames onto a device node removes it."""
    return path.is_file() or not path.exists()


def _nameable(path: Path) -> bool:
    """Whether the file system takes a name so long, and that of the file it is first written to."""
    return len(os.fsencode(_partial(path).name)) <= os.pathconf(path.parent, "PC_NAME_MAX")


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.partial")
