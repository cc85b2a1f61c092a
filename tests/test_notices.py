import pytest

from farm.notices import Kind, Night, Notice, Target, is_due, of_gate, of_night, of_rack


def told_of(notices: list[Notice]) -> list[str]:
    """The titles that a person gets, of notices as they come up night after night."""
    told: dict[str, str] = {}
    sent = []
    for notice in notices:
        if is_due(notice, told):
            sent.append(notice.title)
            told[notice.key] = notice.state
    return sent


def night(day: int, code: int = 0, new: tuple[str, ...] = (), missing: tuple[str, ...] = (), odd: tuple[str, ...] = ()) -> Notice:
    return of_night(Night("main", f"2026-01-{day:02}", code, f"{day} of 99 jobs", new, missing, odd, "page.html"))


def test_a_night_is_told_when_it_is_another_one_than_the_night_before() -> None:
    nights = [
        night(1),
        night(2),
        night(3, 4, new=("net is slower",)),
        night(4, 4),
        night(5, 4),
        night(6, 4, new=("net is slower still",)),
        night(7, 4, new=("net is slower still",)),
        night(8),
        night(9),
        night(10, odd=("the clock was set",)),
        night(11, 3),
    ]
    assert told_of(nights) == [
        "farm: main: regression, 1 new",
        "farm: main: regression, 1 new",
        "farm: main: regression, 1 new",
        "farm: main: in order",
        "farm: main: in order",
        "farm: main: could not tell",
    ]


def test_what_is_missing_is_told_when_it_changes() -> None:
    lacks = ("s25: net never came",)
    assert told_of([night(1, missing=lacks), night(2, missing=lacks), night(3), night(4)]) == [
        "farm: main: in order, 1 missing",
        "farm: main: in order",
    ]


def test_a_night_says_all_there_is_to_say() -> None:
    text = night(1, 4, new=("a",), missing=("b",), odd=("c",)).text
    assert text == "Night 2026-01-01 of main: 1 of 99 jobs\n\nNew:\n- a\n\nMissing:\n- b\n\nNoticed:\n- c\n\npage.html"


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_the_order_of_what_is_missing_is_no_news(order: tuple[str, str]) -> None:
    assert night(1, 3, missing=("a", "b")).state == night(2, 3, missing=order).state


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


def test_a_suspicion_that_becomes_a_regression_is_told_by_what_it_is_and_another_one_beside_it_too() -> None:
    def told(regressions: dict[str, str], new: tuple[str, ...] = ()) -> Notice:
        return of_night(Night("main", "2026-01-05", 4, "50 of 50 jobs", new, regressions=regressions))

    first, grown = told({"f1": "net +10 %: REGRESSION"}), told({"f1": "net +11 %: REGRESSION"})
    assert "Regressions:\n- net +10 %: REGRESSION" in first.text
    assert not is_due(grown, {first.key: first.state})
    assert is_due(told({"f1": "net +11 %: REGRESSION", "f2": "other +5 %: REGRESSION"}), {first.key: first.state})
    assert told({"f1": "net +10 %: REGRESSION"}, ("net +10 %: REGRESSION",)).text.count("net +10 %") == 1
