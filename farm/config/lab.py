"""devices.toml: which devices there are, where they hang and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from farm.config.files import ConditionsEntry, Entry, Name, Seconds, read_toml, validated
from farm.config.health import HealthEntry, command_words, in_folder
from farm.config.notify import TargetEntry, target, target_problems
from farm.config.power import PowerEntry, power_problems
from farm.config.words import nearest, repeated
from farm.errors import ConfigError, DeviceUnknown
from farm.notices import Target
from farm.workloads import Conditions, Device, DeviceKind, HealthSettings, Rung

LOCAL = Device("local", DeviceKind.LOCAL)


@dataclass(frozen=True, slots=True)
class Signing:
    """How the app for iPhones is signed when it is built."""

    team: str | None = None
    """The development team's id."""
    bundle: str | None = None
    """The app's identifier, where that team cannot sign farm's own."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the hosts meet that other devices hang on."""

    scheduler: str | None = None
    """tls://host:port of the scheduler; None: there is none."""
    patience_s: float = 300.0
    """How long a host that is away is waited for."""
    keys: Path | None = None
    """The folder of this host's keys; None: the usual one, in the data folder."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Devices and pools by name; `local` is always among the devices."""

    devices: Mapping[str, Device]
    pools: Mapping[str, tuple[str, ...]]
    signing: Signing = Signing()
    targets: tuple[Target, ...] = ()
    """Where messages go."""
    cluster: Cluster = Cluster()

    def device(self, name: str) -> Device:
        """Return the device called name. Raises DeviceUnknown with the nearest name."""
        if name not in self.devices:
            raise DeviceUnknown(f'there is no device "{name}"{nearest(name, self.devices)}', hint="farm devices lists them")
        return self.devices[name]

    def reached_by(self, usbmux: str | None) -> "Lab":
        """Return this lab with the usbmuxd of iPhones for which it states none."""
        found = {
            name: replace(device, usbmux=usbmux) if device.kind is DeviceKind.IOS and device.usbmux is None else device
            for name, device in self.devices.items()
        }
        return replace(self, devices=found)

    def pool(self, name: str) -> list[Device]:
        """Return the devices of the pool called name. Raises DeviceUnknown with the nearest name."""
        if name not in self.pools:
            raise DeviceUnknown(f'there is no pool "{name}"{nearest(name, self.pools)}', hint="farm devices lists them")
        return [self.devices[member] for member in self.pools[name]]


_ADDRESS = r"^[A-Za-z0-9][A-Za-z0-9._-]*:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"
"""host:port. Names of hosts have no other letters (RFC 1123, section 2.1)."""


_BUNDLE = r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""CFBundleIdentifier: letters, digits, hyphens and periods."""


def _address(example: str) -> Any:  # noqa: ANN401 - what pydantic's Field gives
    return Field(default=None, pattern=_ADDRESS, description="an address as host:port", examples=[example])


def _bundle() -> Any:  # noqa: ANN401 - what pydantic's Field gives
    described = "an app's identifier: words of letters, digits and hyphens with dots between them"
    return Field(default=None, pattern=_BUNDLE, description=described, examples=["com.example.farm"])


class _DeviceEntry(Entry):
    kind: DeviceKind = Field(strict=False)
    labels: dict[str, str] = Field(default_factory=dict)
    conditions: ConditionsEntry = ConditionsEntry()
    serial: str | None = None
    match: str | None = None
    adb: str | None = _address("localhost:5037")
    udid: str | None = None
    usbmux: str | None = None
    bundle: str | None = _bundle()
    images: str | None = None
    harness: str | None = None
    wireless: str | None = _address("192.168.1.20:5555")
    power: PowerEntry = PowerEntry()
    host: Name | None = None
    soc: str | None = Field(None, min_length=1, examples=["SM8750*"])
    adb_server: Literal["own"] | None = None
    power_cycle: str | None = None
    health: HealthEntry = HealthEntry()

    @field_validator("power_cycle")
    @classmethod
    def _is_command(cls, text: str | None) -> str | None:
        if text is not None:
            command_words(text)
        return text


class _Defaults(Entry):
    conditions: ConditionsEntry = ConditionsEntry()
    health: HealthEntry = HealthEntry()


class _SigningTable(Entry):
    team: str | None = Field(
        default=None, pattern=r"^[A-Z0-9]{10}$", description="a team's id of ten capitals and digits", examples=["A1B2C3D4E5"]
    )
    bundle: str | None = _bundle()


class _ClusterTable(Entry):
    scheduler: str | None = Field(
        default=None,
        pattern=rf"^(tls|tcp)://{_ADDRESS.removeprefix('^')}",
        description="an address of a scheduler",
        examples=["tls://10.0.0.1:8786"],
    )
    patience: Seconds = 300.0
    keys: str | None = None


class _LabFile(Entry):
    cluster: _ClusterTable = _ClusterTable()
    signing: _SigningTable = _SigningTable()
    defaults: _Defaults = _Defaults()
    devices: dict[Name, _DeviceEntry] = Field(default_factory=dict)
    pools: dict[Name, Annotated[list[str], Field(min_length=1)]] = Field(default_factory=dict)
    notify: dict[Name, TargetEntry] = Field(default_factory=dict)


_OWN_KEYS = {
    DeviceKind.LOCAL: set[str](),
    DeviceKind.ANDROID: {"serial", "match", "adb", "wireless", "adb_server"},
    DeviceKind.IOS: {"udid", "usbmux", "bundle", "images"},
}


def load_lab(path: Path | None) -> Lab:
    """Return the lab of a devices.toml; None: only this machine. Raises ConfigError."""
    if path is None:
        return Lab({LOCAL.name: LOCAL}, {})
    raw = read_toml(path)
    problems: list[str] = []
    file = validated(_LabFile, raw, path, problems)
    problems += [f"{path}: {problem}" for problem in (*_misplaced_keys(raw), *_pool_problems(raw), *target_problems(raw))]
    if problems or file is None:
        raise ConfigError(problems)
    defaults = Conditions(**file.defaults.conditions.stated())
    health = file.defaults.health.over(HealthSettings())
    signing = Signing(file.signing.team, file.signing.bundle)
    devices = {name: _device(name, entry, defaults, health, path.parent) for name, entry in file.devices.items()}
    devices = {
        name: replace(device, bundle=device.bundle or signing.bundle) if device.kind is DeviceKind.IOS else device
        for name, device in devices.items()
    }
    pools = {name: tuple(members) for name, members in file.pools.items()}
    targets = tuple(target(name, entry, path.parent) for name, entry in file.notify.items())
    keys = None if file.cluster.keys is None else path.parent / file.cluster.keys
    cluster = Cluster(file.cluster.scheduler, file.cluster.patience, keys)
    return Lab({LOCAL.name: replace(LOCAL, conditions=defaults, health=health), **devices}, pools, signing, targets, cluster)


def stated_names(path: Path | None) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the names of a lab's devices and pools, whatever else is wrong with its file. Raises ConfigError when it is no TOML."""
    raw = {} if path is None else read_toml(path)
    pools = {name: tuple(map(str, members)) for name, members in _named(raw, "pools").items() if isinstance(members, list)}
    return (LOCAL.name, *_named(raw, "devices")), pools


def _named(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def _device(name: str, entry: _DeviceEntry, defaults: Conditions, health: HealthSettings, folder: Path) -> Device:
    return Device(
        name=name,
        kind=entry.kind,
        labels=entry.labels,
        conditions=replace(defaults, **entry.conditions.stated()),
        serial=entry.serial,
        match=entry.match,
        adb=entry.adb,
        udid=entry.udid,
        usbmux=entry.usbmux,
        bundle=entry.bundle,
        images=None if entry.images is None else folder / entry.images,
        harness=None if entry.harness is None else folder / entry.harness,
        wireless=entry.wireless,
        power=entry.power.settings(),
        soc=entry.soc,
        owns_adb_server=entry.adb_server == "own",
        power_cycle=() if entry.power_cycle is None else in_folder(command_words(entry.power_cycle), folder),
        health=entry.health.over(health),
        host=entry.host,
    )


def _device_tables(raw: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: entry for name, entry in _named(raw, "devices").items() if isinstance(entry, dict)}


def _misplaced_keys(raw: Mapping[str, Any]) -> list[str]:
    """Name the keys that a device of that kind has no use for, and devices that cannot be found by what is stated."""
    problems = []
    for name, entry in _device_tables(raw).items():
        if entry.get("kind") not in [*DeviceKind]:
            continue
        kind = DeviceKind(entry["kind"])
        if name == LOCAL.name and kind is not DeviceKind.LOCAL:
            problems.append(f"devices.{name}.kind: {name} is always this machine; call a device of kind {kind} something else")
        if name == LOCAL.name and "host" in entry:
            problems.append(f"devices.{name}.host: {name} is always this machine; call the other one something else")
        others = set[str]().union(*(_OWN_KEYS[other] for other in DeviceKind if other is not kind)) - _OWN_KEYS[kind]
        problems += [f"devices.{name}.{key}: not a key of a device of kind {kind}" for key in sorted(others & entry.keys())]
        if isinstance(entry.get("power"), dict):
            problems += power_problems(f"devices.{name}.power", entry["power"], kind)
        problems += _recovery_problems(name, entry, kind)
        if kind is DeviceKind.ANDROID and not {"serial", "match"} & entry.keys():
            problems.append(f"devices.{name}: an android device needs a serial or a match")
        if kind is DeviceKind.IOS and "udid" not in entry:
            problems.append(f"devices.{name}: an ios device needs its udid")
    return problems


def _recovery_problems(name: str, entry: Mapping[str, Any], kind: DeviceKind) -> list[str]:
    """Name the rungs that a device states for itself and that could never be tried with it."""
    health = entry.get("health")
    stated = health.get("recovery") if isinstance(health, dict) else None
    rungs = stated if isinstance(stated, list) else []
    problems = []
    if Rung.POWER_CYCLE in rungs and "power_cycle" not in entry:
        problems.append(f'devices.{name}.health.recovery: "power_cycle" needs the command: power_cycle = "uhubctl -l 1-1 -p 2 -a cycle"')
    if Rung.ADB_SERVER in rungs and (kind is not DeviceKind.ANDROID or "adb_server" not in entry):
        problems.append(f'devices.{name}.health.recovery: "adb_server" is tried only with farm\'s own: adb_server = "own"')
    if kind is DeviceKind.LOCAL and (others := set(rungs) - {Rung.RECONNECT}):
        problems.append(f"devices.{name}.health.recovery: {', '.join(sorted(map(str, others)))} is never done to this machine")
    return problems


def _pool_problems(raw: Mapping[str, Any]) -> list[str]:
    known = [LOCAL.name, *_device_tables(raw)]
    pools = raw.get("pools")
    twice = [
        f"pools.{pool}: {problem}" for pool, members in (pools.items() if isinstance(pools, dict) else ()) for problem in repeated(members)
    ]
    return twice + [
        f'pools.{pool}: there is no device "{member}"{nearest(str(member), known)}'
        for pool, members in (pools.items() if isinstance(pools, dict) else ())
        for member in (members if isinstance(members, list) else ())
        if member not in known
    ]
