"""Messages to people: what is said, to whom, and when it is worth saying. No text of a target's address is ever shown."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_ENDS = {0: "in order", 3: "could not tell", 4: "regression", 2: "wrong input", 130: "interrupted"}


class Kind(StrEnum):
    """What a message is about; a target states which kinds it wants."""

    NIGHT = "night"
    """What a night came to: one message at the most."""
    BLOCKED = "blocked"
    """A release is out of budget: at once."""
    DEAD = "dead"
    """No device of a rack can be measured, or one can again: at once."""
    TEST = "test"
    """Asked for by a person, to every target."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go. Its address, in apprise's words, is a secret: it is in the lab's file, or that says where it is."""

    name: str
    kinds: frozenset[Kind]
    url: str | None = field(default=None, repr=False)
    variable: str | None = None
    """The environment variable that holds it."""
    file: str | None = None
    """The file that holds it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    key says what it is about ("night main", "rack nightly"), state what is so now: a state that was told of a key is not told again.
    An empty state is always told. is_usual: what is so when nothing is the matter, and not told before something else was.
    """

    kind: Kind
    key: str
    title: str
    text: str
    state: str = ""
    is_usual: bool = False
    is_news: bool = False
    """Something happened that is worth telling by itself, whatever is so now."""


def is_due(notice: Notice, told: Mapping[str, str]) -> bool:
    """Whether it is worth sending; told holds the last state that was told of each key."""
    if notice.is_news or not notice.state:
        return True
    if notice.key not in told:
        return not notice.is_usual
    return told[notice.key] != notice.state


@dataclass(frozen=True, slots=True)
class Night:
    """What a night came to. new, missing and odd are sentences; those of missing are the same ones while the same things are missing."""

    of: str
    """Which nights it is one of: the suite and the pool, or the branch."""
    day: str
    exit_code: int
    verdict: str
    """In words; they may be others every night."""
    new: Sequence[str] = ()
    missing: Sequence[str] = ()
    odd: Sequence[str] = ()
    """What was noticed beside."""
    where: str = ""
    """The page to look at."""
    regressions: Mapping[str, str] = field(default_factory=dict)
    """What is worse for sure, in a sentence by the finding; the sentences may be others every night."""


def of_night(night: Night) -> Notice:
    """Return the message of a night.

    It is worth telling when the night ended with another exit code than the one before, something else is missing or worse, or something
    is new or odd: a night on which all is as it was the night before is not told. What was suspected one night and is a regression the
    next is new no more, and yet told.
    """
    word = _ENDS.get(night.exit_code, f"ended with {night.exit_code}")
    counts = [f"{len(lines)} {what}" for what, lines in (("new", night.new), ("missing", night.missing)) if lines]
    lines = [
        f"Night {night.day} of {night.of}: {night.verdict}",
        *_listed("New", night.new),
        *_listed("Regressions", [words for words in night.regressions.values() if words not in night.new]),
        *_listed("Missing", night.missing),
        *_listed("Noticed", night.odd),
        *([f"\n{night.where}"] if night.where else []),
    ]
    return Notice(
        kind=Kind.NIGHT,
        key=f"night {night.of}",
        title=f"farm: {night.of}: {', '.join([word, *counts])}",
        text="\n".join(lines),
        state=_digest([night.exit_code, sorted(night.missing), *sorted(night.regressions)]),
        is_usual=not night.exit_code and not night.missing,
        is_news=bool(night.new or night.odd),
    )


def of_gate(gate: str, candidate: str, failed: Sequence[str], where: str = "") -> Notice:
    """Return the message of a release that is blocked: told once for each gate. failed are sentences, one for each budget."""
    lines = [f"{candidate} is out of budget: the release is blocked", *_listed("Out of budget", failed), *([f"\n{where}"] if where else [])]
    return Notice(Kind.BLOCKED, f"gate {gate}", f"farm: {candidate} is blocked", "\n".join(lines), state="blocked")


def of_rack(pool: str, reasons: Mapping[str, str], devices: int) -> Notice:
    """Return the message of a rack: dead when every one of its devices has a reason why it cannot be measured, else alive."""
    is_dead = devices > 0 and len(reasons) >= devices
    if is_dead:
        why = [f"{name}: {reason}" for name, reason in sorted(reasons.items())]
        text = "\n".join([f"None of the {devices} devices of {pool} can be measured", *_listed("Why", why)])
        return Notice(Kind.DEAD, f"rack {pool}", f"farm: the rack {pool} is dead", text, state="dead")
    text = f"{devices - len(reasons)} of the {devices} devices of {pool} can be measured"
    return Notice(Kind.DEAD, f"rack {pool}", f"farm: the rack {pool} is back", text, state="alive", is_usual=True)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"\n{title}:", *(f"- {line}" for line in lines)] if lines else []


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()[:16]
