"""What nights asked for is better known than what is expected because there was some before."""

from dataclasses import replace

import pytest

from farm.track import missing
from farm.track.missing import Gap, Planned
from tests.track.test_parts import at, followed

ASKED = Planned("s25", "id-s25", "net", "latency", "latency_ns", at(29).night, True, 5, 5, None, False, False)


def gaps(*planned: Planned, days: range = range(30)) -> tuple[Gap, ...]:
    return missing.gaps([followed("net", days)], at(29).night, nightly=planned)[0]


def test_what_was_measured_is_not_missing() -> None:
    assert gaps(ASKED) == ()


def test_one_valid_run_of_five_is_data() -> None:
    assert gaps(replace(ASKED, valid=1, reason="invalid: disturbed")) == ()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            replace(ASKED, valid=0, reason="device lost: it is gone"),
            "none of 5 expected runs of the night of 2025-03-30 is valid: device lost: it is gone",
        ),
        (replace(ASKED, is_overdue=True), "no night was begun since that of 2025-03-30, and one was due"),
        (replace(ASKED, valid=0, is_closed=False), "the night of 2025-03-30 has not come to its end, and should have"),
    ],
)
def test_what_should_be_there_and_is_not_is_missing_with_its_reason(asked: Planned, reason: str) -> None:
    (gap,) = gaps(asked, days=range(29))
    assert (gap.series is not None, gap.reason) == (True, reason)


def test_a_job_that_never_gave_a_value_is_missing_too() -> None:
    (gap,) = gaps(replace(ASKED, workload="other", valid=0, reason="there is no other.pte"))
    assert (gap.series, gap.workload, gap.metric) == (None, "other", "latency_ns")


def test_what_nights_no_longer_ask_for_is_not_missing() -> None:
    assert gaps(replace(ASKED, is_dropped=True), days=range(10)) == ()


def test_a_weekly_job_is_not_missing_between_its_nights() -> None:
    others = [followed(name, range(30)) for name in ("a", "b", "c")]
    weekly = followed("net", range(1, 30, 7))
    found, _ = missing.gaps(
        [*others, replace(weekly, nights=weekly.nights[-2:-1])], at(24).night, nightly=[replace(ASKED, night=at(22).night)]
    )
    assert found == ()


def test_a_device_with_a_new_name_is_asked_for_under_it() -> None:
    before = replace(ASKED, device="galaxy", night=at(28).night, is_dropped=True)
    after = replace(ASKED, valid=0, reason="it takes no part")
    for order in ((before, after), (after, before)):
        (gap,) = gaps(*order)
        assert gap.reason.endswith("it takes no part")
    unreached = replace(after, device="shelf", device_id=None)
    assert [gap.device for gap in gaps(before, unreached)] == ["shelf"]
