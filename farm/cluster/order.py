"""What hosts tell each other: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from farm import errors
from farm.errors import ConfigError, FarmError, MeasureError
from farm.records import Record
from farm.workloads import Device, HarnessBuild, Identity, Job, Provenance

JobKey = tuple[str, str, str, str, int]
"""Job.key."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a folder: its name there, its bytes' SHA-256, and whether it is a program."""

    name: str
    sha256: str
    program: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """A harness as the files that it consists of."""

    build: HarnessBuild
    """Its folder is the sender's."""
    files: tuple[FilePart, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A session to be held on another host: a list of jobs on one device."""

    id: str
    """The same for whoever goes on with it: what has ended under it is not measured again."""
    token: str
    """Of the process that orders it: the same order given by another one begins what is left anew."""
    origin: str
    """Whose database its runs belong to."""
    device: Device
    jobs: tuple[Job, ...]
    """Their files' paths are the sender's; they are known by their hashes."""
    harnesses: Mapping[str, Parcel]
    """By runtime; empty for those that the device has itself."""
    provenance: Provenance
    seed: int
    command: str
    earlier: tuple[Record, ...] = ()
    """Runs that the sender has of these jobs already."""


@dataclass(frozen=True, slots=True)
class Told:
    """An error of farm's, in words that any host can read."""

    kind: str
    message: str
    hint: str | None
    error_class: str | None = None

    @property
    def error(self) -> FarmError:
        """The error again; of a kind that this farm does not know, a plain one."""
        kind = getattr(errors, self.kind, None)
        if not isinstance(kind, type) or not issubclass(kind, FarmError) or issubclass(kind, ConfigError):
            return FarmError(self.message, hint=self.hint)
        if issubclass(kind, MeasureError):
            return kind(self.message, error_class=self.error_class or "", hint=self.hint)
        return kind(self.message, hint=self.hint)


def told(error: FarmError) -> Told:
    """Return an error as what can be sent."""
    return Told(type(error).__name__, error.message, error.hint, error.error_class if isinstance(error, MeasureError) else None)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended: all was measured, or why not."""

    failure: Told | None = None
    stopped: bool = False
    """Somebody asked for its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session is, and what has ended of it that the asker did not have."""

    records: tuple[Record, ...] = ()
    doing: tuple[JobKey, str] | None = None
    """Which job, and its phase."""
    ended: Ended | None = None
    known: bool = True
    """False: that host has never heard of it."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a host says of itself."""

    name: str
    farm_version: str
    now_s: float
    """Its time of day, in seconds since 1970."""
    sessions: Mapping[str, str] = field(default_factory=dict)
    """What goes on: each device with its job and phase."""
    waiting: int = 0
    """Runs of sessions that have ended and that nobody has asked for to their end."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who this device is, and which of these runtimes it has itself."""

    device: Device
    runtimes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device's host found out of it: who it is and which harnesses it has itself, or why not."""

    identity: Identity | None
    own_runtimes: tuple[str, ...] = ()
    failure: Told | None = None
