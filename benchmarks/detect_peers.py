"""Other change point detectors from PyPI behind one signature: a series in, places out. They are here to be compared with only."""

import math
from collections.abc import Callable

import ruptures
from otava.analysis import compute_change_points, compute_change_points_orig

from farm.changepoints.values import Floats

Detector = Callable[[Floats], list[int]]


def otava(series: Floats) -> list[int]:
    """Return Otava's change points at its defaults (Hunter's method)."""
    found, _ = compute_change_points(series.tolist())
    return [point.index for point in found]


def e_divisive(series: Floats) -> list[int]:
    """Return those of Matteson and James' E-divisive, 100 permutations at .01: the level below which Otava's implementation finds none."""
    found, _ = compute_change_points_orig(series.tolist(), max_pvalue=0.01, seed=1)
    return sorted(point.index for point in found)


def kernel(penalty: float) -> Detector:
    """Return ruptures' KernelCPD (rbf, median heuristic) at penalty times log n."""

    def find(series: Floats) -> list[int]:
        search = ruptures.KernelCPD(kernel="rbf", min_size=2).fit(series.reshape(-1, 1))
        return [int(place) for place in search.predict(pen=penalty * math.log(series.size))[:-1]]

    return find


PEERS: dict[str, Detector] = {
    "KernelCPD log n": kernel(1.0),
    "KernelCPD 1.5 log n": kernel(1.5),
    "Otava 0.8": otava,
    "E-divisive (Otava)": e_divisive,
}
