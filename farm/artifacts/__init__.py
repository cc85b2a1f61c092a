"""Artifacts: model files known by their bytes, what belongs to them, and how the ones that farm ships are made.

Nothing here needs torch but the recipes, and they import it when they run.
"""

from farm.artifacts.files import is_artifact, open_artifact
from farm.artifacts.recipes import RECIPES, build, make_items

__all__ = ["RECIPES", "build", "is_artifact", "make_items", "open_artifact"]
