"""AndroidX's benchmarks."""

import pytest

from farm.errors import InputError
from tests.exchange import by_metric, read, texts, the


def test_androidx_readings_are_its_runs() -> None:
    contents = read(texts.ANDROIDX)
    found = by_metric(contents)
    assert found == {
        ("time_ns", "reading"): (110.0, 90.0, 100.0),
        ("allocation_count", "minimum"): (2.0,),
        ("allocation_count", "p50"): (2.0,),
        ("allocation_count", "maximum"): (2.0,),
        ("memory_rss_anon_max_bytes", "reading"): (8192.0,),
        ("frame_overrun_ns", "p50"): (-2e6,),
        ("frame_overrun_ns", "p90"): (3e6,),
        ("frame_overrun_ns", "reading"): (-2e6, 3e6, -2e6),
    }
    assert the(contents, "frame_overrun_ns", "reading").positions == ("1", "1", "2")
    assert the(contents, "frame_overrun_ns", "p90").readings == 3
    assert [gap.source_metric for gap in contents.gaps] == ["oddity"]
    assert the(contents, "time_ns", "reading").labels["cpu_locked"] == "true"


def test_androidx_extremes_must_be_its_runs() -> None:
    with pytest.raises(InputError, match="not its runs'"):
        read(texts.ANDROIDX.replace('"minimum": 90.0', '"minimum": 80.0'))
