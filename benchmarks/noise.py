"""Noise like a phone's, with a seed: what benchmarks judge statistics on.

A run's p50 is 20 ms x exp(run noise + slow mode + session warm-up + what is left of the iterations' noise in their median):

    run noise     AR(1) over the runs of a session, lag-1 correlation 0.3, sd 1.5 %
    slow mode     12 % of runs are 8 % slower
    warm-up       a session slows down by a gamma-distributed share (shape 2, mean 2 %), approached like 1 - exp(-run / 30)
    iterations    100 a run: AR(1), correlation 0.5, sd 5 %; 3 % of them slower, by an exponential of mean 50 %
    ramp          optional: from a random moment of the run on, iterations slow down, to a gamma-distributed share at its end
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ITERATIONS = 100
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Noise:
    """How noisy a simulated phone is; shares."""

    run_sd: float = 0.015
    mode_share: float = 0.12
    mode_size: float = 0.08
    warm_up: float = 0.02
    ramp: float = 0.0


def sessions(count: int, runs: int, noise: Noise, rng: np.random.Generator, medians_of: Array | None = None) -> Array:
    """Return the logarithm of each run's p50 over 20 ms, one row for each session, without any difference between sides.

    medians_of: what the iterations add is drawn from these, instead of simulated for each run.
    """
    x = _autoregressive(count, runs, 0.3, noise.run_sd, rng)
    x += noise.mode_size * (rng.random((count, runs)) < noise.mode_share)
    x += rng.gamma(2.0, noise.warm_up / 2, (count, 1)) * (1 - np.exp(-np.arange(runs) / 30))
    added = medians(count * runs, noise.ramp, rng) if medians_of is None else rng.choice(medians_of, count * runs)
    return x + added.reshape(count, runs)


def medians(count: int, ramp: float, rng: np.random.Generator) -> Array:
    """Return what the iterations' noise adds to a run's p50."""
    found = np.empty(count)
    for first in range(0, count, _CHUNK):
        size = min(_CHUNK, count - first)
        y = _autoregressive(size, ITERATIONS, 0.5, 0.05, rng)
        y += (rng.random(y.shape) < 0.03) * rng.exponential(0.5, y.shape)
        if ramp:
            onset, rise = rng.uniform(0.3, 1.0, (size, 1)), rng.gamma(2.0, ramp / 2, (size, 1))
            y += rise * np.clip((np.arange(ITERATIONS) / ITERATIONS - onset) / (1 - onset), 0, 1)
        found[first : first + size] = np.median(y, axis=1)
    return found


def _autoregressive(count: int, length: int, correlation: float, sd: float, rng: np.random.Generator) -> Array:
    x = rng.standard_normal((count, length)) * sd
    x[:, 1:] *= np.sqrt(1 - correlation**2)
    for place in range(1, length):
        x[:, place] += correlation * x[:, place - 1]
    return x


def abba(count: int, blocks: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which runs are the candidate's: in each block of four ABBA or BAAB, by chance."""
    flipped = rng.random((count, blocks, 1)) < 0.5
    return (np.array([False, True, True, False])[None, None, :] ^ flipped).reshape(count, 4 * blocks)


def sides(x: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the baseline's and the candidate's runs of each session, by randomised ABBA blocks."""
    chosen = abba(x.shape[0], x.shape[1] // 4, rng)
    return x[~chosen].reshape(x.shape[0], -1), x[chosen].reshape(x.shape[0], -1)


def forks(iterations: Array, count: int, runs: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """Return log p50s drawn from real benchmarks, and which benchmark each row is of.

    iterations is benchmark x fork x iteration. Each row is one benchmark; each run one of its forks, and the median of as many
    iterations drawn from that fork as it has: both levels with replacement.
    """
    chosen = rng.integers(0, iterations.shape[0], count)
    found = np.empty((count, runs))
    for row, benchmark in enumerate(chosen):
        fork = rng.integers(0, iterations.shape[1], runs)
        place = rng.integers(0, iterations.shape[2], (runs, iterations.shape[2]))
        found[row] = np.median(np.log(iterations[benchmark][fork[:, None], place]), axis=1)
    return found - np.median(found, axis=1, keepdims=True), chosen
