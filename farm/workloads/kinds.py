"""The kinds of things: outcomes, passes, devices, sources of power, comparisons."""

from enum import StrEnum


class Outcome(StrEnum):
    """Whether a run could be measured. Whether its numbers are acceptable is a verdict, never an outcome."""

    OK = "ok"
    FAILED = "failed"
    INVALID = "invalid"
    """Measured, but disturbed: kept and shown, never averaged in."""
    NOT_READY = "not_ready"
    TIMED_OUT = "timed_out"
    DEVICE_LOST = "device_lost"


class Pass(StrEnum):
    """What one process of the harness measures; nothing else runs beside it."""

    LATENCY = "latency"
    MEMORY = "memory"
    LOAD_COLD = "load_cold"
    LOAD_WARM = "load_warm"
    POWER = "power"
    """Energy, over an idle baseline: takes minutes, and a phone off its charger."""
    SUSTAIN = "sustain"
    """Minutes of work without a pause: throttling is not a disturbance there, it is what is measured."""
    QUALITY = "quality"
    """Every item of a file answered once: what comes out depends on the artifact, not on how quiet the device is."""
    PROFILE = "profile"
    """How long each operator takes, with the runtime's tracer on: that makes all of it slower."""


ONCE_PASSES = frozenset({Pass.QUALITY})
"""Those that give the same again: one valid run is enough, whatever the number of repeats."""

UNJUDGED_PASSES = frozenset({Pass.PROFILE})
"""Those that explain numbers and give none to hold against others: no gate, calibration or history takes them."""


USUAL_PASSES = (Pass.LATENCY, Pass.MEMORY, Pass.LOAD_COLD, Pass.LOAD_WARM)
"""Those that are run when none are named; the others take minutes."""


class ItemKind(StrEnum):
    """What the items of a file are."""

    CLASSIFY = "classify"
    """Inputs of the model, each with one right answer among the numbers that the model gives."""
    TOKENS = "tokens"
    """Texts as token ids: each token but the first is to be foretold from those before it."""


class DeviceKind(StrEnum):
    """How a device is reached."""

    LOCAL = "local"
    ANDROID = "android"
    IOS = "ios"


class PowerSource(StrEnum):
    """What a device's energy is read from."""

    FUEL_GAUGE = "fuel_gauge"
    """The battery's own current and voltage: the whole device, off its charger."""
    ODPM = "odpm"
    """Cumulative energy of power rails, metered on the board (Pixel 6 and later)."""
    RAPL = "rapl"
    """The processor packages' own energy counters (Linux powercap)."""
    MONSOON = "monsoon"
    """An external meter in the battery's place."""
    NONE = "none"


class Rung(StrEnum):
    """What is tried with a device that does not answer, one after the other."""

    RECONNECT = "reconnect"
    """Its link anew: the adb server's connection, or the worker of an iPhone."""
    ADB_SERVER = "adb_server"
    """The adb server anew, where devices.toml says that it is farm's own."""
    REBOOT = "reboot"
    POWER_CYCLE = "power_cycle"
    """The power of its USB port, by the user's own command."""


class Comparison(StrEnum):
    """How an output is held against its reference."""

    MAX_ABS = "max_abs"
    """Largest absolute difference of any element, at most the tolerance."""
    COSINE = "cosine"
    """Cosine similarity of the flattened outputs, at least the tolerance."""
    TOP1 = "top1"
    """Share of rows (last axis) whose largest element stands at the same place, at least the tolerance."""


BOX_FULL = "the disk of its box is full"
"""What a device says of the end of a harness that could not write its result."""
THERMAL_OVERRIDDEN = "its thermal status is overridden by `cmd thermalservice override-status`"
"""Why there is none: what a device says of it then, somebody told it."""
THERMAL_STATUSES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""How much a phone says that it throttles, from 0: android.os.PowerManager.THERMAL_STATUS_*."""
