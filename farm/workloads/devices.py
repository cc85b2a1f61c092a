"""What is measured on: devices as the lab describes them and as they answer, and the harness built for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm.workloads.kinds import DeviceKind, PowerSource, Rung


@dataclass(frozen=True, slots=True)
class Conditions:
    """The state that a device must be in before a pass, and what disturbs a pass. Shares are of 1."""

    max_cpu_busy_ratio: float = 0.25
    """Share of all CPU time that others may use while the device settles."""
    max_run_delay_ratio: float = 0.05
    """Time that runnable harness threads waited for a CPU, over threads x wall time; above it the run is invalid."""
    min_thread_cpu_ratio: float = 0.9
    """CPU time over wall time of the measuring thread, for CPU flavours; below it the run is invalid."""
    max_other_work_ratio: float = 0.05
    """Share of all CPU time that others may use in a phase of a power pass; above it the run is invalid, as their energy is in it. One
    busy core of eight is 0.125; a phone that lies still with its screen on stays under 0.03."""
    max_skin_temperature_c: float = 36.0
    """Phones only: of the skin, or of the battery where the skin is not read."""
    max_slowdown_ratio: float = 0.1
    """How much longer a fixed computation may take after a pass than before it, and how far the kernel may lower a clock's cap
    during one; above it the run is invalid, as the device throttled."""
    min_frequency_cap_ratio: float = 0.5
    """Phones: how high the kernel lets each CPU be clocked, of what its hardware can, before a pass: one that is capped for good has no
    clock that falls during one. Half, and not all: a phone that is held at a fixed performance is capped on purpose."""
    max_brightness_ratio: float = 0.5
    """iPhones, whose brightness no host sets: of the screen's, before a pass. A bright one warms the phone and drains its battery."""
    min_battery_ratio: float = 0.2
    """Phones only, as is max_battery_ratio."""
    max_battery_ratio: float = 1.0
    airplane_mode: bool = True
    """Phones: switch the radios off while measuring, where the link needs none."""
    fixed_performance: bool = True
    """Phones: hold the clocks at a speed that lasts, where the device offers that."""
    settle_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class PowerSettings:
    """How a device's energy is read; None: as its kind of device has it, and as its own readings show."""

    source: PowerSource | None = None
    current_unit_ua: int | None = None
    """uA to one unit of the printed current: 1 or 1000."""
    current_sign: int | None = None
    """1: plus flows into the battery, -1: out of it."""
    rails: tuple[str, ...] = ()
    """Patterns of the rails to sum; empty: all."""
    poll_s: float = 1.0
    """Between two looks, where a source has to be asked."""
    voltage_uv: float | None = None
    """What an external meter is to give the device."""
    meter_serial: int | None = None


@dataclass(frozen=True, slots=True)
class Charging:
    """Between what a phone's battery is kept: one that has sunk below low_ratio charges up to high_ratio before it is measured."""

    low_ratio: float
    high_ratio: float
    timeout_s: float = 2 * 3600.0
    """How long it is waited for; after that it is measured if its conditions allow it, else "not ready"."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """What a device must be to be called healthy, and what is tried when it does not answer."""

    quarantine_after: int = 3
    """Checks that fail before it has been good again."""
    min_free_bytes: float = 500e6
    max_temperature_c: float = 45.0
    """Phones: of the skin, else of the battery, when nothing is measured. Far above what a pass wants: such a phone needs a person."""
    max_clock_offset_s: float = 300.0
    min_battery_capacity_ratio: float = 0.6
    """Of what its battery was designed to hold; where the phone tells."""
    max_battery_cycles: int | None = None
    recovery: tuple[Rung, ...] = (Rung.RECONNECT,)
    reboot_timeout_s: float = 180.0
    power_cycle_timeout_s: float = 60.0
    charging: Charging | None = None
    """None: a phone is not waited for that has too little charge for its conditions."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as devices.toml describes it; who it really is, only the device can say (Identity)."""

    name: str
    kind: DeviceKind
    labels: Mapping[str, str] = field(default_factory=dict)
    conditions: Conditions = Conditions()
    serial: str | None = None
    match: str | None = None
    """`product/model` pattern, for an Android device without a stated serial."""
    adb: str | None = None
    """`host:port` of its adb server; None: this machine's own."""
    wireless: str | None = None
    """`address:port` where an Android device answers over Wi-Fi, when it hangs on no cable."""
    udid: str | None = None
    usbmux: str | None = None
    """Of an iPhone: `host:port` or the socket of its usbmuxd; None: this machine's own."""
    bundle: str | None = None
    """Of an iPhone: the harness app's identifier, where it is not farm's own."""
    images: Path | None = None
    """Of an iPhone: a folder with its developer image."""
    harness: Path | None = None
    """The user's own build of the harness for this device."""
    power: PowerSettings = PowerSettings()
    soc: str | None = None
    """Pattern of the system on a chip that it must say it has."""
    owns_adb_server: bool = False
    """Whether farm may end and start the adb server that it hangs on."""
    power_cycle: tuple[str, ...] = ()
    """The user's command that switches the power of its USB port off and on, in words; empty: there is none."""
    health: HealthSettings = HealthSettings()
    host: str | None = None
    """The host of the cluster that it hangs on; None: this one."""

    @property
    def place(self) -> str:
        """Where it hangs, as far as the lab says: two names of one place are one device, whatever it is called."""
        where = self.serial or self.udid or self.match or self.wireless
        if self.host is not None and where is None:
            where = self.name  # only that host can say what it is
        return " ".join(filter(None, (self.host, self.kind.value, self.adb or self.usbmux, where)))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is, by its own answers. id is stable over reboots, cables and names."""

    id: str
    kind: DeviceKind
    model: str
    soc: str | None
    os_build: str
    architecture: str
    """As `uname -m` says it: x86_64, aarch64."""
    cpu_count: int
    memory_bytes: int | None
    kernel: str | None


@dataclass(frozen=True, slots=True)
class HarnessBuild:
    """A built harness: a folder that runs by itself, and the command in it (relative to the folder).

    runtime and runtime_version are empty for one that the user built: it says them itself when it runs.
    """

    target: str
    runtime: str
    runtime_version: str
    source_hash: str
    folder: Path
    command: tuple[str, ...]
    files: tuple[str, ...] = ()
    """Names of the files that it consists of, relative to the folder."""
