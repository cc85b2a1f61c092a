"""farm report: what the database and the gate know, as pages that need nothing else."""

import json
import webbrowser
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli import named, nights, places
from farm.cli.context import Context, naive, now_utc, say

if TYPE_CHECKING:
    from farm.report import Look, NightBudgets, SitePage, Unsent
    from farm.store import Store

_MOST_GATES = 50
_MANIFEST = "site.json"


@click.group(epilog="Example: farm report nightly --branch main --open")
def report() -> None:
    """Write pages: one file each, without any request to a network, to look at offline or to attach to a mail."""


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every page has."""
    command = click.option("--open", "opens", is_flag=True, help="Open it in the browser.")(command)
    return click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="The file to write. [default: in the data folder]")(
        command
    )


_branch = named.branch_option("Whose runs to show.")


_suite = click.option("--suite", type=click.Path(path_type=Path), help="Also hold the newest night against this suite's budgets.")
_baseline = click.option(
    "--baseline",
    help="What budgets are held against: the name of a farm baseline, a revision or a SHA-256. [default: the night before]",
)


@report.command(epilog="Example: farm report nightly --suite nightly.toml --html nightly.html")
@_suite
@_baseline
@_branch
@_shared
@click.pass_obj
def nightly(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Show what changed in a branch since the last nights, over all devices and workloads.

    It looks as `farm track` does, and stores what is new. With --suite, the newest night is held against the suite's budgets as well.
    Two nights are two sessions: a ratio between them is shown as advice, and only limits and qualities count. Exit codes are those of
    `farm track`; 4 also when a budget that counts is broken, 3 when one could not be decided.
    """
    from farm.report import code, nightly_page

    asked = nights.promised(context, given["suite"], given["baseline"])
    store, now = context.drained_store(), naive(now_utc())
    look = look_at(store, given["branch"], now)
    promised = night_budgets(store, look, asked)
    _write(
        given["html"] or context.data / "reports" / "nightly.html",
        nightly_page(store, look, None, promised, unsent=unsent(context)),
        opens=given["opens"],
    )
    return code(look.tracked, promised)


def night_budgets(store: "Store", look: "Look", asked: nights.Promised | None) -> "NightBudgets | None":
    """Return budgets held against the newest night; None where none were asked for, or there is no night."""
    if asked is None or look.tracked.last_night is None:
        return None
    return nights.judged(store, asked, look.tracked.branch, look.tracked.last_night, look.now)


@report.command(epilog="Example: farm report gate 5f0c2ab81e77 --html gate.html")
@click.argument("gate", required=False)
@_branch
@_shared
@click.pass_obj
def gate(context: Context, gate: str | None, branch: str, html: Path | None, *, opens: bool) -> int:
    """Show the verdict on a release, what it rests on, and how the branch's nights came to it.

    GATE is the beginning or the end of a gate's identity; without it, the newest gate. The exit code is the gate's.
    """
    store = context.drained_store()
    identity, code, text = gate_text(store, gate, branch)
    _write(html or context.data / "reports" / f"gate-{identity[-12:]}.html", text, opens=opens)
    return code


@report.command(epilog="Example: farm report device s25 --open")
@click.argument("device")
@_branch
@_shared
@click.pass_obj
def device(context: Context, device: str, branch: str, html: Path | None, *, opens: bool) -> None:
    """Show the health of a device: its nights, what is missing, why runs were invalid, battery and heat, what changed on it."""
    from farm.report import device_page

    store = context.drained_store()
    text = device_page(store, look_at(store, branch, naive(now_utc())), device)
    _write(html or context.data / "reports" / "device.html", text, opens=opens)


@report.command(epilog="Example: farm report compare v1.4 v1.5, or: farm report compare --of devices s25 pixel9")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--of", "kind", type=click.Choice(["revisions", "devices"]), default="revisions", show_default=True, help="What A and B are.")
@_branch
@_shared
@click.pass_obj
def compare(context: Context, one: str, other: str, kind: str, branch: str, html: Path | None, *, opens: bool) -> None:
    """Show two revisions (or the beginnings of their names), or two devices, beside each other.

    Of revisions the change is told for each device with its interval. Devices are shown, never judged against each other.
    """
    from farm.report import Sides, compare_page

    text = compare_page(context.drained_store(), Sides(kind.removesuffix("s"), one, other, branch, naive(now_utc())))
    _write(html or context.data / "reports" / "compare.html", text, opens=opens)


@report.command(epilog="Example: farm report history --device s25 --workload net --metric latency_ns --open")
@click.option("--device", help="By its name in devices.toml or its id. [default: the only one]")
@click.option("--workload", help="[default: the only one]")
@click.option("--metric", help="[default: the first of the workload's]")
@_branch
@_shared
@click.pass_obj
def history(context: Context, /, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Show a series over time with every run of it: changes, events of the device, and each run's readings."""
    from farm.report import choose, history_page

    store = context.drained_store()
    look = look_at(store, given["branch"], naive(now_utc()))
    text = history_page(store, look, choose(look, given["device"], given["workload"], given["metric"]))
    _write(given["html"] or context.data / "reports" / "history.html", text, opens=given["opens"])


@report.command(epilog="Example: farm report site --into public/")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="The folder. [default: site/ in the data folder]")
@_suite
@_baseline
@_branch
@click.option("--open", "opens", is_flag=True, help="Open its index in the browser.")
@click.pass_obj
def site(context: Context, /, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Write a folder of pages with an index, for any static server: nightly, gates, devices and series; only what changed is written."""
    from farm.report import INDEX

    folder = given["into"] or context.data / "site"
    asked = nights.promised(context, given["suite"], given["baseline"])
    written, every = write_site(context.drained_store(), given["branch"], naive(now_utc()), folder, asked, unsent(context))
    say(f"site: {folder / INDEX} ({written} of {every} pages written, the others are as they were)")
    if given["opens"]:
        _open(folder / INDEX)


def unsent(context: Context) -> "list[Unsent]":
    """Return the messages that could not be sent yet, as the nightly's page shows them."""
    from farm.cli import notified
    from farm.report import Unsent

    return [Unsent(one.notice.title, one.target, one.since, one.tries, one.why or "") for one in notified.failures(context)]


def write_site(
    store: "Store", branch: str, now: datetime, folder: Path, asked: nights.Promised | None = None, unsent: "Sequence[Unsent]" = ()
) -> tuple[int, int]:
    """Write what changed of a site; return how many pages that were, and how many there are."""
    from farm.report import GateEntry, site

    gates = [
        GateEntry(row, _gate_maker(store, row["gate_id"], branch))
        for row in store.query("report_gates").head(_MOST_GATES).iter_rows(named=True)
    ]
    look = look_at(store, branch, now)
    pages = site(store, look, gates, night_budgets(store, look, asked), unsent)
    manifest = folder / _MANIFEST
    known = _known(manifest)
    stale = [one for one in pages if known.get(one.name) != one.key or not (folder / one.name).exists()]
    for one in [*stale[1:], *stale[:1]]:  # the index last: it never links to what is not there yet
        places.Place(folder / one.name, "page", "--into").write(one.made())
    places.Place(manifest, "list of pages", "--into").write(json.dumps({one.name: one.key for one in pages}, indent=0))
    _sweep(folder, known, pages)
    return len(stale), len(pages)


def _known(manifest: Path) -> dict[str, str]:
    """Return what an earlier site was made of; one that cannot be read, or that nobody wrote, is none."""
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return {str(name): str(key) for name, key in content.items()} if isinstance(content, dict) else {}


def _sweep(folder: Path, known: dict[str, str], pages: "list[SitePage]") -> None:
    """Remove the files that an earlier site had and this one has not."""
    for name in known.keys() - {one.name for one in pages}:
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)


def _gate_maker(store: "Store", identity: str, branch: str) -> Callable[[], str]:
    return lambda: gate_text(store, identity, branch, in_site=True)[2]


def gate_text(store: "Store", name: str | None, branch: str, *, in_site: bool = False) -> tuple[str, int, str]:
    """Return a gate's identity, its exit code and its page; beside its budgets stand the nights of a branch, where it has any."""
    from farm import release
    from farm.cli.explain import explained, gate_named
    from farm.publish.judgement import Judgement
    from farm.report import gate_page

    row = gate_named(store, name or "")
    explanations = explained(store, row)
    verdicts = tuple(one.verdict for one in explanations)
    changes = release.changes_of(store.query("gate_changes", gate=row["gate_id"]))
    judgement = Judgement(verdicts, row["exit_code"], changes, row["candidate"], row["baseline"], row["suite_file"], row["gate_id"])
    devices = store.query("gate_devices", gate=row["gate_id"]).select("name", "failure").rows()
    return (
        row["gate_id"],
        row["exit_code"],
        gate_page(store, explanations, judgement, devices, look=_before(store, branch, row), in_site=in_site),
    )


def _before(store: "Store", branch: str, gate: dict[str, Any]) -> "Look | None":
    """Look at a branch as it was when a gate was judged, and store nothing; None where no run is of that branch."""
    from farm.cli.track import Asked, looked
    from farm.report import Look

    if branch not in store.query("branches")["branch"].to_list():
        return None
    return Look(*looked(store, Asked(branch, gate["judged_at"]), keeps=False), gate["judged_at"])


def look_at(store: "Store", branch: str, now: datetime) -> "Look":
    """Look at a branch as `farm track` does, and store what is new."""
    from farm.cli.track import Asked, looked
    from farm.report import Look

    return Look(*looked(store, Asked(branch, now)), now)


def _write(path: Path, text: str, *, opens: bool) -> None:
    """Write a page, say where it is, and open it where that is asked."""
    places.page(path).write(text)
    say(f"page: {path}")
    if opens:
        _open(path)


def _open(path: Path) -> None:
    """Open a page in the browser; where there is none, say so: the page is written all the same."""
    if not webbrowser.open(path.resolve().as_uri()):
        say(f"no browser could be started here; open {path.resolve()} in one")
