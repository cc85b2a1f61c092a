"""farm explain: what a stored verdict rests on."""

from typing import TYPE_CHECKING, Any

import click

from farm.cli.context import Context
from farm.errors import InputError

if TYPE_CHECKING:
    from farm.publish.explanation import Explanation
    from farm.store import Store


@click.command(epilog="Example: farm explain 5f0c2ab81e77.1")
@click.argument("verdict", required=False)
@click.pass_obj
def explain(context: Context, verdict: str | None) -> None:
    """Show what VERDICT rests on: its runs, what was left out and why, the numbers, and where the formula stands.

    VERDICT is a gate's identity, or the beginning or end of it, and .N for its Nth budget; without N all of them, without VERDICT
    the newest gate. The stored runs are judged again, as they were then, and whether that gives the same verdict is said.
    """
    gate, _, number = (verdict or "").partition(".")
    if number and not number.isdecimal():
        raise InputError(f'"{verdict}" names no verdict', hint="farm explain GATE.1 is the first budget of a gate")
    store = context.drained_store()
    found = gate_named(store, gate)
    explanations = explained(store, found)
    if number:
        explanations = [one for one in explanations if one.name.endswith(f".{int(number)}")]
    if not explanations:
        raise InputError(f'the gate "{gate}" has no verdict {number}', hint="its verdicts count from 1")
    from farm import release
    from farm.cli import draw
    from farm.publish import explanation, judgement

    for one in explanations:
        draw.tables(explanation.tables(one))
        draw.lines("How", explanation.lines(one))
    if not number:
        changes = release.changes_of(store.query("gate_changes", gate=found["gate_id"]))
        draw.lines("Changes found outside the budgets of this gate", [judgement.change_line(change) for change in changes])


def gate_named(store: "Store", name: str) -> dict[str, Any]:
    """Return the gate whose identity begins or ends with name, the newest one for "". Raises InputError when that is not one."""
    found = store.query("gate", id=name or None)
    if found.is_empty() or (name and found.height > 1):
        if store.query("gate", id=None).is_empty():
            raise InputError("no gate was judged yet", hint="farm gate judges one: farm gate --help shows how")
        some = "more than one gate begins or ends" if found.height else "there is no gate that begins or ends"
        raise InputError(f'{some} with "{name}"', hint='farm sql "SELECT id, judged_at FROM gates"')
    return found.row(0, named=True)


def explained(store: "Store", gate: dict[str, Any]) -> "list[Explanation]":
    """Return every verdict of a gate, with its runs, judged again as they were then."""
    from farm import gate as judging
    from farm import release
    from farm.publish.explanation import Explanation

    identity = gate["gate_id"]
    rows = store.query("gate_verdicts", gate=identity)
    verdicts = [release.verdict_of(document) for document in rows["document"]]
    budgets = [verdict.budget for verdict in verdicts]
    numbers = release.of_stored(store, store.query("judged_runs", gate=identity))
    frame = numbers.frame(budgets)
    devices = store.query("gate_devices", gate=identity)
    failures = [release.Failure(*row) for row in devices.drop_nulls("failure").rows()]
    names = devices["name"].to_list()
    unarmed = {verdict.budget: verdict.unarmed for verdict in verdicts if verdict.unarmed is not None}
    plan, items = release.plan_of(gate["plan"]), numbers.items()
    again = judging.judge(budgets, frame, plan, gate["today"], devices=names, items=items, unarmed=unarmed)
    again = release.with_failures(again, failures, names)
    artifacts: dict[str, dict[str, list[str]]] = {}
    for workload, side, sha256 in store.query("gate_artifacts", gate=identity).rows():
        artifacts.setdefault(workload, {}).setdefault(side, []).append(sha256)
    return [
        Explanation(
            f"{identity[-12:]}.{number}",
            gate,
            artifacts.get(verdict.budget.workload, {}),
            verdict,
            judging.rows_of(frame, verdict, names),
            anew,
        )
        for number, verdict, anew in zip(rows["number"], verdicts, again, strict=True)
    ]
