"""What goes wrong with a bench itself."""


class BenchUnavailable(Exception):
    """The bench cannot run here: no root, a tool or a package is missing. The message says what to do."""


class BenchFailed(Exception):
    """The bench did not do what it was told: a process ended or did not answer in time."""
