"""Fixtures of the commands' tests."""

from tests.cli.gating import farm, home, phones

__all__ = ["farm", "home", "phones"]
