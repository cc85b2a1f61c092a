"""Numbers and findings as the words that pages use."""

import re
import shlex
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from farm import units
from farm.metrics import METRICS, Better
from farm.verdicts import Size

SHORT = 12
_MOST_TITLE = 120


def amount(value: float | None, metric: str, digits: int = 4) -> str:
    """Return a value with the unit people would choose; nothing for a value that is absent."""
    return "" if value is None else units.show(value, units.quantity_of(metric), digits)


def unbroken(text: str) -> str:
    """Return a text in which no line ends between a number and its unit."""
    return re.sub(r"(?<=\d) (?=[^\s…→+])", "\u00a0", text)


def interval(low: float, high: float, coverage: float, metric: str) -> str:
    """Return an interval with its coverage, in which no line ends between a number and its unit."""
    return unbroken(f"{in_one_unit([amount(low, metric), amount(high, metric)], ' … ')} ({100 * coverage:.0f} %)")


def in_one_unit(amounts: Sequence[str], by: str) -> str:
    """Return amounts one after the other, with their unit once, at the end, where it is the same: "4.0 … 4.2 ms"."""
    units_ = {text.partition(" ")[2] for text in amounts}
    if len(units_) > 1:
        return by.join(amounts)
    return by.join([*(text.partition(" ")[0] for text in amounts[:-1]), *amounts[-1:]])


def label(metric: str) -> str:
    """Return what people call a metric."""
    return METRICS[metric].label if metric in METRICS else metric


def cost(share: float, metric: str) -> float:
    """Return a change (0.05 is five per cent more) as one for the worse: where more is better, its opposite."""
    return -share if metric in METRICS and METRICS[metric].better is Better.HIGHER else share


def per_cent(share: float) -> str:
    """Return a share as a signed per cent."""
    text = f"{100 * share:+.1f}"
    return f"{'0.0' if text in ('+0.0', '-0.0') else text} %"


def size_words(size: Size, metric: str) -> tuple[str, str]:
    """Return a change's size, and its interval."""
    if size.is_ratio:
        return per_cent(size.value - 1), f"{per_cent(size.low - 1)} … {per_cent(size.high - 1)}"
    quantity = units.quantity_of(metric)
    value, low, high = (units.show(number, quantity, 3) for number in (size.value, size.low, size.high))
    return value, f"{low} … {high}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names, and how many more there are."""
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def moment(at: datetime) -> str:
    """Return a time of the database (UTC)."""
    return f"{at:%Y-%m-%d %H:%M}"


def day(at: date | datetime | None) -> str:
    """Return a day."""
    return "" if at is None else f"{at:%Y-%m-%d}"


def short(text: str | None) -> str:
    """Return the beginning of a revision or hash."""
    return "" if text is None else text[:SHORT]


def title(text: str) -> str:
    """Return a text that a window's title can hold."""
    return text if len(text) <= _MOST_TITLE else f"{text[:_MOST_TITLE]}…"


def command(*parts: str) -> str:
    """Return a command line, quoted so that it can be pasted into a shell, with nothing in it that is not seen."""
    return " ".join(map(_quoted, parts))


def pasteable(stored: str) -> str:
    """Return a command line that was stored as one that can be pasted, as command() does; what no shell could read stays what it is."""
    if not any(map(_is_unseen, stored)):
        return stored
    try:
        return command(*shlex.split(stored))
    except ValueError:  # a quote without its end
        return "".join(_escaped(each) for each in stored)


def measured_again(stored: str, device: str, pass_: str | None = None) -> str:
    """Return the command that measures again what a stored one did. A nightly measures nothing twice: of it, its suite is run anew."""
    try:
        given = shlex.split(stored)
    except ValueError:
        return pasteable(stored)
    if "nightly" not in given or "run" in given:
        return pasteable(stored)
    after = [part for word in given[given.index("nightly") :] for part in (word.split("=", 1) if word.startswith("--suite=") else [word])]
    suite = next((word for before, word in pairwise(after) if before == "--suite"), "SUITE.toml")
    only = () if pass_ is None else ("--passes", pass_)
    return command(*given[: given.index("nightly")], "run", "--suite", suite, "--device", device, *only)


def _quoted(word: str) -> str:
    """Return a word as shells read it back; bytes of what is not seen, or turns round what is, stand there as escapes."""
    if not any(map(_is_unseen, word)):
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(map(_escaped, plain))}'"


def _is_unseen(character: str) -> bool:
    """Whether a character is a control, a mark of direction or of no width, a line's end, or a space that looks like another."""
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") or (character != " " and unicodedata.category(character) == "Zs")


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode()) if _is_unseen(character) else character
