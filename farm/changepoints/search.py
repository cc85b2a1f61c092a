"""The two passes over rows of points: where each row may change, by a cost that suits all, and then by its own noise."""

import math
from dataclasses import dataclass

import numpy as np

from farm.changepoints import levels, noise, segment
from farm.changepoints.values import Floats, Indices

LONG = 1000
"""Points from which on a row is searched in windows, and then only where those found something."""
_WINDOW = 512
_FEW = 200
"""The price of a change is that for so many points at least: fewer hardly tell a change from a correlation."""
_FEW_CORRELATED = 12
_LONG_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """How willingly a change is found. benchmarks/detect.py chooses price, correlation and alpha by cross-validation over labelled series.

    A change costs `first` and, once a row's noise is known, `price` times the logarithm of the number of points; correlation raises that
    price by `correlation` times the inflation less 1. `alpha` is the greatest significance that is reported.
    """

    price: float = 3.0
    correlation: float = 0.25
    alpha: float = 0.01
    first: float = 1.0
    levels: int = 64


DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class Row:
    """Points in units of their noise, the cost of lying off a level (a table by noise.cells of `deviation`), and the inflation."""

    values: Floats
    table: segment.Costs
    deviation: float
    inflation: float


def first(rows: list[Floats], settings: Settings) -> list[Indices]:
    """Return where each row changes by the bounded cost r^2 / (1 + (r / k)^2). Rows rise in length; a long row comes alone."""
    if rows[0].size > LONG:
        begins = [*range(0, rows[0].size - _WINDOW, _WINDOW // 2), rows[0].size - _WINDOW]
        windows = first([rows[0][begin : begin + _WINDOW] for begin in begins], settings)
        return [np.unique(np.concatenate([begin + found for begin, found in zip(begins, windows, strict=True)]))]
    padded, lengths, grid = _side_by_side(rows, settings.levels)

    def cost_at(t: int, alive: slice) -> segment.Costs:
        square = padded[alive, t, None] - grid[alive]
        square *= square
        square /= 1 + square * np.float32(noise.KNEE**-2)
        return square

    changes = segment.changes(cost_at, lengths, settings.levels, (settings.first * np.log(lengths)).astype(np.float32))
    return [np.flatnonzero(row) for row in changes]


def known(values: Floats, changes: Indices, settings: Settings) -> Row:
    """Return what the noise of a row is like when it changes there. Few points underrate their own correlation: it is raised for that."""
    rest = noise.residuals(values, changes)
    deviation = noise.NORMAL_MAD * float(np.median(np.abs(rest))) or float(levels.spread(rest[None], 1)[0]) or 1.0
    return Row(values, noise.costs(rest, deviation), deviation, noise.inflation(rest) * (1 + _FEW_CORRELATED / values.size))


def second(rows: list[Row], changes: list[Indices], settings: Settings) -> list[Indices]:
    """Return where each row changes by its own cost; a long row only at places among its changes."""
    prices = np.array([_price(row, settings) for row in rows], dtype=np.float32)
    if rows[0].values.size > LONG:
        return [_second_long(rows[0], changes[0], settings.levels, prices)]
    padded, lengths, grid = _side_by_side([row.values for row in rows], settings.levels)
    scale = np.array([[1 / (row.deviation * noise.STEP)] for row in rows], dtype=np.float32)
    padded *= scale
    grid *= scale
    tables = np.concatenate([row.table for row in rows])
    offsets = (np.arange(len(rows)) * noise.CELLS)[:, None]

    def cost_at(t: int, alive: slice) -> segment.Costs:
        cells = np.rint(padded[alive, t, None] - grid[alive]) + noise.MIDDLE
        costs: segment.Costs = tables[np.clip(cells, 0, noise.CELLS - 1).astype(np.int64) + offsets[alive]]
        return costs

    return [np.flatnonzero(row) for row in segment.changes(cost_at, lengths, settings.levels, prices)]


def _price(row: Row, settings: Settings) -> float:
    return settings.price * math.log(max(row.values.size, _FEW)) * (1 + settings.correlation * (row.inflation - 1))


def _second_long(row: Row, changes: Indices, count: int, prices: segment.Costs) -> Indices:
    """As second, each stretch between two places counting as one point: the sum of its points' costs."""
    grid = levels.candidates(row.values[None], _LONG_LEVELS * count)[0]
    begins = np.concatenate([[0], changes])
    costs = np.stack([np.add.reduceat(row.table[noise.cells(row.values - level, row.deviation)], begins) for level in grid], axis=1)
    found = segment.changes(lambda t, _: costs[None, t], np.array([begins.size]), grid.size, prices)
    return begins[np.flatnonzero(found[0])]


def _side_by_side(rows: list[Floats], count: int) -> tuple[segment.Costs, Indices, segment.Costs]:
    """Return rows in one array, zeros behind the shorter ones; their lengths; and count levels for each."""
    lengths = np.array([row.size for row in rows])
    padded = np.zeros((len(rows), int(lengths[-1])), dtype=np.float32)
    grid = np.empty((len(rows), count), dtype=np.float32)
    begin = 0
    for length, times in zip(*np.unique(lengths, return_counts=True), strict=True):
        block = np.stack(rows[begin : begin + times])
        padded[begin : begin + times, :length] = block
        grid[begin : begin + times] = levels.candidates(block, count)
        begin += times
    return padded, lengths, grid
