"""Whether a job gets another attempt: one rule, by what came of the earlier ones. Runs in, answers out.

disturbed, or the device was lost    replaced, replacements times in all: nobody's fault, or the link's
the harness crashed                  once more; a second crash is the artifact's fault, and its reason says so
another failure, or it hung          never: a wrong model, answer or harness is wrong the next time, too
charging, or not ready               not now: it would be so again at once; a later session may find it otherwise
                                     (a charger, or no source of power, is in the way of that pass alone: the device goes on with others)
the host is full                     never here: the session ends (farm.errors.HostExhausted), and goes on with farm run --resume
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from farm.workloads import Outcome, Run

REPLACEMENTS = 2
_OF_ONE_PASS = frozenset({"charging", "no_power_source"})
"""What keeps a device from its power pass, until a person does something about it, and says nothing of its other passes."""
_CRASHES = frozenset({"crashed", "vanished", "no_end", "no_result", "out_of_memory"})
_MOST_CRASHES = 2
_BLAME = "it crashed twice, so the artifact, or the harness that runs it, is at fault, and not the device"


class Fault(StrEnum):
    """Whose a run without a valid number is."""

    NOBODY = "nobody"
    """It is valid, or other work disturbed it."""
    DEVICE = "device"
    """It was lost, not ready, or on its charger."""
    HARNESS = "harness"
    """It crashed once: nobody knows yet."""
    ARTIFACT = "artifact"
    """It crashed again, hung, or failed as it always will."""


def fault(run: Run, earlier: Sequence[Run] = ()) -> Fault:
    """Return whose fault a run is; earlier are those of the same job before it."""
    match run.outcome:
        case Outcome.OK:
            return Fault.NOBODY
        case Outcome.INVALID:
            return Fault.DEVICE if run.error_class == "charging" else Fault.NOBODY
        case Outcome.DEVICE_LOST | Outcome.NOT_READY:
            return Fault.DEVICE
        case Outcome.FAILED | Outcome.TIMED_OUT:
            is_first = crashed(run) and not any(map(crashed, earlier))
            return Fault.HARNESS if is_first else Fault.ARTIFACT


def crashed(run: Run) -> bool:
    """Whether the harness ended without having said what became of its work."""
    return run.outcome is Outcome.FAILED and run.error_class in _CRASHES


def is_of_its_pass(run: Run) -> bool:
    """Whether a device was kept from this pass by what stays so until a person changes it, and is ready for others."""
    return run.outcome in (Outcome.NOT_READY, Outcome.INVALID) and run.error_class in _OF_ONE_PASS


def found_no_room(run: Run) -> bool:
    """Whether a result could not be written: that says nothing of the artifact, and there may be room now."""
    return run.outcome is Outcome.FAILED and run.error_class == "box_full"


def blamed(run: Run, earlier: Sequence[Run]) -> Run:
    """Return run, saying whose fault it is when it is the second crash of its job."""
    if not (crashed(run) and any(map(crashed, earlier))):
        return run
    return replace(
        run, reason=f"{run.reason}; {_BLAME}", hint=run.hint or "the device is not blamed: run the model by itself, or another build"
    )


def is_done(runs: Sequence[Run], replacements: int = REPLACEMENTS) -> bool:
    """Whether the runs of a job, of whatever session, leave nothing to do: not what lasted no longer than a device's absence."""
    final = any(
        run.outcome in (Outcome.OK, Outcome.FAILED, Outcome.TIMED_OUT) and not crashed(run) and not found_no_room(run) for run in runs
    )
    return final or sum(map(crashed, runs)) >= _MOST_CRASHES or len(_disturbed(runs)) > replacements


def next_attempt(runs: Sequence[Run]) -> int:
    """Return the number of a job's next attempt; one that a device was not ready for, or lost in for good, is made anew."""
    return 1 + max((run.attempt for run in runs if run.outcome is Outcome.INVALID or crashed(run)), default=0)


def once_more(earlier: Sequence[Run], own: Sequence[Run], replacements: int = REPLACEMENTS) -> bool:
    """Whether a job is to be tried again at once. own are its runs of this session, the last one just ended; earlier those before."""
    last = own[-1]
    if crashed(last):
        return not is_done((*earlier, *own), replacements)
    if last.outcome not in (Outcome.INVALID, Outcome.DEVICE_LOST) or last.error_class == "charging":
        return False
    lost = [run for run in own if run.outcome is Outcome.DEVICE_LOST]
    return len(_disturbed((*earlier, *own))) + len(lost) <= replacements


def _disturbed(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.outcome is Outcome.INVALID]
