"""The recipes by which farm makes artifacts of its own."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from farm.errors import ArtifactError

_EXTRAS = {"digits": "export", "smollm2": "export-llm"}
RECIPES = tuple(_EXTRAS)


def build(name: str, into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Make the artifacts of a recipe in a folder and return what was written; what is there already is not made again.

    Raises ArtifactError for an unknown recipe, for missing packages, and when a model's answer is not its original's.
    """
    try:
        match name:
            case "digits":
                from farm.artifacts import digits

                return list(digits.build(into, on_progress))
            case "smollm2":
                from farm.artifacts import smollm2

                return list(smollm2.build(into, on_progress))
    except ModuleNotFoundError as error:
        raise ArtifactError(
            f"the recipe {name} needs the package {error.name}",
            hint=f"pip install torch==2.13.0, then pip install 'phonefarm[{_EXTRAS[name]}]'",
        ) from error
    close = get_close_matches(name, RECIPES, n=1)
    raise ArtifactError(
        f'there is no recipe "{name}"{f"; did you mean {close[0]}?" if close else ""}', hint=f"recipes are {', '.join(RECIPES)}"
    )
