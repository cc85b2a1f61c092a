import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers import proc, sysfs

STAT = "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\nintr 1\n"
MEMINFO = "MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    4000000 kB\n"


def test_how_busy_the_cpus_were_between_two_looks() -> None:
    later = STAT.replace("100 0 50 800", "150 0 50 850")
    first, second = proc.cpu_times(STAT), proc.cpu_times(later)
    assert first is not None
    assert second is not None
    assert second.busy_ratio(first) == pytest.approx(0.5)
    assert first.busy_ratio(first) is None


def test_texts_of_proc() -> None:
    assert proc.load_1m("0.42 0.30 0.20 1/234 5678\n") == 0.42
    assert proc.memory_bytes(MEMINFO, "MemAvailable") == 4000000 * 1024
    assert proc.memory_bytes(MEMINFO, "SwapFree") is None
    assert proc.uptime_s("12345.67 23456.78\n") == 12345.67
    assert proc.cpu_model("processor\t: 0\nmodel name\t: A Processor @ 2.00GHz\n") == "A Processor @ 2.00GHz"
    assert proc.os_name('NAME="X"\nPRETTY_NAME="Debian GNU/Linux 12"\n') == "Debian GNU/Linux 12"


def test_a_process_whose_name_holds_brackets_still_has_its_start() -> None:
    stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 0 0"
    assert proc.start_mark(stat) == "987654"
    assert proc.start_mark(stat.replace(" S ", " Z ")) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("41500\n", 41500), (" -22\n", -22), ("Permission denied", None), ("", None), ("415", None), ("1 2", None), ("0x10", None)],
)
def test_one_number_to_a_file(text: str, value: int | None) -> None:
    assert sysfs.whole_number(text) == value


@given(st.integers(0, len(STAT)), st.integers(0, len(MEMINFO)))
def test_a_cut_off_text_gives_the_right_number_or_none(stat_length: int, meminfo_length: int) -> None:
    assert proc.cpu_times(STAT[:stat_length]) in (None, proc.cpu_times(STAT))
    assert proc.memory_bytes(MEMINFO[:meminfo_length], "MemAvailable") in (None, 4000000 * 1024)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for reader in (
        proc.cpu_times,
        proc.load_1m,
        proc.uptime_s,
        proc.cpu_model,
        proc.os_name,
        proc.start_mark,
        sysfs.whole_number,
        sysfs.word,
    ):
        reader(text)
