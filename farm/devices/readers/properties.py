"""`getprop`: what an Android device says of itself.

Lines of "[key]: [value]", in the keys' alphabetical order.
"""

import re
from collections.abc import Mapping

from farm.devices.readers.reading import Reading, absent, complete_lines

SOURCE = "getprop"

_START = re.compile(r"\[([^\]\s]+)\]: \[(.*)")
_SAYS_NOTHING = {"", "unknown", "null"}
# Keys are in getprop's order, its alphabet: what is missing in a dump that was cut off is then never replaced by another.
_FACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("manufacturer", ("ro.product.manufacturer", "ro.product.vendor.manufacturer")),
    ("model", ("ro.product.model", "ro.product.vendor.model")),  # ro.product.system.model may be "Generic System"
    ("product", ("ro.product.name",)),
    ("device", ("ro.product.device",)),
    ("os_release", ("ro.build.version.release",)),
    ("os_sdk", ("ro.build.version.sdk",)),
    ("os_build", ("ro.build.fingerprint",)),
    ("patch_level", ("ro.build.version.security_patch",)),
    ("build_type", ("ro.build.type",)),
    ("abi", ("ro.product.cpu.abi",)),
)
_TRADE_NAMES = ("ro.config.marketing_name", "ro.product.marketname", "ro.product.odm.marketname", "ro.vendor.oplus.market.name")
_PLATFORMS = ("ro.board.platform", "ro.hardware.chipname", "ro.mediatek.platform")
_SOC = "ro.soc.model"


def properties(text: str) -> dict[str, str]:
    """Return a dump's values by key. Values may be empty, hold brackets, and go on over further lines.

    A key that is printed twice with different values, and a value that does not end, are left out.
    """
    values: dict[str, str] = {}
    twice: set[str] = set()
    key: str | None = None
    parts: list[str] = []
    for line in complete_lines(text):
        if start := _START.fullmatch(line):
            key, parts = start[1], [start[2]]
        elif key is not None:
            parts.append(line)
        if key is not None and parts[-1].endswith("]"):
            value = "\n".join(parts)[:-1]
            if values.setdefault(key, value) != value:
                twice.add(key)
            key = None
    return {key: value for key, value in values.items() if key not in twice}


def identity(values: Mapping[str, str]) -> tuple[Reading, ...]:
    """Return manufacturer, model, trade_name, soc, os_release, os_sdk, os_build (the fingerprint), patch_level, abi and so on.

    As texts, each with its key as source, or absent: ro.soc.model came with Android 12, and an emulator's
    manufacturer is the word "unknown". A fingerprint can be made up; it identifies a build, not a phone.
    """
    return (*(_first(name, keys, values) for name, keys in _FACTS), _first("trade_name", _TRADE_NAMES, values), soc(values))


def soc(values: Mapping[str, str]) -> Reading:
    """Return the system on a chip, such as "QTI SM8550"; before Android 12 only its platform's code name is known."""
    model = _first("soc", (_SOC,), values)
    if model.text is None:
        if max(values, default="") < _SOC:
            return absent("soc", SOURCE, f"the dump ends before {_SOC}")
        platform = _first("soc", _PLATFORMS, values)
        return platform if platform.text else absent("soc", SOURCE, f"neither {_SOC} nor a platform's name is set")
    maker = _first("soc", ("ro.soc.manufacturer",), values).text
    return Reading("soc", text=f"{maker} {model.text}" if maker else model.text, source=model.source)


def is_emulator(values: Mapping[str, str]) -> bool:
    """Tell whether this says that it is no phone: an emulator's or a container's readings mean nothing."""
    return (
        values.get("ro.kernel.qemu") == "1"
        or values.get("ro.boot.qemu") == "1"
        or values.get("ro.hardware") in ("goldfish", "ranchu", "waydroid", "cutf_cvm")
        or "waydroid" in values.get("ro.product.model", "").lower()
    )


def has_booted(values: Mapping[str, str]) -> bool:
    """Tell whether the framework says that booting has ended; some services may still not answer."""
    return values.get("sys.boot_completed") == "1"


def _first(name: str, keys: tuple[str, ...], values: Mapping[str, str]) -> Reading:
    for key in keys:
        value = values.get(key, "").strip()
        if value not in _SAYS_NOTHING:
            return Reading(name, text=value, source=key)
    return absent(name, SOURCE, f"{keys[0]} is not set")
