"""A rack whose devices are shared by the rules of farm.queue and nothing else: time is a number, a run takes as long as it is told."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from farm import queue
from farm.queue import Limits, Priority, Request, Standing

BEGIN = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Wish:
    """A session that comes at a time and has runs to do, each of which takes so long."""

    at_s: float
    priority: Priority
    runs_s: list[float]


@dataclass
class Came:
    """What came of a wish."""

    first_s: float | None = None
    """When it had the device first."""
    waits_s: list[float] = field(default_factory=list)
    """How long it waited in one go, each time."""
    runs: int = 0
    ended_s: float | None = None
    displaced: int = 0


def a_request(number: int, priority: Priority, asked_s: float, standing: Standing = Standing.WAITING, **changes: object) -> Request:
    moment = BEGIN + timedelta(seconds=asked_s)
    request = Request(
        f"{number:06}", "local", "s25", "id", priority, moment, standing, moment, 0.0, 0, f"p{number}", number, "ann", "lab", "farm", "run"
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def one_device(wishes: Sequence[Wish], limits: Limits, overhead_s: float = 0.0) -> list[Came]:
    """Share one device among the wishes until all is done; overhead_s is what each change of its holder takes."""
    came = [Came() for _ in wishes]
    left = [list(wish.runs_s) for wish in wishes]
    arrivals = sorted((wish.at_s, number) for number, wish in enumerate(wishes))
    heapq.heapify(arrivals)
    waiting: dict[int, Request] = {}
    holder: Request | None = None
    now_s = 0.0
    while arrivals or waiting or holder is not None:
        if holder is None and not waiting:
            now_s = max(now_s, arrivals[0][0])
        while arrivals and arrivals[0][0] <= now_s:
            at_s, number = heapq.heappop(arrivals)
            waiting[number] = a_request(number, wishes[number].priority, at_s)
        now = BEGIN + timedelta(seconds=now_s)
        if holder is not None and queue.gives_way(holder, waiting.values(), now, limits) is not None:
            came[holder.pid].displaced += 1
            again = replace(holder, standing=Standing.WAITING, standing_at=now, waited_s=0.0, displaced=holder.displaced + 1)
            waiting[holder.pid], holder = again, None
        if holder is None:
            first = queue.in_line(waiting.values(), now, limits)[0]
            del waiting[first.pid]
            waited_s = queue.waits_s(first, now)
            came[first.pid].waits_s.append(waited_s)
            came[first.pid].first_s = now_s if came[first.pid].first_s is None else came[first.pid].first_s
            holder = replace(first, standing=Standing.MEASURING, standing_at=now, waited_s=waited_s)
            now_s += overhead_s
        now_s += left[holder.pid].pop(0)
        came[holder.pid].runs += 1
        if not left[holder.pid]:
            came[holder.pid].ended_s, holder = now_s, None
    return came
