"""A session with its numbers: the one value from which the terminal, the JSON and the page are made."""

from dataclasses import dataclass

from farm.profiles import Profile
from farm.summary import Line, Validity
from farm.workloads import Device, Run, Session


@dataclass(frozen=True, slots=True)
class Results:
    """What a session on one device came to."""

    device: Device
    session: Session | None
    """None when the device was never reached."""
    runs: tuple[Run, ...]
    lines: tuple[Line, ...]
    validity: tuple[Validity, ...]
    failure: str | None = None
    """What ended the session before its time, or kept it from beginning."""
    profiles: tuple[Profile, ...] = ()
    """Of its profile passes, one for each workload and artifact."""
