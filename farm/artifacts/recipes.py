"""The recipes by which farm makes artifacts of its own, and the items to ask them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from farm.errors import ArtifactError

_EXTRAS = {"digits": "export", "smollm2": "export-llm"}
RECIPES = tuple(_EXTRAS)


def build(name: str, into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Make the artifacts of a recipe in a folder and return what was written; what is there already is not made again.

    Raises ArtifactError for an unknown recipe, for missing packages, and when a model's answer is not its original's.
    """
    with _packages_of(name, f"pip install torch==2.13.0, then pip install 'phonefarm[{_EXTRAS.get(name)}]'"):
        match name:
            case "digits":
                from farm.artifacts import digits

                return list(digits.build(into, on_progress))
            case "smollm2":
                from farm.artifacts import smollm2

                return list(smollm2.build(into, on_progress))
    raise _unknown(name)


def make_items(name: str, into: Path, on_progress: Callable[[str], None]) -> list[Path]:
    """Write the items of a recipe, and the right answers beside them, into a folder; return what was written.

    Raises ArtifactError for an unknown recipe and for missing packages.
    """
    match name:
        case "digits":
            with _packages_of(name, "pip install scikit-learn"):
                from farm.artifacts import digits_items

                return digits_items.make(into, on_progress)
        case "smollm2":
            with _packages_of(name, "pip install torch==2.13.0, then pip install 'phonefarm[export-llm]'"):
                from farm.artifacts import smollm2

                return list(smollm2.make_items(into, on_progress))
    raise _unknown(name)


@contextmanager
def _packages_of(name: str, hint: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ArtifactError(f"the recipe {name} needs the package {error.name}", hint=hint) from error


def _unknown(name: str) -> ArtifactError:
    close = get_close_matches(name, RECIPES, n=1)
    return ArtifactError(
        f'there is no recipe "{name}"{f"; did you mean {close[0]}?" if close else ""}', hint=f"recipes are {', '.join(RECIPES)}"
    )
