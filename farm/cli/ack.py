"""farm ack: what people say of the findings of farm track."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from farm import units
from farm.cli.context import Context, naive, now_utc, say
from farm.cli.named import Day
from farm.errors import InputError

if TYPE_CHECKING:
    from farm.store import Store


@click.command(epilog='Example: farm ack 3f2a81c09d --until 2026-12-31 --owner kim --reason "slower by design" --accept')
@click.argument("finding", metavar="ID")
@click.option("--until", type=Day(), help="The last day that it holds; afterwards the finding speaks again.")
@click.option("--owner", help="Who answers for it.")
@click.option("--reason", help="Why.")
@click.option("--accept", is_flag=True, help="It is true, and may stay so. [default]")
@click.option("--false-alarm", is_flag=True, help="It is not true.")
@click.option("--fixed-in", metavar="REV", help="It is fixed in this revision; 8 nights from there on that still show it end this.")
@click.option("--revoke", is_flag=True, help="What was said before no longer holds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def ack(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Say that a finding of farm track is known: it does not alarm until the end of a day.

    ID is a finding's, or a group's: then it is said of all that are in the group now. Nothing is ever deleted: without --until and
    --revoke, everything that was found and said is printed.
    """
    store = context.drained_store()
    rows = store.query("findings", branch=None, id=given["finding"])
    if rows.is_empty():
        raise InputError(f'there is no finding "{given["finding"]}"', hint="farm track --all shows their ids")
    ids = rows["id"].to_list()
    if given["until"] is None and not given["revoke"]:
        _show_history(store, ids, as_json=given["as_json"])
        return 0
    said = _said(given)
    store.add({"acknowledgements": [{"finding_id": name, **said} for name in ids]})
    say(f"{units.counted(len(ids), 'finding')}: {said['answer']} until {said['until']}")
    return 0


def _said(given: dict[str, Any]) -> dict[str, Any]:
    from farm.findings import Answer

    now = now_utc()
    stated = [name for name in ("accept", "false_alarm", "fixed_in", "revoke") if given[name]]
    if len(stated) > 1:
        raise InputError("say one of --accept, --false-alarm, --fixed-in and --revoke")
    for name in ("owner", "reason"):
        if not (given[name] or "").strip():
            raise InputError(f"an acknowledgement has an --{name}", hint="somebody will ask in half a year")
    until = given["until"] or now.date()
    if until < now.date():
        raise InputError(f"{until} is over", hint="name a day to come with --until")
    answers = {"accept": Answer.ACCEPT, "false_alarm": Answer.FALSE_ALARM, "fixed_in": Answer.FIXED, "revoke": Answer.REVOKED}
    return {
        "said_at": naive(now),
        "answer": answers[stated[0]].value if stated else Answer.ACCEPT.value,
        "until": until,
        "owner": given["owner"],
        "reason": given["reason"],
        "revision": given["fixed_in"],
    }


def _show_history(store: "Store", ids: Sequence[str], *, as_json: bool) -> None:
    said = [row for row in store.query("acknowledgements", branch=None).iter_rows(named=True) if row["finding_id"] in ids]
    states = [row for name in ids for row in store.query("finding_history", id=name).iter_rows(named=True)]
    if as_json:
        click.echo(json.dumps({"states": states, "said": said}, indent=2, ensure_ascii=False, default=str))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = [(row["seen_at"], row["finding_id"], row["standing"], _between(row)) for row in states]
    rows += [
        (row["said_at"], row["finding_id"], f"{row['owner']} said: {row['answer']}", f"until {row['until']}: {row['reason']}")
        for row in said
    ]
    columns = ("at (UTC)", "finding", "state", "between")
    draw.tables([Table("", columns, tuple((f"{at:%Y-%m-%d %H:%M}", *rest) for at, *rest in sorted(rows)), (0, 1, 2, 3))])


def _between(row: dict[str, Any]) -> str:
    if row["until_at"] is None:
        return row["reason"] or ""
    ends = (f"{row[f'{name}_revision'] or ''} {row[f'{name}_at']:%Y-%m-%d}".strip() for name in ("after", "until"))
    return " … ".join(ends)
