"""What a benchmark must show, and whether it did."""


class Checks:
    """What must be shown, and whether it was."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def hold(self, what: str, value: float, at_least: float | None = None, at_most: float | None = None) -> None:
        """Print one requirement with what was measured."""
        wanted = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}"
        held = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        print(f"    {'ok  ' if held else 'MISS'} {what}: {value:.4f} (wanted {wanted})")
        if not held:
            self.missed.append(what)
