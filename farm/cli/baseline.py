"""farm baseline: names for pinned artifacts, items and harnesses, which later releases are held against."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import pins, units
from farm.cli import gate_sides, pinning
from farm.cli.context import Context, command_line, naive, now_utc, say
from farm.errors import BytesMissing, InputError, StoreBusy
from farm.pins import Part
from farm.workloads import new_id

if TYPE_CHECKING:
    from farm.config import Suite
    from farm.store import Store
    from farm.workloads import Artifact

_SHORT = 12
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_PATH = click.Path(path_type=Path, exists=True)


@click.group(epilog="Example: farm baseline set v1.2 --revision 3f2a81c --from build/")
def baseline() -> None:
    """Pin what a release is held against, under a name: the bytes of artifacts (with their sidecars), items and harnesses.

    They are copied into pinned/ in the data folder, under their hashes, and nothing but farm baseline removes them.
    """


@baseline.command("set", epilog="Example: farm baseline set v1.2 --artifact model.pte")
@click.argument("name")
@click.option("--artifact", help="A model file, or the SHA-256 (or its beginning) of one that was measured.")
@click.option("--revision", help="Pin what was measured of this revision (or the beginning of its hash).")
@click.option("--from", "folders", multiple=True, type=_FOLDER, help="A folder to look for model files in. [default: artifacts/ of --data]")
@click.option("--items", multiple=True, type=_FILE, help="A file of items to pin; those that it was asked are pinned anyway.")
@click.option("--harness", multiple=True, type=_PATH, help="Your own build of the harness, when it was measured with that.")
@click.option("--without-items", is_flag=True, help="Do not pin the items that it was asked.")
@click.option("--without-harness", is_flag=True, help="Do not pin the harness that it was measured with.")
@click.pass_obj
def set_(context: Context, /, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Give NAME to an artifact, or to all that was measured of a revision. Ends with 3, and pins nothing, when bytes are not found."""
    if (given["artifact"] is None) == (given["revision"] is None):
        raise InputError("name either an --artifact or a --revision", hint="farm baseline set v1.2 --artifact model.pte")
    data, name = context.writable_data(), given["name"]
    store = context.drained_store()
    wanted = pinning.wanted(store, given["artifact"], given["revision"])
    folders = (*given["folders"], data / "artifacts", data / pins.FOLDER)
    paths = [pinning.find(each, folders) for each in wanted.artifacts]
    harnesses = {} if given["without_harness"] else {sha256: pinning.harness(data, sha256, given["harness"]) for sha256 in wanted.harnesses}
    items = pinning.items_files(() if given["without_items"] else wanted.items, given["items"], folders)
    parts = [part for each, path in zip(wanted.artifacts, paths, strict=True) for part in pinning.artifact_parts(data, each, path)]
    parts += [pinning.part(data, "harness", sha256, files, label) for sha256, (label, files) in harnesses.items()]
    parts += [pinning.part(data, "items", sha256, pinning.with_sidecar(path), path.name) for sha256, path in items]
    before = _trees(store, name)
    _put(store, name, parts, revision=wanted.revision)
    pins.drop(data, before - _trees(store))
    size_mb = sum({part.tree_sha256: part.size_bytes for part in parts}.values()) / 1e6
    say(f"{name}: {units.counted(len(parts), 'part')} pinned, {size_mb:.1f} MB")


@baseline.command("list", epilog="Example: farm baseline list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the baselines, and whether the bytes of each are there."""
    store = context.drained_store()
    found = []
    for row in store.query("baselines", baseline=None).iter_rows(named=True):
        parts = _parts(store, row["id"])
        whole = all(pins.is_whole(context.data, part) for part in parts)
        found.append({"name": row["name"], "set_at": row["set_at"], "revision": row["revision"], "parts": len(parts), "is_whole": whole})
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple(
        (
            each["name"],
            f"{each['set_at']:%Y-%m-%d %H:%M}",
            (each["revision"] or "")[:_SHORT],
            str(each["parts"]),
            "there" if each["is_whole"] else "BYTES MISSING: cannot be compared with",
        )
        for each in found
    )
    if rows:
        draw.tables([Table("", ("baseline", "set (UTC)", "revision", "parts", "bytes"), rows, (0, 1, 2, 4))])
    else:
        say("there are no baselines yet")


@baseline.command("show", epilog="Example: farm baseline show v1.2")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(context: Context, name: str, as_json: bool) -> int:
    """Show what NAME pins. Ends with 3 when bytes of it are missing."""
    store = context.drained_store()
    row = _row(store, name)
    parts = [(part, pins.is_whole(context.data, part)) for part in _parts(store, row["id"])]
    code = 0 if all(whole for _, whole in parts) else BytesMissing.exit_code
    if as_json:
        listed = [asdict(part) | {"is_whole": whole} for part, whole in parts]
        click.echo(json.dumps(row | {"parts": listed, "exit_code": code}, indent=2, ensure_ascii=False, default=str))
        return code
    from farm import units
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple(
        (
            part.kind,
            part.workload or "",
            part.name,
            part.sha256[:_SHORT],
            units.show(part.size_bytes, units.BYTES),
            "there" if whole else "MISSING",
        )
        for part, whole in parts
    )
    draw.tables(
        [
            Table(
                f"{name}, set {row['set_at']:%Y-%m-%d %H:%M} UTC",
                ("what", "workload", "name", "hash", "size", "bytes"),
                rows,
                (0, 1, 2, 3, 5),
            )
        ]
    )
    return code


@baseline.command("remove", epilog="Example: farm baseline remove v1.2")
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Forget NAME; its bytes go, unless another baseline pins them too."""
    store = context.drained_store()
    _row(store, name)
    before = _trees(store, name)
    _put(store, name, (), is_removed=True)
    pins.drop(context.data, before - _trees(store))
    say(f"{name} is no baseline any more")


def pinned(context: Context, name: str) -> "dict[str | None, Artifact]":
    """Return the artifacts of a baseline by workload (None: of an artifact that was never measured), with their references.

    Raises InputError when there is no such baseline, BytesMissing (exit code 3) when anything that it pins is not there as it was.
    """
    store = context.drained_store()
    parts = _parts(store, _row(store, name)["id"])
    for part in parts:
        pins.folder_of(context.data, name, part)
    return {part.workload: pins.artifact(context.data, name, part) for part in parts if part.kind == "artifact"}


def called(context: Context, text: str) -> "dict[str | None, Artifact] | None":
    """Return the artifacts of the baseline that a side of a comparison names, as pinned() has them; None when it names none.

    Raises InputError when a file or folder is called so, too: which one is meant decides what a verdict is about.
    """
    if gate_sides.text(text) != text:
        return None  # a file's name that is no text: no database has it
    try:
        is_none = context.drained_store().query("baselines", baseline=text).is_empty()
    except StoreBusy:
        if not Path(text).exists():
            raise
        return None  # it is what is here: whether a baseline is called so, too, is not known
    if is_none:
        return None
    if Path(text).exists():
        raise InputError(f'"{text}" is a baseline, and a file or folder here, too', hint=f"write ./{text} for what is here")
    return pinned(context, text)


def other_items(context: Context, suite: "Suite", texts: Iterable[str]) -> dict[str, str]:
    """Return by workload how its items differ from all that baselines, where the texts name such, pin: what is asked is today's."""
    said: dict[str, str] = {}
    for text in texts:
        if called(context, text) is None:
            continue
        store = context.drained_store()
        pins_of = {
            part.sha256: f"{part.name} ({part.sha256[:_SHORT]})" for part in _parts(store, _row(store, text)["id"]) if part.kind == "items"
        }
        for workload, _ in suite.work:
            if workload.items is not None and pins_of and workload.items.sha256 not in pins_of:
                asked = f"{workload.items.name} ({workload.items.sha256[:_SHORT]})"
                pinned_ones = " and ".join(pins_of.values())
                said[workload.id] = f'the suite\'s items {asked} are not those that the baseline "{text}" pins: {pinned_ones}'
    return said


def _row(store: "Store", name: str) -> dict[str, Any]:
    from farm.config import nearest

    found = store.query("baselines", baseline=name)
    if found.is_empty():
        known = store.query("baselines", baseline=None)["name"].to_list()
        raise InputError(f'there is no baseline "{name}"{nearest(name, known)}', hint="farm baseline list shows them")
    return found.row(0, named=True)


def _parts(store: "Store", baseline_id: str) -> list[Part]:
    rows = store.query("baseline_parts", id=baseline_id).iter_rows(named=True)
    return [Part(row["kind"], row["sha256"], row["tree_sha256"], row["size_bytes"], row["name"], row["workload_id"]) for row in rows]


def _trees(store: "Store", name: str | None = None) -> set[str]:
    """Return what a baseline pins, or all of them together."""
    return {part.tree_sha256 for row in store.query("baselines", baseline=name).iter_rows(named=True) for part in _parts(store, row["id"])}


def _put(store: "Store", name: str, parts: Sequence[Part], *, revision: str | None = None, is_removed: bool = False) -> None:
    now = now_utc()
    row = {
        "id": new_id(now),
        "name": name,
        "set_at": naive(now),
        "is_removed": is_removed,
        "revision": revision,
        "command": command_line(),
    }
    columns = ("kind", "sha256", "tree_sha256", "size_bytes", "name")
    rows = [
        {column: getattr(part, column) for column in columns} | {"baseline_id": row["id"], "workload_id": part.workload} for part in parts
    ]
    store.add({"baselines": [row], "baseline_parts": rows})
