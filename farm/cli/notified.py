"""Telling people: a message is written down, sent, and sent again by every later command that tells anything, until it was taken."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from farm import units
from farm.cli.context import Context, now_utc, say
from farm.errors import FarmError, InputError
from farm.notices import Kind, Notice, Target, is_due, of_gate
from farm.outbox import Outbox, Waiting
from farm.workloads import new_id

if TYPE_CHECKING:
    from farm.publish.judgement import Judgement

_SHORT = 12
FOLDER = "notices"
DEADLINE_S = 30.0


def outbox(context: Context) -> Outbox:
    """Return the messages of the data folder."""
    return Outbox(context.data / FOLDER)


def targets(context: Context) -> tuple[Target, ...]:
    """Return where messages go, by the lab's file."""
    return context.lab().targets


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one message."""

    wanted: tuple[str, ...] = ()
    """The targets that it was written down for."""
    waiting: tuple[str, ...] = ()
    """Those of them that have not taken it."""
    otherwise: str = "nothing that was not told before"
    """Why it was written down for nobody, in words."""

    @property
    def words(self) -> str:
        """What came of it, in words."""
        if not self.wanted:
            return self.otherwise
        taken = f"taken by {len(self.wanted) - len(self.waiting)} of {units.counted(len(self.wanted), 'target')}"
        return f"{taken}, and waits for {', '.join(self.waiting)}" if self.waiting else taken


def tell(context: Context, given: Sequence[Target], notice: Notice, deadline_s: float = DEADLINE_S) -> Told:
    """Write a message down for each target that wants its kind, unless its state was told already; send it, and what waits.

    A message that cannot be sent stops nobody: that is said, and it waits. What could not even be written down is said too.
    """
    box = outbox(context)
    if not is_due(notice, box.told()):
        retry(context, given, deadline_s)
        return Told()
    wanted = [target for target in given if notice.kind in target.kinds or notice.kind is Kind.TEST]
    messages = [Waiting(new_id(now_utc()), target.name, notice, _now()) for target in wanted]
    try:
        for message in messages:
            box.put(message)
        if notice.state:
            box.tell(notice.key, notice.state)
    except FarmError as error:
        say(f"{notice.title}: nobody was told: {error.message}")
        return Told(otherwise=f"nobody was told: {error.message}")
    retry(context, given, deadline_s)
    waiting = {message.id for message in box.waiting()}
    names = tuple(message.target for message in messages if message.id in waiting)
    return Told(tuple(target.name for target in wanted), names, f"no target is told this kind of message ({notice.kind})")


def tell_blocked(context: Context, judgement: "Judgement") -> None:
    """Tell the lab's targets that a release is blocked, where it is."""
    from farm.publish import judgement as words
    from farm.verdicts import Decision

    given = targets(context)
    if not given:
        say("nobody is told: devices.toml names no target under [notify]")
        return
    failed = [
        f"{verdict.budget.workload} {words.promise(verdict.budget)} on {words.devices(verdict)}: measured {words.measured(verdict)}"
        for verdict in judgement.ordered
        if verdict.decision is Decision.FAIL and verdict.blocking
    ]
    if not failed:
        retry(context, given)
        return
    gate = judgement.gate or new_id(now_utc())
    where = "" if judgement.gate is None else f"why: farm explain {gate[-_SHORT:]}"
    tell(context, given, of_gate(gate, judgement.candidate or "the candidate", failed, where))


def retry(context: Context, given: Sequence[Target], deadline_s: float = DEADLINE_S) -> tuple[int, int]:
    """Send what waits, oldest first; return how many messages were taken and how many wait still.

    After a target did not take one, the others for it wait for the next command: it is asked once.
    """
    box, by_name = outbox(context), {target.name: target for target in given}
    taken, silent = 0, set[str]()
    with box.sending() as may_send:
        for message in box.waiting() if may_send else ():
            if message.target in silent:
                continue
            why = _sent(by_name.get(message.target), message, deadline_s)
            if why is None:
                box.drop(message)
                taken += 1
                continue
            silent.add(message.target)
            say(f'"{message.notice.title}" waits: {message.target} was not told: {why}')
            try:
                box.tried(message, why, _now())
            except FarmError as error:
                say(error.message)
    return taken, len(box.waiting())


def failures(context: Context) -> list[Waiting]:
    """Return the messages that were tried and not taken yet, oldest first: for a report to show."""
    return [message for message in outbox(context).waiting() if message.tries]


def address(target: Target) -> str:
    """Return a target's address, which is a secret. Raises InputError when it is not where the lab's file says."""
    if target.url is not None:
        return target.url
    if target.variable is not None:
        if not (value := os.environ.get(target.variable, "").strip()):
            raise InputError(f"the address of {target.name} is to be in the environment variable {target.variable}, which is not set")
        return value
    assert target.file is not None
    try:
        value = Path(target.file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"the address of {target.name} is to be in {target.file}, which cannot be read: {why}") from error
    if not value:
        raise InputError(f"the address of {target.name} is to be in {target.file}, which is empty")
    return value


def _sent(target: Target | None, message: Waiting, deadline_s: float) -> str | None:
    """Send one message; return None when it was taken, else why not."""
    from farm import delivery

    if target is None:
        return "there is no such target in devices.toml any more"
    try:
        return delivery.deliver(address(target), message.notice, deadline_s)
    except InputError as error:
        return error.message


def _now() -> str:
    return f"{now_utc():%Y-%m-%d %H:%M:%S}"
