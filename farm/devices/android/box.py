"""The box on an Android device: a folder that only farm uses, and the fixed script that works in it."""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files as resources
from pathlib import Path

from farm.devices import files
from farm.devices.android.adb import Adb, Said
from farm.devices.transport import Holder
from farm.errors import DeviceNotReady, InputError

BOX = "/data/local/tmp/farm"
_SCRIPT = (resources("farm.devices.android") / "box.sh").read_bytes()
_SCRIPT_NAME = f"box-{hashlib.sha256(_SCRIPT).hexdigest()[:16]}.sh"
_MAKE = f"mkdir -p {BOX}/files {BOX}/runs {BOX}/harness && test -f {BOX}/{_SCRIPT_NAME} && sha256sum <{BOX}/{_SCRIPT_NAME}"
_CALL = f"sh {BOX}/{_SCRIPT_NAME}"
_EXECUTABLE, _PLAIN = 0o755, 0o644
_MARGIN_S = 20.0
# Deadlines, not expectations: slower than these, a link or a device is broken.
_SLOWEST_PUSH_BYTES_PER_S = 500_000
_SLOWEST_HASH_BYTES_PER_S = 5_000_000
_SPARE_BYTES = 64_000_000


@dataclass(slots=True)
class Box:
    """A device's box. Every call ends by a deadline and raises DeviceLost or DeviceNotReady when it cannot be done."""

    adb: Adb
    _verified: dict[str, str] = field(default_factory=dict)
    """Names in the box that hold files of these hashes: checked on the device once in a session."""

    def make(self) -> None:
        """Make the box and put its script there. Raises DeviceNotReady when the device lets nobody write."""
        said = self.adb.shell(_MAKE)
        if said.out.split()[:1] == [hashlib.sha256(_SCRIPT).hexdigest()]:
            return
        if "Permission denied" in said.err or "Read-only" in said.err:
            raise DeviceNotReady(f"{self.adb.name} lets nobody write to {BOX}: {said.err.strip()}", error_class="box_unwritable")
        self.adb.push(io.BytesIO(_SCRIPT), f"{BOX}/{_SCRIPT_NAME}", _PLAIN, _MARGIN_S, lambda _: None)

    def call(self, command: str, lines: Iterable[str] = (), timeout_s: float = _MARGIN_S) -> Said:
        """Run a command of box.sh with lines on its standard input. Raises DeviceNotReady when it fails."""
        given = list(lines)
        if any("\n" in line or "\0" in line for line in given):
            raise InputError("a name or an option with a line break in it cannot be sent to an Android device")
        said = self.adb.shell(f"{_CALL} {command}", "".join(f"{line}\n" for line in given), timeout_s)
        if said.code != 0:
            raise DeviceNotReady(
                f"{self.adb.name} failed at {command}: {said.err.strip() or f'exit code {said.code}'}", error_class="box_failed"
            )
        return said

    def push(self, file: Path, name: str, wanted: str, mode: int = _PLAIN, on_bytes: Callable[[int, int], None] | None = None) -> int:
        """Put file, whose SHA-256 is wanted, into the box under name; return the bytes sent: 0 when the box has these bytes there.

        Sent to a temporary name, checked by its SHA-256 on the device, then renamed. on_bytes is told bytes sent and in all.
        Raises ArtifactError when the file has become another one.
        """
        known = self._verified.get(name) == wanted and self.call("touch", [name]).out.strip() == "there"
        if known or self.hashes([name], _size_bytes(file)) == [wanted]:
            self._verified[name] = wanted
            return 0
        files.sha256(file, wanted)
        size_bytes = _size_bytes(file)
        self._make_room(size_bytes, file.name)
        sent = 0

        def count(step: int) -> None:
            nonlocal sent
            sent += step
            if on_bytes is not None:
                on_bytes(sent, size_bytes)

        partial = f"files/partial-{wanted}"
        with file.open("rb") as source:
            self.adb.push(source, f"{BOX}/{partial}", mode, _MARGIN_S + size_bytes / _SLOWEST_PUSH_BYTES_PER_S, count)
        if self.hashes([partial], size_bytes) != [wanted]:
            self.call("remove", [partial])
            raise DeviceNotReady(f"{file.name} arrived damaged on {self.adb.name}", error_class="push_corrupt")
        self.call("keep", [partial, name])
        self._verified[name] = wanted
        return sent

    def write(self, name: str, content: bytes) -> None:
        """Write a small file into the box, whole or not at all."""
        partial = f"{name}.partial"
        self.adb.push(io.BytesIO(content), f"{BOX}/{partial}", _PLAIN, _MARGIN_S, lambda _: None)
        self.call("keep", [partial, f"./{name}"])

    def push_all(self, folder: Path, names: Sequence[str], into: str) -> int:
        """Put the named files of folder into the box's folder into, each with the mode it has here; return the bytes sent."""
        found = self.hashes([f"{into}/{name}" for name in names], sum((folder / name).stat().st_size for name in names))
        sent = 0
        for name, there in zip(names, found, strict=True):
            here = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if here != there:
                executable = (folder / name).stat().st_mode & 0o111
                sent += self.push(folder / name, f"{into}/{name}", here, _EXECUTABLE if executable else _PLAIN)
        return sent

    def hashes(self, names: Sequence[str], size_bytes: int) -> list[str]:
        """Return the SHA-256 of each name's file as the device computes it, "none" where there is no file."""
        said = self.call("hash", names, _MARGIN_S + size_bytes / _SLOWEST_HASH_BYTES_PER_S)
        found = [line.split()[0] for line in said.out.splitlines()]
        if len(found) != len(names):
            raise DeviceNotReady(f"{self.adb.name} did not hash what was asked: {said.err.strip()}", error_class="box_failed")
        return found

    def pull(self, name: str, into: io.BytesIO, most_bytes: int) -> bool:
        """Copy the box's file called name into a stream; False when there is none."""
        return self.adb.pull(f"{BOX}/{name}", into, _MARGIN_S + most_bytes / _SLOWEST_PUSH_BYTES_PER_S, most_bytes)

    def shrink(self, keep_bytes: int) -> int:
        """Remove the files that were used longest ago until keep_bytes are left; return the bytes removed."""
        found = []
        for line in self.call("cached").out.splitlines():
            used_s, size, name = line.split(" ", 2)
            found.append((int(used_s), int(size), name))
        left, removed = sum(size_bytes for _, size_bytes, _ in found), 0
        gone = []
        for _, size_bytes, name in sorted(found):
            if left - removed > keep_bytes:
                gone.append(name)
                removed += size_bytes
        if gone:
            self.call("remove", gone)
            self._verified.clear()
        return removed

    def claim(self, holder: Holder, seconds: float) -> str | None:
        """Take or renew the lease for so long; return the words of who else holds it."""
        said = self.call("claim", [holder.host, f"{seconds:.0f}", holder.words]).out.splitlines()
        return None if said[:1] == ["taken"] else " ".join(said[1:]) or "another host"

    def leased(self) -> Holder | None:
        """Return who holds the lease, while it lasts."""
        host, _, words = self.call("holder").out.partition("\n")
        return Holder(host, words.strip()) if host else None

    def release(self, host: str) -> None:
        """Give up a host's lease; what has ended by itself is ended already."""
        self.call("release", [host])

    def free_bytes(self) -> int:
        """Return the room that is left on the box's file system (df -k: the fourth column of its last line)."""
        words = self.call("room").out.split()
        for place, word in enumerate(words):
            if word.endswith("%") and place > 0 and words[place - 1].isdigit():
                return int(words[place - 1]) * 1024
        raise DeviceNotReady(f"{self.adb.name} does not say how much room it has", error_class="box_failed")

    def _make_room(self, size_bytes: int, what: str) -> None:
        free = self.free_bytes()
        if free < size_bytes + _SPARE_BYTES:
            raise DeviceNotReady(
                f"{self.adb.name} has {free / 1e6:.0f} MB free, {what} needs {(size_bytes + _SPARE_BYTES) / 1e6:.0f} MB with room over",
                error_class="device_full",
                hint="farm devices clean removes what farm keeps there",
            )


def _size_bytes(file: Path) -> int:
    """Return the size of a file here; 0 when it is gone, which matters only when it has to be sent."""
    return file.stat().st_size if file.is_file() else 0
