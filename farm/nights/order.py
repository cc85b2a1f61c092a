"""In what order a night measures on a device: priorities, and within each of them blocks that balance order over nights.

A block holds everything of one priority once. The blocks of all nights are counted, and n blocks one after the other (n: the items of a
block), from a multiple of n on, are the rows of a Latin square: each item stands once at each position. The squares are Williams's, so
that over n blocks (2 n where n is odd) each item also follows each other one equally often: what one leaves behind (heat, a full page
cache) meets all others alike. Which item is which column, and the order of rows, is drawn anew for each square.

Source of the square: E. J. Williams, Experimental designs balanced for the estimation of residual effects of treatments (Australian
Journal of Scientific Research A 2, 1949), as 0, 1, n - 1, 2, n - 2, ... shifted row by row; its mirror image is added where n is odd.
"""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from farm.workloads import ONCE_PASSES, Pass

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Priority:
    """What is measured before everything of the next priority: workload and pass."""

    number: int
    items: tuple[tuple[str, Pass], ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of a night on a device. block counts over all nights of this design; position counts within the block."""

    workload: str
    pass_: Pass
    repeat: int
    priority: int
    design: str
    """Tells which blocks belong together: those of the same items."""
    block: int
    position: int


def plan(priorities: Sequence[Priority], repeats: int, begun: Callable[[str], int], seed: str) -> list[Planned]:
    """Return the jobs of a night in their order: each priority's repeats, then what is measured once a night.

    begun says how many blocks of a design earlier nights had.
    """
    found: list[Planned] = []
    for priority in sorted(priorities, key=lambda one: one.number):
        again = tuple(item for item in priority.items if item[1] not in ONCE_PASSES)
        once = tuple(item for item in priority.items if item[1] in ONCE_PASSES)
        for items, count in ((again, repeats), (once, 1)):
            design = _digest(f"{priority.number} {sorted(items)}")[:16]
            first = begun(design) if items else 0
            for repeat in range(count if items else 0):
                block = first + repeat
                order = block_order(sorted(items), block, f"{seed} {design}")
                found += [Planned(*item, repeat, priority.number, design, block, position) for position, item in enumerate(order)]
    return found


def block_order(items: Sequence[Item], block: int, seed: str) -> list[Item]:
    """Return the items in the order of a block."""
    count = len(items)
    square, row = divmod(block, count)
    is_mirrored = bool(count % 2 and square % 2)
    drawing = f"{seed} {square - is_mirrored}"  # a square and its mirror image are of one drawing: together they balance what follows what
    columns = _shuffled(range(count), f"{drawing} columns")
    rows = _shuffled(range(count), f"{drawing} rows {is_mirrored}")
    first = _williams(count)
    order = [items[columns[(place + rows[row]) % count]] for place in first]
    return order[::-1] if is_mirrored else order


def _williams(count: int) -> list[int]:
    """Return the first row of the square: 0, 1, n - 1, 2, n - 2, ..."""
    return [(step + 1) // 2 if step % 2 else (count - step // 2) % count for step in range(count)]


def _shuffled(items: Sequence[int], seed: str) -> list[int]:
    return sorted(items, key=lambda item: _digest(f"{seed} {item}"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
