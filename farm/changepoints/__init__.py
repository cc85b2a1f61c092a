"""Where a series changes its level: arrays in, change points out.

find() and find_many() look back over whole series; fresh() looks at the end of one, where a change is too young for them, and asks for
fresh runs, on which confirm() decides.
"""

from farm.changepoints.find import SHORTEST, find, find_many
from farm.changepoints.recent import FEWEST, LATEST, RULE, Fresh, Rule, confirm, fresh
from farm.changepoints.search import DEFAULT, Settings
from farm.changepoints.values import Change, Estimate

__all__ = [
    "DEFAULT",
    "FEWEST",
    "LATEST",
    "RULE",
    "SHORTEST",
    "Change",
    "Estimate",
    "Fresh",
    "Rule",
    "Settings",
    "confirm",
    "find",
    "find_many",
    "fresh",
]
