"""The Android bench: phones with a real adbd behind a real adb server, and no phone attached."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.android import profiles
from tests.bench.android.adb import AdbServer, start_server
from tests.bench.android.debs import root_folder
from tests.bench.android.layer import HERE, common_layer, write_phone
from tests.bench.android.phone import Phone
from tests.bench.android.processes import answer, check_tools, end, spawn, wait_until

DATA_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Spec:
    """A phone to be: a profile's kind. Two phones may state one serialno, as cheap ones do."""

    profile: str
    name: str = ""
    abi: str = profiles.X86_64
    """profiles.ARM64: it says so everywhere, and runs arm64 programs under qemu (no others)."""
    serialno: str = ""


DEFAULT_SPECS = (Spec("s25"), Spec("pixel9", abi=profiles.ARM64), Spec("oneplus13"), Spec("xiaomi12x"))


@dataclass(slots=True)
class Bench:
    """A bench for the time of a `with`: entering it returns when every phone is ready, leaving it ends and unmounts everything.

    To be entered in the main thread. data is the data folder (.farm); the cache of packages is kept in it.
    """

    data: Path
    specs: Sequence[Spec | str] = DEFAULT_SPECS
    phones: dict[str, Phone] = field(default_factory=dict)
    _adb: AdbServer | None = None
    _others: list[subprocess.Popen[str]] = field(default_factory=list)
    _run: Path | None = None

    @property
    def adb(self) -> AdbServer:
        """The adb server: its address, and adb.run("devices") for the real command line."""
        assert self._adb is not None, "the bench is used outside its `with`"
        return self._adb

    @property
    def folder(self) -> Path:
        """The cache and the running benches' folders."""
        return self.data.resolve() / "bench-android"

    def __enter__(self) -> Self:
        check_tools()
        sweep(self.folder / "run")
        layers = [common_layer(self.folder), root_folder(self.folder)]
        self._run = _new_run_folder(self.folder / "run")
        try:
            self._adb = start_server(self._run / "adb")
            for number, each in enumerate(self.specs):
                spec = Spec(each) if isinstance(each, str) else each
                name = spec.name or spec.profile
                self.phones[name] = _start(spec, name, spec.serialno or f"BENCH{number:08X}", self._run / name, layers, self._adb)
            self._wait_for_phones()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def unauthorized(self) -> str:
        """Connect a device on which nobody answers whether this computer may debug it, and return its serial."""
        assert self._run is not None
        process = spawn([sys.executable, "-I", "-S", str(HERE / "unauthorized.py")], log=self._run / "unauthorized.log")
        self._others.append(process)
        serial = f"127.0.0.1:{answer(process)}"
        self.adb.run("connect", serial)
        wait_until(lambda: f"{serial}\tunauthorized" in self.adb.run("devices").stdout, f"{serial} unauthorized")
        return serial

    def process_ids(self) -> list[int]:
        """Return the ids of all processes that the bench started, and of the phones' first ones."""
        started = [self.adb.process, *self._others]
        for phone in self.phones.values():
            started += [phone.namespace, *([phone.proxy] if phone.proxy is not None else [])]
        return [each.pid for each in started] + [phone.init_pid for phone in self.phones.values()]

    def _wait_for_phones(self) -> None:
        """Every step for all phones at once: what one waits for, the others do meanwhile."""
        phones = list(self.phones.values())
        for phone in phones:
            wait_until(phone.find_init, f"{phone.name}'s first process")
        for phone in phones:
            phone.start_proxy()
        for phone in phones:
            phone.take_serial()
        for phone in phones:
            wait_until((phone.root / "bench/ports/5555").exists, f"{phone.name}'s adbd")
        for phone in phones:
            phone.connect()

    def _stop(self) -> None:
        for phone in self.phones.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                phone.stop()
        for process in self._others:
            end(process)
        if self._adb is not None:
            self._adb.stop()
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            with contextlib.suppress(OSError):  # another bench of this process is in it
                self._run.parent.rmdir()
        self.phones.clear()
        self._others.clear()
        self._adb = self._run = None


def sweep(runs: Path) -> None:
    """Remove the folders of benches that were killed. Their processes and mounts went with them; a mount that is left is undone."""
    for run in runs.glob("*"):
        pid, _, started = run.name.partition("-")
        if _started(int(pid)) == started:
            continue
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([each for each in mounts if each.startswith(f"{run}/")]):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        shutil.rmtree(run, ignore_errors=True)


def _new_run_folder(runs: Path) -> Path:
    """The name tells whose it is: a process id and when that process started."""
    own = runs / f"{os.getpid()}-{_started(os.getpid())}"
    own.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=own, prefix=""))


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except OSError:
        return ""


def _start(spec: Spec, name: str, serialno: str, folder: Path, layers: list[Path], adb: AdbServer) -> Phone:
    profile = profiles.load(spec.profile)
    root, own = folder / "root", folder / "layer"
    root.mkdir(parents=True)
    android_id = hashlib.sha256(name.encode()).hexdigest()[:16]  # a phone draws it when it first starts; here its name is the dice
    write_phone(own, profile, abi=spec.abi, serialno=serialno, android_id=android_id)
    lower = ":".join(str(each) for each in (own, *layers))
    boot = ["sh", str(HERE / "boot.sh"), str(root), lower, name, str(DATA_BYTES)]
    namespace = spawn(["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--", *boot], log=folder / "log")
    return Phone(name, profile, spec.abi, serialno, adb, folder, namespace)
