"""Seeded noise of the kinds that series of runs have: unit scale, rows x points."""

from collections.abc import Callable

import numpy as np

from farm.changepoints.values import Floats

Noise = Callable[[np.random.Generator, int, int], Floats]


def normal(rng: np.random.Generator, rows: int, points: int) -> Floats:
    return rng.standard_normal((rows, points))


def correlated(rho: float) -> Noise:
    """Return an AR(1) process."""

    def make(rng: np.random.Generator, rows: int, points: int) -> Floats:
        noise = rng.standard_normal((points, rows))
        noise[1:] *= np.sqrt(1 - rho**2)
        for place in range(1, points):
            noise[place] += rho * noise[place - 1]
        return noise.T.copy()

    return make


def heavy(rng: np.random.Generator, rows: int, points: int) -> Floats:
    return rng.standard_t(3, (rows, points))


def skewed(rng: np.random.Generator, rows: int, points: int) -> Floats:
    return np.exp(rng.standard_normal((rows, points)))


def two_modes(rng: np.random.Generator, rows: int, points: int) -> Floats:
    """Return normal noise of which 15 % lies 4 deviations higher."""
    return rng.standard_normal((rows, points)) + 4 * (rng.random((rows, points)) < 0.15)


def weekly(rng: np.random.Generator, rows: int, points: int) -> Floats:
    """Return normal noise on a wave of 7 points, 1.5 deviations high."""
    phase = np.arange(points) + rng.integers(0, 7, (rows, 1))
    return rng.standard_normal((rows, points)) + 1.5 * np.sin(2 * np.pi * phase / 7)


def sessions(rng: np.random.Generator, rows: int, points: int) -> Floats:
    """Return normal noise of which every 5 points share as much again."""
    shared = rng.standard_normal((rows, -(-points // 5)))
    return rng.standard_normal((rows, points)) + np.repeat(shared, 5, axis=1)[:, :points]


UNCHANGED: dict[str, Noise] = {
    "iid normal": normal,
    "AR(1) .3": correlated(0.3),
    "AR(1) .6": correlated(0.6),
    "t3": heavy,
    "lognormal": skewed,
    "two modes": two_modes,
    "weekly": weekly,
    "session": sessions,
}


def series(noise: Noise, seed: int, rows: int, points: int = 200) -> Floats:
    """Return rows of values around 100 with a variation of 2 %."""
    found: Floats = 100 * (1 + 0.02 * noise(np.random.default_rng(seed), rows, points))
    return found
