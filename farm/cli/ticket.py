"""A session's place in the line for its device: waiting for its turn, taking the device, and letting others go first."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from threading import Event

from farm import leases, queue
from farm.cli import members
from farm.cli.board import Board, Hold
from farm.cli.context import now_utc, owner
from farm.cli.members import Member
from farm.errors import Cancelled, DeviceBusy, DeviceHeld
from farm.queue import Limits, Priority, Request, Standing
from farm.workloads import Device, new_id

_LOOK_S = 0.25
_TOLD_DEADLINE_S = 1.0
_FOREIGN_LOOK_S = 1.0


class Drained(KeyboardInterrupt):
    """Farm was told to end after the runs that were under way, and has."""


class Stop(Enum):
    """Why a session stops between two runs."""

    GIVES_WAY = auto()
    CANCELLED = auto()
    HELD = auto()
    DRAINING = auto()


@dataclass(frozen=True, slots=True)
class Asking:
    """What the tickets of one invocation share."""

    board: Board
    member: Member
    priority: Priority
    purpose: str
    check: Callable[[], None]
    """Raises KeyboardInterrupt when the session is to end now."""
    draining: Event
    say: Callable[[str, str], None]
    """Tells a person of a device, by its name."""
    foreign_wait_s: float = 0.0
    """How long to wait for a device that a process of another data folder or host holds."""
    limits: Limits = field(default_factory=Limits)
    again: str = "the same command goes on with what is left"

    def ticket(self, device: Device) -> "Ticket":
        """Ask for a device; the caller has the board tell it."""
        who, asked_at = owner(), now_utc()
        request = Request(
            id=new_id(asked_at),
            place=device.place,
            device=device.name,
            device_id=None,
            priority=self.priority,
            asked_at=asked_at,
            standing=Standing.WAITING,
            standing_at=asked_at,
            waited_s=0.0,
            displaced=0,
            process=self.member.name,
            pid=who.pid,
            user=who.user,
            host=who.host,
            command=who.command,
            purpose=self.purpose,
        )
        ticket = Ticket(self, request)
        self.board.post("queue_requests", _request_row(request))
        ticket.post(None)
        return ticket


@dataclass(slots=True)
class Ticket:
    """One request of this process, and what comes of it."""

    asking: Asking
    request: Request
    stop: Stop | None = None
    """Why it was to stop, when it was last asked."""
    next: Request | None = None
    """Who has the device next, where it gave way."""
    number: int = 0
    _told: set[str] = field(default_factory=set)
    _passed_over: dict[str, list[float]] = field(default_factory=dict)
    """By request, until when, each time."""

    def post(self, reason: str | None) -> None:
        """Have it told where this request stands now."""
        self.number += 1
        request = self.request
        row = {"request_id": request.id, "number": self.number, "standing_at": request.standing_at.replace(tzinfo=None)}
        row |= {"standing": request.standing, "device_id": request.device_id, "waited_s": request.waited_s}
        self.asking.board.post("queue_standings", row | {"displaced": request.displaced, "reason": reason})

    def known(self, device_id: str) -> None:
        """Note who the device is by its own answers."""
        self.request = replace(self.request, device_id=device_id)

    def until_first(self) -> None:
        """Return when this request goes before all others that wait, and nobody is known to measure.

        Raises DeviceHeld, Cancelled, and KeyboardInterrupt where farm is to end.
        """
        left_to_s: float | None = None
        while True:
            self._refuse()
            others, now = self._others(), now_utc()
            place = queue.place_in_line(self.request, [*others, self.request], now, self.asking.limits)
            holder = next((one for one in others if one.standing is Standing.MEASURING), None)
            is_free = holder is None or self._has_let_go(holder)
            if place == 1 and is_free:
                return
            left_to_s = None if not is_free else left_to_s or time.monotonic()
            if left_to_s is not None and time.monotonic() - left_to_s > self.asking.limits.courtesy_s:
                self._pass_over(queue.in_line([*others, self.request], now, self.asking.limits)[: place - 1])
                return
            self._tell(holder, others, place, now)
            self._pause(_LOOK_S)

    def take(self, stack: ExitStack, hold: Callable[[ExitStack], None]) -> None:
        """Hold the device, by hold, as soon as it is this request's turn; the stack gives it up.

        Who of this data folder holds it is waited for; anybody else for as long as it was asked. Raises DeviceBusy after that.
        """
        began_s = time.monotonic()
        assert self.request.device_id is not None, "who is taken has been asked who it is"
        while True:
            self.until_first()
            try:
                with ExitStack() as own:
                    hold(own)
                    stack.enter_context(own.pop_all())
                break
            except DeviceBusy as error:
                if self._is_kin(self.request.device_id):
                    self._tell_words(error.message)
                    self._pause(_LOOK_S)
                    continue
                if time.monotonic() - began_s >= self.asking.foreign_wait_s:
                    raise
                self._tell_words(f"{error.message}; waiting for up to {self.asking.foreign_wait_s:g} s")
                self._pause(_FOREIGN_LOOK_S)
        now = now_utc()
        waited_s = max(0.0, queue.waits_s(self.request, now))
        self.request = replace(self.request, standing=Standing.MEASURING, standing_at=now, waited_s=waited_s)
        self._told.clear()
        self.post(None)

    def must_stop(self) -> bool:
        """Whether the session is to stop before its next run; stop then says why."""
        self.asking.board.look()
        others = self._others() if self.asking.board.requests else []
        self.next = queue.gives_way(self.request, others, now_utc(), self.asking.limits)
        self.stop = self._why(self.next)
        return self.stop is not None

    def _why(self, first: Request | None) -> Stop | None:
        if self._cancelled_by() is not None:
            return Stop.CANCELLED
        if self._held_back() is not None:
            return Stop.HELD
        if self.asking.draining.is_set():
            return Stop.DRAINING
        return Stop.GIVES_WAY if first is not None else None

    def lets_go_first(self) -> None:
        """Stand in line again, at the old place, after the device was given up for another."""
        reason = None if self.next is None else f"for {self.next.words}"
        self.request = replace(
            self.request, standing=Standing.WAITING, standing_at=now_utc(), waited_s=0.0, displaced=self.request.displaced + 1
        )
        self.post(reason)
        self.asking.board.flush(_TOLD_DEADLINE_S)
        if self.next is not None:
            self.asking.say(self.request.device, f"{self.request.device} goes to {self.next.words}; what is left goes on after that")
            self._told.add(self.next.id)
        self.stop = self.next = None

    def end(self, reason: str | None = None) -> None:
        """Want the device no more."""
        if self.request.standing in (Standing.WAITING, Standing.MEASURING):
            standing = Standing.ENDED if self._cancelled_by() is None else Standing.CANCELLED
            self.request = replace(self.request, standing=standing, standing_at=now_utc(), waited_s=0.0)
            self.post(reason)

    def refusal(self) -> Cancelled | DeviceHeld | None:
        """Return the error that ends a session whose request was cancelled, or whose device is held back; None: neither is."""
        device = self.request.device
        if (who := self._cancelled_by()) is not None:
            return Cancelled(f"{device}: {who} cancelled this request; what had been measured is stored", hint=self.asking.again)
        if (held := self._held_back()) is not None:
            return DeviceHeld(held.words, hint=f"farm devices unhold {device}")
        return None

    def _refuse(self) -> None:
        self.asking.check()
        self.asking.board.flush(_TOLD_DEADLINE_S if self.asking.board.is_unheard else 0.0)
        self.asking.board.look()
        if (error := self.refusal()) is not None:
            raise error
        if self.asking.draining.is_set():
            raise Drained

    def _held_back(self) -> Hold | None:
        return self.asking.board.hold_on(self.request.device, self.request.place)

    def _cancelled_by(self) -> str | None:
        return next((one.cancelled_by for one in self.asking.board.requests if one.id == self.request.id), None)

    def _others(self) -> list[Request]:
        own = self.request
        alike = [one for one in self.asking.board.requests if one.id != own.id and one.is_for(own.place, own.device_id)]
        heard = [one for one in alike if time.monotonic() >= self._passed_over.get(one.id, [0.0])[-1] or one.standing is Standing.MEASURING]
        return [one for one in heard if members.is_there(self.asking.board.context.data, one.process)]

    def _pass_over(self, before: list[Request]) -> None:
        for one in before:
            times = self._passed_over.setdefault(one.id, [])
            times.append(time.monotonic() + self.asking.limits.courtesy_s * 2 ** (1 + len(times)))

    def _has_let_go(self, holder: Request) -> bool:
        """Whether a device is free though the database does not say so yet."""
        known = self.request.device_id or holder.device_id
        return known is not None and leases.holder(known, leases.runtime_folder()) is None

    def _is_kin(self, device_id: str) -> bool:
        """Whether who holds the device on this host works in this data folder."""
        held = leases.owner_of(device_id, leases.runtime_folder())
        return held is not None and held.pid != self.request.pid and members.has_process(self.asking.board.context.data, held.pid)

    def _pause(self, pause_s: float) -> None:
        until_s = time.monotonic() + pause_s
        while (left_s := until_s - time.monotonic()) > 0:
            self.asking.check()
            if self.asking.draining.wait(min(left_s, _LOOK_S)):
                raise Drained

    def _tell(self, holder: Request | None, others: list[Request], place: int, now: datetime) -> None:
        who = holder
        if who is None and place > 1:
            who = queue.in_line([*others, self.request], now, self.asking.limits)[0]
        if who is None:
            return
        verb = "held by" if who is holder else "left to"
        text = f"{self.request.device} is {verb} {who.words}; waiting, {queue.ordinal(place)} in line"
        if holder is not None and queue.outranks(self.request, holder, now, self.asking.limits):
            text += ", after its current run"
        self._tell_words(text, who.id)

    def _tell_words(self, text: str, about: str | None = None) -> None:
        """Tell it once; about is what tells it from other things that may be told."""
        if (about or text) not in self._told:
            self._told.add(about or text)
            self.asking.say(self.request.device, text)


def _request_row(request: Request) -> dict[str, object]:
    return {
        "id": request.id,
        "asked_at": request.asked_at.replace(tzinfo=None),
        "place": request.place,
        "device_name": request.device,
        "priority": int(request.priority),
        "process": request.process,
        "pid": request.pid,
        "user_name": request.user,
        "host": request.host,
        "command": request.command,
        "purpose": request.purpose,
    }
