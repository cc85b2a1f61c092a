"""farm detect: change points of series in a file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from farm.errors import InputError
from farm.verdicts import Finding, FindingKind, History

OUT_OF_BUDGET = 4


@click.command(epilog="Example: farm detect nightly.csv --fail-on-change")
@click.argument("file", metavar="SERIES", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--fail-on-change", is_flag=True, help="Exit with 4 when a series has changed; a change that is only suspected does not count."
)
def detect(file: Path, as_json: bool, fail_on_change: bool) -> int:
    """Find where series of numbers change their level: no device and no database needed.

    SERIES is CSV with the columns series, time and value (rows of a series with the same time are the runs of one session), or a
    JSON list of {name, values}, oldest first. Each change is printed with the first session of its new level, the range in which
    that lies (95 %), its size with a 95 % interval, and its significance. A change in the last sessions, too fresh to be sure of,
    is "suspected": fresh runs should confirm it.
    """
    from farm import track
    from farm.exchange import series

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    histories = series.parse(data, str(file))
    try:
        found = track.find(histories)
    except ValueError as error:
        raise InputError(f"{file}: {error}") from error
    is_changed = any(finding.kind is FindingKind.CHANGE for findings in found for finding in findings)
    code = OUT_OF_BUDGET if fail_on_change and is_changed else 0
    pairs = list(zip(histories, found, strict=True))
    if as_json:
        document = {"exit_code": code, "series": [_document(history, findings) for history, findings in pairs]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _draw(pairs)
    return code


def _document(history: History, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return one series: each finding with the labels of its sessions where the file has some."""
    from farm import track

    listed = []
    for finding in findings:
        entry: dict[str, Any] = asdict(finding)
        del entry["history"]
        for name in ("index", "index_low", "index_high"):
            entry[name.replace("index", "at")] = history.labels[entry[name]] if history.labels else None
        listed.append(entry)
    return {"name": history.name, "sessions": len(history.sessions), "is_too_short": track.is_too_short(history), "findings": listed}


def _draw(pairs: list[tuple[History, tuple[Finding, ...]]]) -> None:
    from farm import track
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple(_row(history, finding) for history, findings in pairs for finding in findings)
    if rows:
        columns = ("series", "changes at", "between (95%)", "from", "to", "size (95%)", "significance")
        draw.tables([Table("", columns, rows, (0, 1, 2, 6))])
    changed = sum(any(finding.kind is FindingKind.CHANGE for finding in findings) for _, findings in pairs)
    suspected = sum(any(finding.kind is FindingKind.SUSPECTED for finding in findings) for _, findings in pairs)
    short = sum(track.is_too_short(history) for history, _ in pairs)
    told = f", {short} too short for any change to be found" if short else ""
    click.echo(f"{len(pairs)} series: {changed} changed, {suspected} suspected at the end{told}")


def _row(history: History, finding: Finding) -> tuple[str, ...]:
    sure = f"{finding.significance:.1g}" if finding.significance is not None else "suspected: confirm with fresh runs"
    return (
        history.name,
        history.label(finding.index),
        f"{history.label(finding.index_low)} … {history.label(finding.index_high)}",
        f"{finding.before:.6g}",
        f"{finding.after:.6g}",
        _size(finding),
        sure,
    )


def _size(finding: Finding) -> str:
    size = finding.size
    if size.is_ratio:
        return f"{size.value - 1:+.2%}  {size.low - 1:+.2%} … {size.high - 1:+.2%}"
    return f"{size.value:+.4g}  {size.low:+.4g} … {size.high:+.4g}"
