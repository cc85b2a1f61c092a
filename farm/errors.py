"""Every error that farm raises on purpose, and the exit code each one ends a command with.

    FarmError
      InputError            2    what the user gave is wrong; the sentence says what and the hint what to do
        ConfigError         2    devices.toml or a suite: every problem of the file at once
        ArtifactError       2    a model file that cannot be measured as it is
        DeviceUnknown       2    no such device, or one that this farm cannot drive
        HarnessUnavailable  2    the harness cannot be built or found here
        PackageUnavailable  2    a pinned file of PyPI cannot be had, or is another one
        StoreError          2    a database or data folder that cannot be used
        RecordRefused       2    one run's rows that the database does not take
      BytesMissing          3    a baseline without its pinned bytes: nothing can be compared with it
      StoreBusy             3    another process holds the database, and the deadline passed
      DeviceBusy            3    another controller holds the device
      ClockDoubted          3    the time of day cannot be right, and a night is called after it
      DeviceHeld            3    a person holds the device back
      HostExhausted         3    this host's disk or memory is full: measuring stops, nothing is lost
      DeviceUnavailable     3    no device that is healthy enough to measure on
      Cancelled           130    somebody took the request back
      HostAway              3    another host of the cluster, or its scheduler, is not to be reached
      MeasureError          3    one attempt gave no number; runner.execute makes a Run of it
        HarnessFailed            failed: crashed, garbage, no end, or an error of the harness's own
        PowerUnread              failed: what was read does not tell the energy
        DeviceNotReady           not ready: the stated condition was not reached in time
        RunTimedOut              timed out
        DeviceLost               device lost

Exit 0 is in budget, 4 out of budget, 130 interrupted. Exit 1 stays Python's own, so that a crash
of farm can never be read as a verdict.
"""

from typing import ClassVar

from farm.workloads import Outcome


class FarmError(Exception):
    """A sentence for a person, and a hint when there is something to do about it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(FarmError):
    """What the user gave is wrong."""


class ConfigError(InputError):
    """A configuration file with problems: all of them, one line each."""

    def __init__(self, problems: list[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems


class ArtifactError(InputError):
    """A model file that cannot be measured as it is."""


class DeviceUnknown(InputError):
    """No such device, or one that this farm cannot drive."""


class HarnessUnavailable(InputError):
    """The harness cannot be built or found here."""


class PackageUnavailable(InputError):
    """A pinned file of PyPI cannot be had, or is another one."""


class StoreError(InputError):
    """A database or a data folder that cannot be used."""


class RecordRefused(StoreError):
    """One run's rows that the database does not take; the others are not to blame."""


class BytesMissing(FarmError):
    """The bytes that a baseline pins are not there, or are others."""

    exit_code = 3


class StoreBusy(FarmError):
    """Another process held the database until the deadline."""

    exit_code = 3


class DeviceBusy(FarmError):
    """Another controller holds the device."""

    exit_code = 3


class ClockDoubted(FarmError):
    """The time of day cannot be right, as far as what was stored and a clock that nobody sets tell."""

    exit_code = 3


class DeviceHeld(FarmError):
    """A person holds the device back: nobody measures on it."""

    exit_code = 3


class HostExhausted(FarmError):
    """This host has no room for more: what is measured stops before it could be lost."""

    exit_code = 3


class Cancelled(FarmError):
    """Somebody took the request for a device back."""

    exit_code = 130


class DeviceUnavailable(FarmError):
    """No device is healthy enough to measure on."""

    exit_code = 3


class HostAway(FarmError):
    """Another host of the cluster, or the scheduler where they meet, is not to be reached."""

    exit_code = 3


class MeasureError(FarmError):
    """One attempt that gave no number.

    error_class is a short stable word for grouping, such as "crashed" or "operator_missing".
    """

    exit_code = 3
    outcome: ClassVar[Outcome] = Outcome.FAILED

    def __init__(self, message: str, *, error_class: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.error_class = error_class


class HarnessFailed(MeasureError):
    """The harness crashed, wrote something else than its protocol, or said itself what went wrong."""


class PowerUnread(MeasureError):
    """A pass was measured, and what its power source said does not tell the energy."""


class DeviceNotReady(MeasureError):
    """The stated condition was not reached in time."""

    outcome = Outcome.NOT_READY


class RunTimedOut(MeasureError):
    """The attempt was stopped at its deadline."""

    outcome = Outcome.TIMED_OUT


class DeviceLost(MeasureError):
    """The device went away and did not come back in time."""

    outcome = Outcome.DEVICE_LOST
