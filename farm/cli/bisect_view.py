"""What a bisection came to, for people and as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from farm.bisect import Answer, Place, Step
from farm.verdicts import Budget, Estimate

_COULD_NOT_TELL = 3
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A bisection that has ended. place None: nothing was searched, and nothing says why.

    ratio is that of the two revisions that the change lies between, measured against each other; without a place, of bad to good.
    """

    budget: Budget
    device: str
    revisions: Sequence[str]
    steps: tuple[Step, ...]
    place: Place | None
    ratio: Estimate | None
    nothing: str | None

    @property
    def exit_code(self) -> int:
        """0 when one revision is found, else 3."""
        return 0 if self.place is not None and self.place.is_exact else _COULD_NOT_TELL

    @property
    def is_confirmed(self) -> bool:
        """Whether the two revisions that are left differ for themselves, in the direction that is worse."""
        if self.ratio is None:
            return False
        end = self.ratio.low if self.budget.sign > 0 else self.ratio.high
        return end is not None and self.budget.sign * (end - 1) > 0


def sentence(shown: Shown) -> str:
    """Return what it came to in a sentence."""
    from farm.gate import words

    if shown.place is None:
        return shown.nothing or "nothing was found"
    size = "an unknown amount" if shown.ratio is None else words.ratio_interval(shown.ratio)
    number, place = shown.budget.name, shown.place
    if place.is_exact:
        doubt = (
            "" if shown.is_confirmed else "; measured against the one before it, that is not shown again: noise, or more than one change"
        )
        return f"{number} changed by {size} in {place.first_bad}{doubt}"
    answers = [step for step in shown.steps if step.revision in place.between]
    unclear, unbuilt = (sum(step.answer is answer for step in answers) for answer in (Answer.UNCLEAR, Answer.UNBUILDABLE))
    parts = [f"noise leaves {unclear} open" if unclear else "", f"{unbuilt} cannot be built" if unbuilt else ""]
    why = " and ".join(part for part in parts if part)
    return f"{number} changed by {size} between {place.last_good} and {place.first_bad}: of the {len(place.between)} there, {why}"


def document(shown: Shown) -> dict[str, Any]:
    """Return it as JSON has it."""
    return {
        "exit_code": shown.exit_code,
        "number": shown.budget.name,
        "device": shown.device,
        "good": shown.revisions[0],
        "bad": shown.revisions[-1],
        "revisions": len(shown.revisions) - 1,
        "place": None if shown.place is None else asdict(shown.place) | {"is_exact": shown.place.is_exact},
        "ratio": None if shown.ratio is None else asdict(shown.ratio),
        "is_confirmed": shown.is_confirmed,
        "text": sentence(shown),
        "steps": [asdict(step) for step in shown.steps],
    }


def show(shown: Shown, subject: Callable[[str], str]) -> None:
    """Draw the revisions that were tried, in the order of history, and say what it came to. subject is the first line of a commit."""
    from farm.cli import draw
    from farm.gate import words
    from farm.publish.tables import Table

    order = {revision: number for number, revision in enumerate(shown.revisions)}
    rows = tuple(
        (
            step.revision[:_SHORT],
            step.answer.value.upper() if step.answer in (Answer.GOOD, Answer.BAD) else step.answer.value,
            "" if step.ratio is None else words.ratio_interval(step.ratio),
            subject(step.revision),
            step.reason,
        )
        for step in sorted(shown.steps, key=lambda step: order[step.revision])
    )
    if rows:
        title = f"{shown.budget.name} on {shown.device}, against {shown.revisions[0][:_SHORT]}"
        draw.tables([Table(title, ("revision", "", "ratio to the good one", "subject", "why"), rows, (0, 1, 3, 4), (4,))])
    click.echo(draw.plain(sentence(shown)))
