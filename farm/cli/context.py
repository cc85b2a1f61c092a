"""What every command shares: the data folder, the lab, the store, and how farm speaks."""

import getpass
import logging
import os
import platform
import re
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm import units
from farm.errors import InputError, StoreBusy, StoreError
from farm.journal import Journal
from farm.redact import redacted

if TYPE_CHECKING:  # heavy, and most commands need only one of them
    from farm.config import Lab
    from farm.leases import Owner
    from farm.store import Store
    from farm.workloads import Device

log = logging.getLogger(__name__)

_APPEND_DEADLINE_S = 30.0
_ASIDE_DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """The global options."""

    data: Path
    devices: Path | None

    def lab(self) -> "Lab":
        """Return the lab: the file that was named, else ./devices.toml, else only this machine."""
        from farm.config import load_lab

        return load_lab(self.devices_file()).reached_by(_usbmux())

    def devices_file(self) -> Path | None:
        """Return the lab's file, None when there is none."""
        here = Path("devices.toml")
        return self.devices or (here if here.exists() else None)

    def writable_data(self) -> Path:
        """Return the data folder, made where it was missing. Raises StoreError when nothing can be written there."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            probe = self.data / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StoreError(
                f"the data folder {self.data} cannot be written to: {error.strerror}", hint="name another one with --data"
            ) from error
        return self.data

    @property
    def journal(self) -> Journal:
        """The journal of the data folder."""
        return Journal(self.data / "journal")

    @property
    def database(self) -> Path:
        """The database file of the data folder."""
        return self.data / "farm.duckdb"

    def store(self, deadline_s: float = _APPEND_DEADLINE_S) -> "Store":
        """Return the database of the data folder."""
        from farm.store import Store

        return Store(self.database, deadline_s)

    def check_database(self) -> None:
        """Raise StoreError when runs could not be stored; a database that is only busy is one that can be used."""
        try:
            self.store(_ASIDE_DEADLINE_S).check()
        except StoreBusy as error:
            log.info("%s", error.message)

    def drained_store(self) -> "Store":
        """Return the database after what waits in the journal has gone in; a busy database does not stop a reader."""
        if self.journal.entries():
            try:
                if count := self.journal.drain(self.store(_ASIDE_DEADLINE_S).append):
                    say(f"{units.counted(count, 'run')} from the journal went into the database")
            except (StoreBusy, StoreError) as error:  # whether it can be read, reading it shows
                say(f"{len(self.journal.entries())} runs wait in the journal: {error.message}")
        return self.store()


def _usbmux() -> str | None:
    """Return where the environment says that usbmuxd is: host:port or a socket's path, before which libimobiledevice wants UNIX:."""
    address = os.environ.get("USBMUXD_SOCKET_ADDRESS")
    return address.removeprefix("UNIX:") if address else None


def chosen_devices(lab: "Lab", names: str | None, pool: str | None) -> "list[Device]":
    """Return the devices that --device names or those of --pool, each once; without both, this machine."""
    if pool is not None:
        if names is not None:
            raise InputError("name either devices or a pool", hint="farm run --pool nightly model.pte")
        return _each_once(lab.pool(pool))
    given = [name.strip() for name in ("local" if names is None else names).split(",") if name.strip()]
    if not given:
        raise InputError("no device is named", hint="farm run --device s25,pixel9 model.pte")
    return _each_once([lab.device(name) for name in dict.fromkeys(given)])


def _each_once(devices: "list[Device]") -> "list[Device]":
    """Return the devices. Raises InputError when two names plainly lead to one: it would wait for itself."""
    names: dict[tuple[object, ...], str] = {}
    for device in devices:
        where = device.serial or device.udid or device.match
        place = (device.host, device.kind, device.adb, device.usbmux, where)
        if device.host is not None and where is None:
            continue  # only that host can say what it is
        other = names.setdefault(place, device.name)
        if other != device.name:
            raise InputError(f"{other} and {device.name} are one device: {where or 'this machine'}", hint="name it once")
    return devices


def plain(text: str) -> str:
    """Return text without its control characters: it may come from a file's or a device's name."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def tell(text: str) -> None:
    """Print a line of a result that is for people: what it names may come from anywhere."""
    click.echo(plain(text))


class PlainLog(logging.Formatter):
    """Lines of a log without control characters, but for line breaks and tabs: they hold what devices said."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        return re.sub(r"[^\n\t]+", lambda found: plain(found[0]), super().format(record))


def say(text: str) -> None:
    """Tell the person something that is not a result; where the terminal is gone, nobody."""
    with suppress(OSError):
        click.echo(f"farm: {plain(text)}", err=True)


def output_goes() -> bool:
    """Return whether standard output takes anything, by a line break: what it refused may be forgotten by now."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def drop_output() -> None:
    """Send what is still to be written to standard output, now and when the process ends, nowhere: nobody takes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def now_utc() -> datetime:
    """Return the time of day; everything below cli is given it."""
    return datetime.now(UTC)


def naive(moment: datetime) -> datetime:
    """Return an aware time as the database's naive UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def owner() -> "Owner":
    """Return this process as the owner of a lease."""
    from farm.leases import Owner

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = f"uid {os.getuid()}"
    return Owner(os.getpid(), user, now_utc().strftime("%Y-%m-%d %H:%M:%S UTC"), command_line(), platform.node())


def command_line() -> str:
    """Return what the user typed, quoted so that it can be pasted into a shell.

    It is stored, and shown to others, who copy it: what looks like a secret is hidden, and what a branch is called runs nothing.
    """
    return redacted(os.fsencode(shlex.join(["farm", *sys.argv[1:]])).decode(errors="replace"))
