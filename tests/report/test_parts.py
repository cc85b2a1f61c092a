"""The parts of pages that are values: columns, thinning, bars, sparklines, words, and how large a page may get."""

import base64
import shlex
import subprocess
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from farm.findings import Followed, Night, Series, night_of
from farm.report import page, series, shapes, words
from farm.report.packed import packed, quarters, shares, thinned
from farm.stats import median_interval
from farm.verdicts import Size

BEGIN = datetime(2025, 1, 1, 23)  # noqa: DTZ001 - naive, as the database has it
A_SERIES = Series("0123456789abcdef", "latency_ns", "id", "s25", "net", "k", "latency", "executorch", "xnnpack", 2)


def followed(number: int, nights: int) -> Followed:
    at = [BEGIN + timedelta(days=night) for night in range(nights)]
    own = tuple(
        Night(night_of(each), each, f"rev{n}", "a", "1", "h", "os", "0.1", None, (1e6 + n, 1.1e6, 1.2e6)) for n, each in enumerate(at)
    )
    return Followed(replace(A_SERIES, key=f"{number:032x}"[::-1]), own)


@pytest.mark.parametrize(("kind", "type_"), [("f8", "<f8"), ("f4", "<f4"), ("u4", "<u4"), ("u2", "<u2"), ("u1", "u1")])
def test_columns_come_back_as_they_were(kind: str, type_: str) -> None:
    values = [0, 1, 200]
    made = packed(values, kind)
    assert np.frombuffer(base64.b64decode(made["b"]), type_).tolist() == values


def test_a_number_that_a_column_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="values from 0 to 256 are no u1"):
        packed([0, 256], "u1")
    with pytest.raises(ValueError, match="no u2"):
        packed([-1], "u2")


def test_shares_reach_from_end_to_end_and_a_flat_series_has_none() -> None:
    assert shares([2.0, 3.0, 4.0], 2.0, 4.0).tolist() == [0, 32768, 65535]
    assert shares([2.0, 2.0], 2.0, 2.0).tolist() == [0, 0]


def test_thinning_loses_no_outlier_and_keeps_the_order() -> None:
    values = [1.0] * 10_000
    values[4321], values[8765] = 99.0, -99.0
    places = thinned(values, 600)
    assert len(places) <= 602
    assert {0, 4321, 8765, 9999} <= set(places)
    assert places == sorted(places)
    assert thinned([3.0, 1.0], 600) == [0, 1]


def test_forty_workloads_on_eight_devices_over_two_hundred_nights_are_under_three_megabytes() -> None:
    every = tuple(followed(number, 200) for number in range(320))
    content = series.data(series.Histories(every, (), "main"))
    assert all(row["count"] == 200 for row in content["series"])
    assert len(page.render("history.html.j2", content, **HISTORY)) < 3_000_000


def test_a_night_has_the_interval_of_its_median_and_one_run_has_none() -> None:
    runs = {1: (3.0,), 4: (4.0, 1.0, 3.0, 2.0), 9: tuple(float(each) for each in range(9, 0, -1))}
    item = followed(1, 3)
    nights = tuple(replace(night, values=own) for night, own in zip(item.nights, runs.values(), strict=True))
    told = series.middles(replace(item, nights=nights))
    for own, one in zip(runs.values(), told, strict=True):
        wanted = median_interval(own)
        assert one.value == float(np.median(own))
        assert one.coverage == (None if wanted is None else wanted.coverage)
        assert (one.low, one.high) == ((3.0, 3.0) if wanted is None else (wanted.low, wanted.high))
    assert told[2][1:3] == (2.0, 8.0)  # not the range of the nine
    content = series.data(series.Histories((replace(item, nights=nights),), (), "main"))
    (facts,) = content["series"]
    ends = [np.frombuffer(base64.b64decode(content["points"][name]["b"]), "<u2") for name in ("low", "high")]
    span = facts["most"] - facts["least"]
    assert [facts["least"] + span * end[2] / 65535 for end in ends] == pytest.approx([2.0, 8.0], abs=1e-3)


HISTORY = {
    "title": "t", "in_site": False, "tone": "plain", "sentence": "s", "series": A_SERIES, "label": "l",
    "counts": [], "others": [], "link": "x", "command": "c", "has_alarm": False, "told": [], "nights": [], "every_value": 0,
}  # fmt: skip


def test_what_is_beyond_the_room_is_named_without_its_nights() -> None:
    content = series.data(series.Histories((followed(1, 30), followed(2, 30)), (), "main"), most_nights=40)
    assert [(row["count"], row["nights"]) for row in content["series"]] == [(30, 30), (0, 30)]


def test_a_bar_puts_worse_to_the_right_and_says_where_it_was_cut() -> None:
    axis = shapes.scale([0.02, 0.9], most=0.5)
    made = shapes.bar((0.02, 0.3, 0.9), axis, "", budget=0.05)
    assert made.none is not None
    assert made.budget is not None
    assert made.none < made.left < made.middle
    assert made.none < made.budget < made.middle
    assert (made.cut_low, made.cut_high) == (False, True)
    open_ = shapes.bar((None, 0.1, 0.2), axis, "", budget=None, none=False)
    assert (open_.cut_low, open_.none, open_.budget) == (True, None, None)


def test_a_trend_shades_the_nights_that_a_change_is_between() -> None:
    made = shapes.spark([1.0, 1.0, 2.0, 2.0, 2.0], "", (1, 2))
    assert made is not None
    assert made.shade == (32.0, 28.0)
    assert made.points.startswith("4.0,24.0 ")
    assert shapes.spark([1.0], "") is None


@pytest.mark.parametrize(("share", "text"), [(0.0812, "+8.1 %"), (-0.05, "-5.0 %"), (-0.0001, "0.0 %")])
def test_shares_are_told_with_their_sign(share: float, text: str) -> None:
    assert words.per_cent(share) == text


def test_sizes_that_are_no_ratios_are_told_in_their_unit() -> None:
    assert words.size_words(Size(2e6, 1e6, 3e6, False), "latency_ns") == ("2.00 ms", "1.00 ms … 3.00 ms")
    assert words.cost(0.1, "decode_tokens_per_s") == -0.1


def test_a_command_can_be_pasted_whatever_is_in_it() -> None:
    assert words.command("farm", "show", "a b'; rm -rf /") == """farm show 'a b'"'"'; rm -rf /'"""


@pytest.mark.parametrize(
    "odd", ["\u202egnp\u202c", "\u2066x\u2069 'y' \\z", "a\nb\tc", "\u00a0", "e\u200b1\ufeff", "\u2028\u2029", "\x1b[31m", "\u00ad0f"]
)
def test_what_is_not_seen_in_a_command_stands_there_as_an_escape_that_shells_read_back(odd: str) -> None:
    told = words.command("printf", r"%s\0", odd, "plain")
    assert not [character for character in told if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") or character == "\u00a0"]
    for locale in ("C", "C.UTF-8"):
        done = subprocess.run(["bash", "-c", told], capture_output=True, check=True, env={"LC_ALL": locale})
        assert done.stdout.decode() == f"{odd}\0plain\0"
    assert words.pasteable(shlex.join(["printf", r"%s\0", odd, "plain"])) == told


def test_a_stored_command_without_odd_marks_stays_as_it_is_and_one_that_no_shell_reads_shows_its_marks() -> None:
    assert words.pasteable("farm run 'a b' --suite=x.toml") == "farm run 'a b' --suite=x.toml"
    assert words.pasteable("farm 'a \u202eb") == r"farm 'a \xe2\x80\xaeb"


def test_json_in_a_page_cannot_end_its_element() -> None:
    text = page.as_json({"a": "</script><!--\u2028&"})
    assert not set(text) & set("<>&\u2028")
    assert page.as_json({"a": "\ud800"}) == '{"a":"?"}'


def test_a_series_is_measured_again_by_the_command_that_its_newest_numbers_came_of() -> None:
    assert series.measure_command(replace(A_SERIES, command="farm run --suite net.toml")) == "farm run --suite net.toml"
    assert "--suite SUITE.toml --device s25 --passes latency" in series.measure_command(A_SERIES)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (
            "farm --data d nightly --suite 'my suite.toml' --pool rack",
            "farm --data d run --suite 'my suite.toml' --device s25 --passes latency",
        ),
        ("farm nightly --suite=s.toml", "farm run --suite s.toml --device s25 --passes latency"),
        ("farm nightly", "farm run --suite SUITE.toml --device s25 --passes latency"),
        ("farm run nightly", "farm run nightly"),
        ("farm run 'no end", "farm run 'no end"),
        ("", ""),
    ],
)
def test_what_a_nightly_measured_is_measured_again_by_its_suite(stored: str, told: str) -> None:
    assert words.measured_again(stored, "s25", "latency") == told


def test_small_numbers_are_four_to_a_byte() -> None:
    numbers = [0, 1, 2, 3, 3, -1, 7]
    held = np.frombuffer(base64.b64decode(quarters(numbers)["b"]), "u1")
    assert [(int(held[i >> 2]) >> (2 * (i & 3))) & 3 for i in range(len(numbers))] == [0, 1, 2, 3, 3, 0, 3]
