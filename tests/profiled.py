"""Profile runs for tests: a call of a delegate with two operators in it, a kernel beside it, and 4 % that no operator has."""

from typing import Any

from farm.workloads import Operator, Pass, Readings, Run, Session
from tests.conftest import a_job, a_run, an_artifact

ITERATIONS = 11
WHOLE_NS = 100_000


def operators(iterations: int = ITERATIONS, name: str = "Convolution #1") -> tuple[Operator, ...]:
    """Return parts of which the operators take 60 %, none and 30 %, the delegate's call 65 % and all of them 96 % of the whole."""

    def part(
        place: int, name: str, share: float, parent: int | None = None, delegate: str | None = None, instruction: int | None = None
    ) -> Operator:
        return Operator(place, name, iterations, (round(share * WHOLE_NS),) * iterations, parent, delegate, instruction)

    return (
        part(0, "Method::execute", 0.97),
        part(1, "DELEGATE_CALL", 0.65, 0, "xnnpack", 0),
        part(2, name, 0.6, 1, "xnnpack"),
        part(3, "Softmax #1", 0.0, 1, "xnnpack"),
        part(4, "OPERATOR_CALL", 0.31, 0, instruction=1),
        part(5, "native_call_add.out", 0.30001, 4, instruction=1),
    )


def a_profile(session: Session, *, iterations: int = ITERATIONS, name: str = "Convolution #1", **changes: object) -> Run:
    """Return a valid profile run."""
    readings = (
        Readings("traced_latency_ns", (float(WHOLE_NS),) * iterations),
        Readings("wall_ns", (10.0,)),
        Readings("cpu_time_ns", (9.0,)),
    )
    given: dict[str, Any] = {"job": a_job(an_artifact(), Pass.PROFILE), "readings": readings, "operators": operators(iterations, name)}
    return a_run(session, **(given | changes))
