"""What --candidate and --baseline of farm gate name."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farm.errors import ConfigError, InputError
from farm.rack import Contest
from farm.series import workload_key
from farm.verdicts import Side
from farm.workloads import Artifact, Device, Job

if TYPE_CHECKING:
    import polars as pl

    from farm.config import Suite


Pinned = Callable[[str], Mapping[str | None, Artifact] | None]
"""Returns what a baseline of this name pins, by workload (None: of no workload), or None when no baseline is called so."""


def artifacts(
    suite: "Suite", candidate: Sequence[str], baseline: Sequence[str], pinned: Pinned = lambda _: None
) -> dict[str, tuple[Artifact, Artifact]]:
    """Return the candidate and the baseline of each workload that is measured. Raises ConfigError with everything that is missing."""
    from farm.artifacts import open_artifact

    measured = [budget.workload for budget in suite.budgets]
    wanted = {workload.id: path.name for workload, path in suite.work if workload.id in (*measured, *suite.asked)}
    problems: list[str] = []
    sides = (("--candidate", candidate), ("--baseline", baseline))
    files = [_files(option, texts, wanted, problems, pinned) for option, texts in sides]
    opened: dict[str, list[Artifact]] = {workload: [] for workload in wanted}
    for side in files:
        for workload, path in side.items():
            try:
                opened[workload].append(open_artifact(path))
            except InputError as error:
                problems.append(error.message)
    if problems:
        hint = (
            "a model file, a folder with files called as the suite's artifacts, WORKLOAD=FILE for each, or a baseline (farm baseline list)"
        )
        raise ConfigError(problems, hint=hint)
    return {workload: (pair[0], pair[1]) for workload, pair in opened.items()}


def _files(option: str, texts: Sequence[str], wanted: Mapping[str, str], problems: list[str], pinned: Pinned) -> dict[str, Path]:
    """Return the file of each workload; wanted are the workloads with the names of the suite's artifacts."""
    from farm.artifacts import is_artifact
    from farm.config import nearest

    if len(texts) == 1 and (parts := pinned(texts[0])) is not None:
        found = _of_baseline(parts, wanted)
        pins = ", ".join(dict.fromkeys(part.name for part in parts.values()))
        missing = [workload for workload in wanted if workload not in found]
        problems += [f'{option}: the baseline "{texts[0]}" pins nothing for the workload "{workload}", but {pins}' for workload in missing]
        return found
    found = {}
    for text in texts:
        workload, equals, path = text.partition("=")
        if equals and workload in wanted:
            found[workload] = Path(path)
        elif len(texts) > 1:
            problems.append(f'{option}: "{text}" is not WORKLOAD=FILE{nearest(workload, wanted)}')
        elif Path(text).is_dir() and not is_artifact(Path(text)):
            found = {workload: Path(text) / name for workload, name in wanted.items()}
        elif len(wanted) > 1:
            problems.append(f"{option}: the suite has {len(wanted)} workloads, and {text} is one file")
            return {}
        else:
            found = dict.fromkeys(wanted, Path(text))
    problems += [f'{option}: the workload "{workload}" has no file' for workload in wanted if workload not in found]
    return found


def _of_baseline(parts: Mapping[str | None, Artifact], wanted: Mapping[str, str]) -> dict[str, Path]:
    """Return what a baseline pins for each workload: by the workload, by the name of its artifact, or the only one for the only one."""
    only = next(iter(parts.values())) if len(wanted) == 1 and len({part.sha256 for part in parts.values()}) == 1 else None
    found = {}
    for workload, name in wanted.items():
        part = parts.get(workload) or next((each for each in parts.values() if each.name == name), only)
        if part is not None:
            found[workload] = part.path
    return found


def selector(given: str, pinned: Pinned = lambda _: None) -> tuple[str, ...]:
    """Return what names a side's stored runs: the hash of a model file, those of what a baseline pins, else the text as it is."""
    from farm.artifacts import is_artifact, open_artifact

    parts = pinned(given)
    if parts is not None:
        return tuple(dict.fromkeys(part.sha256 for part in parts.values()))
    path = Path(given)
    return (open_artifact(path).sha256 if is_artifact(path) else given,)


def workload_keys(suite: "Suite", device: Device, given: Iterable[str], pinned: Pinned = lambda _: None) -> set[str]:
    """Return the keys of the suite's workloads as they are measured: with its own artifacts' inputs, and with those of given files."""
    from farm.artifacts import is_artifact, open_artifact

    files = [artifact for text in given for artifact in (pinned(text) or {}).values()]
    files += [open_artifact(path) for path in map(Path, given) if is_artifact(path)]
    keys = set()
    for workload, path in suite.work:
        for artifact in (open_artifact(path), *files):
            keys |= {workload_key(Job(device, workload, artifact, pass_, 0)) for pass_ in workload.passes}
    return keys


def rows(contests: Iterable[Contest]) -> "pl.DataFrame":
    """Return which artifact was which side of which workload."""
    import polars as pl

    found = [
        (contest.workload.id, str(side), artifact.sha256)
        for contest in contests
        for side, artifact in ((Side.CANDIDATE, contest.candidate), (Side.BASELINE, contest.baseline))
    ]
    return pl.DataFrame(found, schema={"workload": pl.String, "side": pl.String, "sha256": pl.String}, orient="row")


def same_bytes(artifacts: "pl.DataFrame") -> list[str]:
    """Return the workloads of which candidate and baseline are one artifact; artifacts are as rows() has them."""
    import polars as pl

    found = artifacts.group_by("workload").agg(pl.col("side", "sha256").n_unique()).filter(pl.col("side") > 1, pl.col("sha256") == 1)
    return sorted(found["workload"])


def label(texts: Sequence[str]) -> str:
    """Return a side as it was named, for people."""
    return ", ".join(text(each) for each in texts)


def text(given: str | Path) -> str:
    """Return a name as text: one of a file need not be any, and a database wants it."""
    return os.fsencode(given).decode(errors="replace")
