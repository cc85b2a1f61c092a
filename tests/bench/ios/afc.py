"""AFC: files of one folder of the phone, as afcd serves them.

A packet is `CFA6LPAA`, its whole length, the length without the data that follows, a number and an operation, all little-endian
64-bit. The answer carries the same number: a status, data, or what the operation has of its own.
"""

import fcntl
import os
import shutil
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISLNK

from tests.bench.ios.wire import Closed, Stream

_HEADER = struct.Struct("<8s4Q")
_NUMBER = struct.Struct("<Q")
_MAGIC = b"CFA6LPAA"
_MOST_BYTES = 1 << 31
_STATUS, _DATA, _OPENED, _TOLD = 0x01, 0x02, 0x0E, 0x13
_DONE, _INVALID, _NOT_FOUND, _IS_DIRECTORY, _DENIED = 0, 7, 8, 9, 10
_UNSUPPORTED, _EXISTS, _NO_SPACE, _WOULD_BLOCK, _IO, _NOT_EMPTY = 15, 16, 18, 19, 20, 33
_ERRNO = {2: _NOT_FOUND, 13: _DENIED, 17: _EXISTS, 20: _NOT_FOUND, 21: _IS_DIRECTORY, 28: _NO_SPACE, 11: _WOULD_BLOCK, 39: _NOT_EMPTY}
_MODES = {
    1: os.O_RDONLY,
    2: os.O_RDWR | os.O_CREAT,
    3: os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    4: os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    5: os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    6: os.O_RDWR | os.O_APPEND | os.O_CREAT,
}
_TYPES = {True: "S_IFDIR", False: "S_IFREG"}
OPERATIONS = {
    "read_dir": 0x03,
    "truncate": 0x07,
    "remove": 0x08,
    "make_dir": 0x09,
    "file_info": 0x0A,
    "device_info": 0x0B,
    "open": 0x0D,
    "read": 0x0F,
    "write": 0x10,
    "seek": 0x11,
    "tell": 0x12,
    "close": 0x14,
    "set_size": 0x15,
    "rename": 0x18,
    "lock": 0x1B,
    "link": 0x1C,
    "set_time": 0x1E,
    "remove_all": 0x22,
}


@dataclass(slots=True)
class Fault:
    """What is wrong with an operation: an error code, or that it never ends; for so many times."""

    code: int | None
    times: int


@dataclass(slots=True)
class Faults:
    """The faults of a phone's afcd by operation; "device full" has a limit of its own."""

    by_operation: dict[int, Fault] = field(default_factory=dict)
    room_bytes: int | None = None

    def of(self, operation: int) -> Fault | None:
        """Return the fault that this call of an operation meets."""
        fault = self.by_operation.get(operation)
        if fault is None:
            return None
        fault.times -= 1
        if fault.times <= 0:
            del self.by_operation[operation]
        return fault


class Refused(Exception):
    """An operation that ends in an AFC error."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Afc:
    """One AFC connection to a folder; only what is listed under `shown` of it, when that is given."""

    def __init__(self, stream: Stream, root: Path, faults: Faults, model: str, shown: tuple[str, ...] = ()) -> None:
        self.stream, self.root, self.faults, self.model, self.shown = stream, root.resolve(), faults, model, shown
        self.open: dict[int, int] = {}
        self.operations: dict[int, Callable[[bytes], bytes | None]] = {OPERATIONS[name]: getattr(self, f"_{name}") for name in OPERATIONS}

    def serve(self) -> None:
        """Answer until the client goes; what it left open is closed, and unlocked."""
        try:
            while True:
                magic, whole, _, number, operation = _HEADER.unpack(self.stream.receive(_HEADER.size))
                if magic != _MAGIC or not _HEADER.size <= whole < _MOST_BYTES:
                    return
                kind, answer = self._answer(operation, self.stream.receive(whole - _HEADER.size))
                length = _HEADER.size + len(answer)
                self.stream.send(_HEADER.pack(_MAGIC, length, _HEADER.size if kind == _DATA else length, number, kind) + answer)
        except Closed:
            pass
        finally:
            for descriptor in self.open.values():
                os.close(descriptor)

    def _answer(self, operation: int, content: bytes) -> tuple[int, bytes]:
        fault = self.faults.of(operation)
        if fault is not None:
            if fault.code is None:
                time.sleep(3600)
            return _STATUS, _NUMBER.pack(fault.code or 0)
        work = self.operations.get(operation)
        try:
            answer = work(content) if work else None
        except Refused as refused:
            return _STATUS, _NUMBER.pack(refused.code)
        except OSError as error:
            return _STATUS, _NUMBER.pack(_ERRNO.get(error.errno or 0, _IO))
        except (struct.error, ValueError, KeyError):
            return _STATUS, _NUMBER.pack(_INVALID)
        if work is None:
            return _STATUS, _NUMBER.pack(_UNSUPPORTED)
        if answer is None:
            return _STATUS, _NUMBER.pack(_DONE)
        return {OPERATIONS["open"]: _OPENED, OPERATIONS["tell"]: _TOLD}.get(operation, _DATA), answer

    def _path(self, name: bytes) -> Path:
        """Return where a name of the client's lies. Raises Refused outside the folder, and for what is not shown of it."""
        path = self.root / name.split(b"\0")[0].decode().lstrip("/")
        try:
            inside = Path(os.path.normpath(path)).relative_to(self.root)
        except ValueError as error:
            raise Refused(_DENIED) from error
        if self.shown and inside.parts and inside.parts[0] not in self.shown:
            raise Refused(_DENIED)
        return path

    def _read_dir(self, content: bytes) -> bytes:
        path = self._path(content)
        names = [name for name in (each.name for each in path.iterdir()) if path != self.root or not self.shown or name in self.shown]
        return b"".join(name.encode() + b"\0" for name in (".", "..", *names))

    def _file_info(self, content: bytes) -> bytes:
        path = self._path(content)
        status = path.lstat()
        facts = {
            "st_size": status.st_size,
            "st_blocks": status.st_blocks,
            "st_nlink": status.st_nlink,
            "st_ifmt": "S_IFLNK" if S_ISLNK(status.st_mode) else _TYPES[S_ISDIR(status.st_mode)],
            "st_mtime": status.st_mtime_ns,
            "st_birthtime": status.st_ctime_ns,
        }
        if S_ISLNK(status.st_mode):
            facts["LinkTarget"] = path.readlink()
        return _pairs(facts)

    def _device_info(self, _content: bytes) -> bytes:
        room = 64 * 10**9 if self.faults.room_bytes is None else self.faults.room_bytes
        return _pairs({"Model": self.model, "FSTotalBytes": 128 * 10**9, "FSFreeBytes": room, "FSBlockSize": 4096})

    def _remove(self, content: bytes) -> None:
        path = self._path(content)
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()

    def _remove_all(self, content: bytes) -> None:
        path = self._path(content)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    def _make_dir(self, content: bytes) -> None:
        self._path(content).mkdir(parents=True, exist_ok=True)

    def _rename(self, content: bytes) -> None:
        source, target = content.split(b"\0")[:2]
        self._path(source).rename(self._path(target))

    def _link(self, content: bytes) -> None:
        target, name = content[8:].split(b"\0")[:2]
        self._path(name).symlink_to(target.decode())

    def _truncate(self, content: bytes) -> None:
        os.truncate(self._path(content[8:]), _NUMBER.unpack_from(content)[0])

    def _set_time(self, content: bytes) -> None:
        when = _NUMBER.unpack_from(content)[0]
        os.utime(self._path(content[8:]), ns=(when, when))

    def _open(self, content: bytes) -> bytes:
        path = self._path(content[8:])
        if path.is_dir():
            raise Refused(_IS_DIRECTORY)
        descriptor = os.open(path, _MODES[_NUMBER.unpack_from(content)[0]] | os.O_CLOEXEC, 0o666)
        self.open[descriptor] = descriptor
        return _NUMBER.pack(descriptor)

    def _read(self, content: bytes) -> bytes:
        handle, count = struct.unpack_from("<2Q", content)
        return os.read(self.open[handle], min(count, _MOST_BYTES))

    def _write(self, content: bytes) -> None:
        descriptor = self.open[_NUMBER.unpack_from(content)[0]]
        data = memoryview(content)[8:]
        if self.faults.room_bytes is not None:
            if self.faults.room_bytes < len(data):
                raise Refused(_NO_SPACE)
            self.faults.room_bytes -= len(data)
        while data:
            data = data[os.write(descriptor, data) :]

    def _seek(self, content: bytes) -> None:
        handle, whence, offset = struct.unpack_from("<2Qq", content)
        os.lseek(self.open[handle], offset, whence)

    def _tell(self, content: bytes) -> bytes:
        return _NUMBER.pack(os.lseek(self.open[_NUMBER.unpack_from(content)[0]], 0, os.SEEK_CUR))

    def _close(self, content: bytes) -> None:
        os.close(self.open.pop(_NUMBER.unpack_from(content)[0]))

    def _set_size(self, content: bytes) -> None:
        handle, size = struct.unpack_from("<2Q", content)
        os.ftruncate(self.open[handle], size)

    def _lock(self, content: bytes) -> None:
        """Lock or unlock a file: flock(2)'s bits, never waiting."""
        handle, how = struct.unpack_from("<2Q", content)
        fcntl.flock(self.open[handle], int(how) | fcntl.LOCK_NB)


def _pairs(facts: dict[str, object]) -> bytes:
    return b"".join(f"{name}\0{value}\0".encode() for name, value in facts.items())
