import pytest

from farm.notices import Kind, Notice, Target, is_due, of_gate, of_night, of_rack


def told_of(notices: list[Notice]) -> list[str]:
    """The titles that a person gets, of notices as they come up night after night."""
    told: dict[str, str] = {}
    sent = []
    for notice in notices:
        if is_due(notice, told):
            sent.append(notice.title)
            told[notice.key] = notice.state
    return sent


def night(day: int, verdict: str = "pass", new: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Notice:
    return of_night("main", f"2026-01-{day:02}", verdict, new=new, missing=missing)


def test_a_night_is_told_when_it_is_another_one_than_the_night_before() -> None:
    nights = [
        night(1),
        night(2),
        night(3, "fail", new=("net is slower",)),
        night(4, "fail"),
        night(5, "fail"),
        night(6, "fail", new=("net is slower still",)),
        night(7, "fail", new=("net is slower still",)),
        night(8, "pass"),
        night(9, "pass"),
    ]
    assert told_of(nights) == [
        "farm: main fail, 1 new",
        "farm: main fail, nothing new",
        "farm: main fail, 1 new",
        "farm: main fail, 1 new",
        "farm: main pass, nothing new",
    ]


def test_what_is_missing_is_told_when_it_changes() -> None:
    lacks = ("s25: net never came",)
    assert told_of([night(1, missing=lacks), night(2, missing=lacks), night(3)]) == []
    assert told_of([night(1, "fail", missing=lacks), night(2, "fail", missing=lacks), night(3, "fail")]) == [
        "farm: main fail, nothing new, 1 missing",
        "farm: main fail, nothing new",
    ]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_the_order_of_what_is_missing_is_no_news(order: tuple[str, str]) -> None:
    assert night(1, "fail", missing=("a", "b")).state == night(2, "fail", missing=order).state


def test_a_rack_is_told_dead_once_and_back_once_and_a_rack_that_lives_is_no_news() -> None:
    dead, alive = of_rack("rack", {"a": "gone", "b": "gone"}, 2), of_rack("rack", {"a": "gone"}, 2)
    assert told_of([alive, alive, dead, dead, alive, alive, dead]) == [
        "farm: the rack rack is dead",
        "farm: the rack rack is back",
        "farm: the rack rack is dead",
    ]
    assert "- a: gone" in dead.text
    assert of_rack("rack", {}, 0).state == "alive"


def test_each_blocked_release_is_told_once() -> None:
    assert told_of([of_gate("g1", "v2", ["latency + 9 %"]), of_gate("g1", "v2", []), of_gate("g2", "v3", [])]) == [
        "farm: v2 is blocked",
        "farm: v3 is blocked",
    ]


def test_a_target_never_shows_its_address() -> None:
    assert "s3cret" not in repr(Target("mail", frozenset({Kind.NIGHT}), url="json://a:s3cret@b"))
