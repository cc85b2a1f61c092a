"""The verdict on a release: the page of `farm report gate`."""

from collections.abc import Sequence
from typing import Any

from farm import units
from farm.publish import judgement as told
from farm.publish.explanation import Explanation
from farm.publish.judgement import Judgement
from farm.report import budgets, page, runs, words
from farm.report.look import Look
from farm.report.verdict import SAID
from farm.store import Store
from farm.verdicts import Decision


def gate_page(
    store: Store,
    explanations: Sequence[Explanation],
    judgement: Judgement,
    devices: Sequence[tuple[str, str | None]],
    *,
    look: Look | None = None,
    in_site: bool = False,
) -> str:
    """Return the page of a stored gate. devices are those of the gate, each with what kept it from its end, or None.

    look is at the branch that the release is to be of, as it was when the gate was judged: its nights stand beside the budgets.
    """
    gate = explanations[0].gate
    content = _content(store, explanations)
    return page.render(
        "gate.html.j2",
        content,
        title=words.title(f"farm gate: {gate['candidate']} against {gate['baseline']}"),
        said=SAID[judgement.exit_code],
        sentence=sentence(judgement),
        gate=gate,
        judged_at=words.moment(gate["judged_at"]),
        rows=budgets.rows(explanations, look, advice="only advice"),
        devices=[(name, failure, *_counts(explanations, name)) for name, failure in devices],
        changes=[told.change_line(change) for change in judgement.changes],
        artifacts=sorted({(workload, side, sha) for one in explanations for workload, side, sha in _artifacts(one)}),
        agrees=all(one.agrees for one in explanations),
        explain=words.command("farm", "explain", gate["gate_id"]),
        measured_by=words.pasteable(gate["command"]),
        in_site=in_site,
        command=words.command("farm", "report", "gate", gate["gate_id"], *(() if look is None else ("--branch", look.tracked.branch))),
    )


def sentence(judgement: Judgement) -> str:
    """Return why the gate's verdict is what it is, in one sentence."""
    speaking = [
        verdict
        for verdict in sorted(judgement.verdicts, key=budgets.severity)
        if verdict.blocking and verdict.decision is not Decision.PASS
    ]
    head = told.headline(judgement)
    if not speaking:
        return f"{head}."
    first = speaking[0]
    return f"{head}. First: {first.budget.workload} {told.promise(first.budget)}: {first.reason}."


def _counts(explanations: Sequence[Explanation], device: str) -> tuple[int, list[str]]:
    """Return how many runs of a device were judged, and why some do not count."""
    own = {row["run"] for one in explanations for row in one.runs if row["device"] == device}
    reasons = {item.run: item.reason for one in explanations for item in one.verdict.exclusions if item.device == device}
    kinds: dict[str, int] = {}
    for reason in reasons.values():
        kinds[reason] = kinds.get(reason, 0) + 1
    return len(own), [f"{units.counted(number, 'run')}: {reason}" for reason, number in sorted(kinds.items(), key=lambda item: -item[1])]


def _artifacts(one: Explanation) -> list[tuple[str, str, str]]:
    return [(one.verdict.budget.workload, side, sha) for side, hashes in one.artifacts.items() for sha in hashes]


def _content(store: Store, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return what the page's scripts read: every judged run, and of each budget, device and side the readings of its middle run."""
    sides = {row["run"]: row["side"] for one in explanations for row in one.runs}
    opened = [run for one in explanations for run in budgets.opened(one)]
    content = runs.data(store.queries(runs.asked(list(sides), opened)), sides)
    return content | {"budgets": [budgets.data(one, _commands(one)) for one in explanations]}


def _commands(one: Explanation) -> list[tuple[str, str]]:
    explain = words.command("farm", "explain", one.name)
    return [("The same in a terminal", explain), ("Measured again", words.pasteable(one.gate["command"]))]
