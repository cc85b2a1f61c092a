"""The command `farm`. Commands load what they need when they run, so that `farm --help` answers at once."""

from farm.cli.main import main

__all__ = ["main"]
