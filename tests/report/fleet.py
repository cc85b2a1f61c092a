"""The phones and models of a rack that never was, and what happened to them: every change in its numbers is known."""

from dataclasses import dataclass, replace

from farm.workloads import DeviceKind, Pass

USUAL = (Pass.LATENCY, Pass.MEMORY)


@dataclass(frozen=True, slots=True)
class Phone:
    """A device. speed multiplies times; noise is the deviation of a night's runs, as a share."""

    name: str
    kind: DeviceKind
    model: str
    soc: str
    os_build: str
    speed: float
    noise: float = 0.012
    reads_skin: bool = True
    cpu_count: int = 8
    memory_bytes: int = 8 * 2**30


@dataclass(frozen=True, slots=True)
class Net:
    """A workload: one model under one quantisation scheme. latency_ns is of the fastest phone; of a language model, of a token."""

    id: str
    model: str
    scheme: str
    latency_ns: float
    memory_bytes: float
    size_bytes: int
    quality: float
    """Accuracy as a share; of a language model, its perplexity."""
    is_language_model: bool = False

    @property
    def passes(self) -> tuple[Pass, ...]:
        """What is measured every night; power and quality are measured once a week."""
        return USUAL


@dataclass(frozen=True, slots=True)
class Event:
    """From a night on, up to another, times are multiplied by factor. Empty devices or workloads: all. change: of the device's state."""

    night: int
    factor: float = 1.0
    devices: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    until: int = 10**6
    change: tuple[str, str] | None = None
    new_artifact: bool = False

    def holds(self, device: str, workload: str, night: int) -> bool:
        """Whether it bears on a number."""
        named = (not self.devices or device in self.devices) and (not self.workloads or workload in self.workloads)
        return named and self.night <= night < self.until


PHONES = (
    Phone("s25", DeviceKind.ANDROID, "Galaxy S25", "Snapdragon 8 Elite", "BP2A.250605.031/S931BXXS5", 1.0, memory_bytes=12 * 2**30),
    Phone("pixel9", DeviceKind.ANDROID, "Pixel 9", "Tensor G4", "BP1A.250505.005", 1.55, memory_bytes=12 * 2**30),
    Phone("iphone16pro", DeviceKind.IOS, "iPhone 16 Pro", "A18 Pro", "22F76", 0.8, reads_skin=False, cpu_count=6),
    Phone(
        "oneplus13", DeviceKind.ANDROID, "OnePlus 13", "Snapdragon 8 Elite", "AQ3A.240912.001", 1.04, noise=0.02, memory_bytes=12 * 2**30
    ),
    Phone("s23", DeviceKind.ANDROID, "Galaxy S23", "Snapdragon 8 Gen 2", "AP3A.240905.015/S911BXXS7", 1.4),
    Phone("pixel6", DeviceKind.ANDROID, "Pixel 6", "Tensor G1", "AP4A.250205.002", 2.6, noise=0.025),
    Phone("iphone13", DeviceKind.IOS, "iPhone 13", "A15 Bionic", "22F76", 1.3, reads_skin=False, cpu_count=6, memory_bytes=4 * 2**30),
    Phone("moto", DeviceKind.ANDROID, "moto g84", "Snapdragon 695", "U1TC34.22-46", 4.2, noise=0.03),
)

_SCHEMES = (
    ("fp32", 1.0, 4.0, 0.0),
    ("fp16", 0.72, 2.0, 0.0),
    ("int8", 0.38, 1.0, 0.008),
    ("8da4w", 0.44, 0.55, 0.021),
    ("4w", 0.61, 0.5, 0.034),
)
_MODELS = (
    ("mobilenet", 9.0e6, 3.5e6, 0.718),
    ("resnet50", 46e6, 25.6e6, 0.761),
    ("segment", 88e6, 11e6, 0.742),
    ("whisper", 140e6, 39e6, 0.905),
    ("efficientnet", 16e6, 5.3e6, 0.771),
    ("depth", 61e6, 24.8e6, 0.887),
    ("detector", 28e6, 7.2e6, 0.694),
    ("ocr", 22e6, 4.1e6, 0.931),
)
SMALL_LM = (
    Net("chat-8da4w", "smollm2-135m", "8da4w, groups of 32", 11e6, 199e6, 106_000_000, 29.4, is_language_model=True),
    Net("chat-int8", "smollm2-135m", "int8 weights", 15e6, 266e6, 163_000_000, 20.1, is_language_model=True),
)


def nets(models: int, schemes: int = 5) -> tuple[Net, ...]:
    """Return every scheme of so many models."""
    return tuple(
        Net(
            f"{model}-{scheme}",
            model,
            scheme,
            latency_ns * speed,
            6e6 + parameters * width * 1.4,
            int(parameters * width),
            round(quality - lost, 4),
        )
        for model, latency_ns, parameters, quality in _MODELS[:models]
        for scheme, speed, width, lost in _SCHEMES[:schemes]
    )


def usual_events(nights: int) -> tuple[Event, ...]:
    """Return what happens in a rack's so many nights; shares of the whole, so that a short year has all of it."""

    def at(share: float) -> int:
        return int(share * nights)

    int8 = tuple(f"{model}-int8" for model, *_ in _MODELS)
    return (
        Event(at(0.30), 1.09, workloads=int8, until=at(0.45), new_artifact=True),
        Event(at(0.55), 1.06, devices=("pixel9",), change=("os_build", "BP2A.250805.005")),
        Event(at(0.62), 0.90, workloads=("mobilenet-fp32", "resnet50-fp32"), new_artifact=True),
        Event(at(0.70), change=("harness", "harness-2")),
        Event(at(0.35), change=("runtime_version", "1.5.1")),
        Event(at(0.80), 1.14, devices=("oneplus13",), change=("battery_health", "overheat")),
        Event(nights - 9, 1.12, workloads=("mobilenet-int8", "chat-8da4w"), devices=("s25", "oneplus13", "pixel9"), new_artifact=True),
        Event(nights - 1, 1.2, devices=("s25",), workloads=("mobilenet-fp32",)),
    )


def renamed(net: Net, **changes: str) -> Net:
    """Return a workload under other names."""
    return replace(net, **changes)  # type: ignore[arg-type]
