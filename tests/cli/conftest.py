"""Fixtures of the commands' tests."""

from tests.cli.gating import farm, home, phones
from tests.cli.nights import lab
from tests.cli.sharing import nobody_left, quick, slow

__all__ = ["farm", "home", "lab", "nobody_left", "phones", "quick", "slow"]
