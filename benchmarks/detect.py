"""How well change points are found, beside peers in the same call and from fixed seeds. `make bench-detect` calls it.

Labelled series: ../shared/samples/series/injected.json where it is there (real benchmark noise, steps put in), and series made here in
the same manner from noise with heavy tails and bursts. A detection within 5 points of a true change counts once.

How farm.changepoints.Settings were chosen: every combination of GRID is tried by 5-fold cross-validation over the labelled series. On four
fifths the one with the best F1 is taken among those that alarm on at most 1 % of the unchanged series of every kind of noise (half of what
is promised) and at most 2 % of the unchanged ones among the four fifths; the last fifth only scores it. The settings in use are what
the same choice gives on all of them.
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.checks import Checks
from benchmarks.detect_peers import PEERS, Detector
from farm.changepoints import DEFAULT, FEWEST, Settings, confirm, find, find_many, fresh
from farm.changepoints.values import Floats
from tests.changepoints import noises

INJECTED = Path(__file__).parents[2] / "shared" / "samples" / "series" / "injected.json"
GRID = [Settings(*values) for values in itertools.product((2.0, 2.25, 2.5, 2.75, 3.0), (0.25, 0.35, 0.5, 0.75), (0.01, 0.02))]
NEAR = 5
FOLDS = 5


@dataclass(frozen=True)
class Labelled:
    """A series with the first points of its new levels."""

    values: Floats
    changes: tuple[int, ...]


def injected() -> list[Labelled]:
    """Return the labelled series of the samples."""
    return [Labelled(np.array(each["values"]), tuple(each["change_points"])) for each in json.loads(INJECTED.read_text())]


def made(seed: int, count: int) -> list[Labelled]:
    """Return series of 200 points in the manner of the samples: 0.1 to 3 % noise with heavy tails and bursts; a third has no change."""
    rng = np.random.default_rng(seed)
    return [_made(rng) for _ in range(count)]


def _made(rng: np.random.Generator) -> Labelled:
    noise = rng.standard_t(2.5, 200)
    for begin in rng.integers(0, 195, 2):
        noise[begin : begin + rng.integers(2, 6)] += rng.choice([-3, 3])
    values = 100 * np.exp(np.exp(rng.uniform(np.log(0.001), np.log(0.03))) * np.clip(noise, -15, 15))
    number = int(rng.choice([0, 1, 2, 3], p=[0.34, 0.38, 0.18, 0.10]))
    changes = np.zeros(0, dtype=int)
    while number and (changes.size == 0 or min(np.diff([0, *changes, 200])) < 20):
        changes = np.sort(rng.integers(20, 180, number))
    for place in changes:
        values[place:] *= 1 + rng.choice([0.02, 0.03, 0.05, 0.1, 0.2]) * (1 if rng.random() < 0.7 else -1)
    return Labelled(values, tuple(changes.tolist()))


def matched(found: Sequence[int], true: Sequence[int]) -> int:
    """Return how many true changes have a detection near them, each detection used once."""
    left = list(found)
    for change in true:
        distance, nearest = min(((abs(place - change), place) for place in left), default=(NEAR + 1, 0))
        if distance <= NEAR:
            left.remove(nearest)
    return len(found) - len(left)


def score(found: Sequence[Sequence[int]], labelled: Sequence[Labelled]) -> tuple[float, float]:
    """Return F1 over all series, and the share of unchanged ones with a detection."""
    hits = sum(matched(places, each.changes) for places, each in zip(found, labelled, strict=True))
    total = sum(map(len, found)) + sum(len(each.changes) for each in labelled)
    quiet = [bool(places) for places, each in zip(found, labelled, strict=True) if not each.changes]
    return 2 * hits / total, float(np.mean(quiet))


def ours(many: Sequence[Floats], settings: Settings = DEFAULT) -> list[list[int]]:
    """Return farm's change points of each series."""
    return [[change.index for change in changes] for changes in find_many(many, settings)]


def unchanged(rows: int) -> dict[str, list[Floats]]:
    """Return unchanged series of 200 points of every kind of noise."""
    return {name: list(noises.series(noise, 4242 + number, rows)) for number, (name, noise) in enumerate(noises.UNCHANGED.items())}


def core_s(work: Callable[[], object]) -> float:
    """Return how many seconds of a core work took: unlike the clock's, they do not count what else the machine does."""
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def line(name: str, *cells: str) -> None:
    """Print a line of a table."""
    print(f"  {name:<34}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def labelled_table(checks: Checks) -> None:
    """Print F1 and A/A alarms on labelled series; on the samples farm is to be ahead of every peer."""
    sets = {"made here, 400": made(11, 400)}
    if INJECTED.exists():
        sets = {"injected.json, 300": injected()} | sets
    for title, labelled in sets.items():
        print(f"\nLabelled series ({title})")
        line("", "F1", "A/A alarms", "series/core s")
        many, scores = [each.values for each in labelled], {}
        for name, detect in _detectors():
            start_s = time.process_time()
            found = detect(many)
            rate = len(many) / (time.process_time() - start_s)
            f1, alarms = scores[name] = score(found, labelled)
            line(name, f"{f1:.3f}", f"{alarms:.3f}", f"{rate:.0f}")
        f1, alarms = scores.pop("farm")
        checks.hold(f"{title}: F1 over the best peer's", f1 / max(peer for peer, _ in scores.values()), at_least=1)
        checks.hold(f"{title}: alarms on unchanged series", alarms, at_most=0.02)


def _detectors() -> Iterator[tuple[str, Callable[[Sequence[Floats]], list[list[int]]]]]:
    yield "farm", ours
    for name, peer in PEERS.items():
        yield name, partial(_one_by_one, peer)


def _one_by_one(detect: Detector, many: Sequence[Floats]) -> list[list[int]]:
    return [detect(series) for series in many]


def unchanged_table(checks: Checks, rows: int = 2000, peer_rows: int = 60) -> None:
    """Print how often unchanged series alarm."""
    print(f"\nAlarms on unchanged series of 200 points (farm: {rows} of each kind, peers: the first {peer_rows}; wanted: at most .02)")
    given = unchanged(rows)
    line("", *given)
    for name, detect in _detectors():
        cases = [many if name == "farm" else many[:peer_rows] for many in given.values()]
        alarms = [float(np.mean([bool(places) for places in detect(many)])) for many in cases]
        line(name, *(f"{share:.4f}" for share in alarms))
        if name == "farm":
            checks.hold("alarms on unchanged series of the worst kind", max(alarms), at_most=0.02)


def intervals_table(rows: int = 1000) -> None:
    """Print how often the 95 % intervals of place and size hold the truth, for one step in a series of 200 points."""
    print(f"\nIntervals of 95 %, where one change was found in {rows} series with one step (2 % noise): share that holds the truth")
    line("", "found once", "place", "size")
    for name, noise in (
        ("iid normal", noises.normal),
        ("t3", noises.heavy),
        ("two modes", noises.two_modes),
        ("AR(1) .3", noises.correlated(0.3)),
    ):
        for step in (1.03, 1.05, 1.1):
            many, places = noises.series(noise, 5, rows), np.random.default_rng(6).integers(30, 170, rows)
            for row, place in zip(many, places, strict=True):
                row[place:] *= step
            found = [(each[0], place) for each, place in zip(find_many(list(many)), places, strict=True) if len(each) == 1]
            place_held = np.mean([change.index_low <= place <= change.index_high for change, place in found])
            size_held = np.mean([change.ratio is not None and change.ratio.low <= step <= change.ratio.high for change, _ in found])
            line(f"{name}, {step - 1:+.0%}", f"{len(found) / rows:.3f}", f"{place_held:.3f}", f"{size_held:.3f}")


def nights(rng: np.random.Generator, count: int, runs: int, shared: float) -> Floats:
    """Return nights x runs around 100: 2 % from run to run, and shared times as much again from night to night."""
    found: Floats = 100 * np.exp(0.02 * (rng.standard_normal((count, runs)) + shared * rng.standard_normal((count, 1))))
    return found


def fresh_table(checks: Checks, series: int = 500, history: int = 20) -> None:
    """Print how soon a step at the end is suspected, and what is believed where there is none."""
    print(f"\nA fresh step after {history} nights (5 runs a night, 2 % from run to run): share suspected by the 1st, 2nd, 3rd night")
    line("", "1st", "2nd", "3rd")
    for shared, step in itertools.product((0.0, 0.5), (0.0, 0.05, 0.10)):
        rng, seen = np.random.default_rng(21), np.zeros((series, 3), dtype=bool)
        for number in range(series):
            values = nights(rng, history + 3, 5, shared)
            values[history:] *= 1 + step
            seen[number] = [fresh(list(values[: history + night])) is not None for night in (1, 2, 3)]
        by = np.logical_or.accumulate(seen, axis=1).mean(axis=0)
        line(f"farm, {step:+.0%}" + (f", night to night {shared:.0%}" if shared else ""), *(f"{share:.3f}" for share in by))
        if shared == 0 and step == 0.05:
            checks.hold("+5 % suspected by its third night", float(by[2]), at_least=0.80)
        if shared == 0 and step == 0.10:
            checks.hold("+10 % suspected by its second night", float(by[1]), at_least=0.95)
    for name, peer in PEERS.items():
        for step in (0.0, 0.05, 0.10):
            line(f"{name}, {step:+.0%}", *(f"{share:.3f}" for share in _seen_by_peer(peer, step, history)))


def _seen_by_peer(peer: Detector, step: float, history: int, series: int = 60) -> Floats:
    """Return the share of series in which peer, given all runs in a row, reports a change within a night of the step."""
    rng, seen = np.random.default_rng(21), np.zeros((series, 3), dtype=bool)
    for number in range(series):
        values = nights(rng, history + 3, 5, 0.0)
        values[history:] *= 1 + step
        for night in (1, 2, 3):
            seen[number, night - 1] = any(place >= 5 * history - NEAR for place in peer(values[: history + night].ravel()))
    found: Floats = np.logical_or.accumulate(seen, axis=1).mean(axis=0)
    return found


def quiet_table(checks: Checks, series: int = 400, count: int = 60) -> None:
    """Print what unchanged nights ask for and what is believed after the confirmation."""
    print(f"\nPer 1,000 unchanged series-nights ({series} series, nights {FEWEST + 1} to {count}; confirmed by 10 runs of a later session)")
    line("", "asked", "believed")
    for shared in (0.0, 0.5, 1.0):
        rng, asked, believed = np.random.default_rng(31), 0, 0
        for _ in range(series):
            values, again = nights(rng, count, 5, shared), nights(rng, count, 10, shared)
            for night in range(FEWEST + 1, count + 1):
                suspected = fresh(list(values[:night]))
                if suspected is not None:
                    asked += 1
                    believed += confirm(suspected, again[night - 1])
        looked = series * (count - FEWEST)
        line(f"farm, night to night {shared:.0%} of runs", f"{1000 * asked / looked:.2f}", f"{1000 * believed / looked:.2f}")
        checks.hold("believed in 1,000 unchanged series-nights", 1000 * believed / looked, at_most=1)


def speed_table(checks: Checks) -> None:
    """Print how fast a rack's mix is searched: 5 % of its series have a change."""
    print("\nSpeed, in seconds of one core, best of five (wanted)")
    rng = np.random.default_rng(41)
    kinds = (noises.normal, noises.heavy, noises.two_modes, noises.skewed)
    rack = np.concatenate([noises.series(noise, 42, 2500) for noise in kinds])
    for number in rng.choice(len(rack), len(rack) // 20, replace=False):
        rack[number, rng.integers(20, 180) :] *= 1 + rng.choice([0.03, 0.05, 0.1, 0.2])
    whole_s = min(core_s(lambda: find_many(list(rack))) for _ in range(5))
    line("10,000 series of 200 points", f"{whole_s:.2f} s", f"{len(rack) / whole_s:.0f}/s", "(2 s, 5,000/s)")
    ragged = [row[: rng.integers(60, 200)] for row in rack]
    line("10,000 of 60 to 200 points", f"{min(core_s(lambda: find_many(ragged)) for _ in range(3)):.2f} s")
    checks.hold("seconds for 10,000 series of 200 points", whole_s, at_most=2)
    long = noises.series(noises.normal, 43, 1, 10_000)[0]
    for place in range(700, 10_000, 700):
        long[place:] *= rng.choice([0.97, 1.03])
    long_s = min(core_s(lambda: find(long)) for _ in range(5))
    line("one series of 10,000 points", f"{long_s:.3f} s", "", "(0.2 s)")
    checks.hold("seconds for a series of 10,000 points", long_s, at_most=0.2)


def choice(checks: Checks) -> None:
    """Print which settings cross-validation over the labelled series takes, and what they score on series they were not chosen by."""
    labelled = (injected() if INJECTED.exists() else []) + made(12, 600)
    many = [each.values for each in labelled]
    quiet = unchanged(1000)
    allowed = {s for s in GRID if all(np.mean([bool(places) for places in ours(rows, s)]) <= 0.01 for rows in quiet.values())}
    found = {settings: ours(many, settings) for settings in GRID if settings in allowed}
    fold = np.random.default_rng(51).permutation(len(labelled)) % FOLDS

    def best(numbers: Sequence[int]) -> Settings:
        scores = {s: score([found[s][n] for n in numbers], [labelled[n] for n in numbers]) for s in found}
        return max((s for s in found if scores[s][1] <= 0.02), key=lambda s: scores[s][0])

    print(f"\nChoice of settings: {len(allowed)} of {len(GRID)} alarm on at most 1 % of every kind of unchanged series")
    held: list[tuple[list[int], Labelled]] = []
    for number in range(FOLDS):
        taken = best(np.flatnonzero(fold != number).tolist())
        held += [(found[taken][n], labelled[n]) for n in np.flatnonzero(fold == number)]
        line(f"without fold {number + 1}", f"price {taken.price}", f"corr. {taken.correlation}", f"alpha {taken.alpha}")
    f1, alarms = score([places for places, _ in held], [each for _, each in held])
    line("on the series left out", f"F1 {f1:.3f}", f"A/A {alarms:.3f}")
    checks.hold("F1 by cross-validation, on series left out", f1, at_least=0.95)
    taken = best(range(len(labelled)))
    line(
        "on all",
        f"price {taken.price}",
        f"corr. {taken.correlation}",
        f"alpha {taken.alpha}",
        "in use" if taken == DEFAULT else "NOT in use",
    )
    checks.hold("the settings in use are not those chosen", float(taken != DEFAULT), at_most=0)


def main() -> None:
    """Print every table; exit 1 when something that must hold does not."""
    checks = Checks()
    labelled_table(checks)
    unchanged_table(checks)
    intervals_table()
    fresh_table(checks)
    quiet_table(checks)
    speed_table(checks)
    choice(checks)
    print(f"\nrequirements missed: {'; '.join(checks.missed) or 'none'}")
    sys.exit(bool(checks.missed))


if __name__ == "__main__":
    main()
