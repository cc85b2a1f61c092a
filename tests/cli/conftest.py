"""Fixtures of the commands' tests."""

from tests.cli.gating import farm, home

__all__ = ["farm", "home"]
