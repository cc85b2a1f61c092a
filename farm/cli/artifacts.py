"""farm artifacts: model files, built and looked at."""

import contextlib
import json
import sys
from pathlib import Path

import click

from farm.cli.context import Context, say
from farm.workloads import Artifact


@click.group(epilog="Example: farm artifacts show model.pte")
def artifacts() -> None:
    """Build and check model files."""


@artifacts.command("build", epilog="Example: farm artifacts build digits --into models/")
@click.argument("recipe")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to. [default: artifacts/ in the data folder]"
)
@click.pass_obj
def build(context: Context, recipe: str, into: Path | None) -> None:
    """Build the artifacts of RECIPE (digits, smollm2) and print their files.

    digits needs phonefarm[export] and a minute; smollm2 phonefarm[export-llm], 4 GB of memory and a quarter of an hour.
    """
    from farm.artifacts import build as build_artifacts

    with contextlib.redirect_stdout(sys.stderr):  # where exporters print what they do
        made = build_artifacts(recipe, into or context.writable_data() / "artifacts" / recipe, on_progress=say)
    for path in made:
        click.echo(path)


@artifacts.command("items", epilog="Example: farm artifacts items digits --into models/")
@click.argument("recipe")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to. [default: artifacts/ in the data folder]"
)
@click.pass_obj
def make_items(context: Context, recipe: str, into: Path | None) -> None:
    """Make the items that a quality pass asks the models of RECIPE (digits, smollm2), with the right answers, and print their files.

    digits needs scikit-learn; the result is in the package too (farm/examples). smollm2 needs phonefarm[export-llm] for its tokenizer.
    """
    from farm.artifacts import make_items as made_items

    with contextlib.redirect_stdout(sys.stderr):
        made = made_items(recipe, into or context.writable_data() / "artifacts" / recipe, on_progress=say)
    for path in made:
        click.echo(path)


@artifacts.command("show", epilog="Example: farm artifacts show farm/examples/digits_int8.pte")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(model: Path, as_json: bool) -> None:
    """Check a model file and say what farm knows of it: hash, runtime, recipe, reference."""
    from farm.artifacts import open_artifact

    artifact = open_artifact(model)
    facts = _facts(artifact)
    if as_json:
        click.echo(json.dumps(facts | {"recipe": artifact.recipe}, indent=2, ensure_ascii=False))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple((name.replace("_", " "), str(value)) for name, value in facts.items() if value is not None)
    recipe = () if artifact.recipe is None else tuple((f"recipe: {name}", _short(value)) for name, value in artifact.recipe.items())
    draw.tables([Table("", ("", ""), rows + recipe, (0, 1))])


def _facts(artifact: Artifact) -> dict[str, object]:
    reference = artifact.reference
    return {
        "name": artifact.name,
        "sha256": artifact.sha256,
        "size_bytes": artifact.size_bytes,
        "runtime": artifact.runtime,
        "reference": None if reference is None else f"{reference.comparison} {reference.tolerance:g} against {reference.made_by}",
    }


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"  # noqa: PLR2004 - a line of a terminal
