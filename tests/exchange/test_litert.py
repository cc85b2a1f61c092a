"""LiteRT's benchmark tool, by its log."""

import pytest

from farm.errors import InputError
from tests.exchange import by_metric, read, texts, the


@pytest.mark.parametrize("text", [texts.LITERT, texts.LITERT_LOGCAT], ids=["stdout", "logcat"])
def test_the_timed_runs_are_told_from_the_warm_up(text: str) -> None:
    contents = read(text)
    found = by_metric(contents)
    assert found[("latency_ns", "mean")] == (7_050_250,)
    assert found[("latency_ns", "p50")] == (7_040_000,)
    assert found[("latency_ns", "p95")] == (7_400_000,)
    assert found[("warmup_latency_ns", "mean")] == (8_300_000,)
    assert found[("first_inference_ns", "reading")] == (9_001_000,)
    assert found[("init_ns", "reading")] == (4_500_000,)
    assert found[("footprint_growth_bytes", "as_reported")] == (4 * 2**20,)
    assert found[("footprint_peak_bytes", "maximum")] == (16.5 * 2**20,)
    number = the(contents, "latency_ns", "p50")
    assert (number.readings, number.label, number.device) == (50, "some.tflite", None)
    assert number.labels == {"threads": "2", "delegation": "Replacing 10 out of 12 node(s) with delegate (TfLiteXNNPackDelegate)"}


def test_an_old_build_says_a_mean_and_not_of_how_many() -> None:
    contents = read(texts.LITERT_OLD)
    assert by_metric(contents)[("latency_ns", "mean")] == (80_660_100,)
    assert the(contents, "latency_ns", "mean").readings is None


def test_several_runs_of_the_tool_are_told_apart_by_their_starts() -> None:
    other = texts.LITERT.replace("some.tflite", "other.tflite")
    assert {number.label for number in read(texts.LITERT + other).numbers} == {"some.tflite", "other.tflite"}
    with pytest.raises(InputError, match="more than once"):
        read((texts.LITERT + other.replace("7050.25", "8050.25")).replace("STARTING!", ""))


def test_a_failed_benchmark_is_said() -> None:
    with pytest.raises(InputError, match=r"but says that benchmarking failed, for m\.tflite"):
        read("Loaded model m.tflite\nERROR: Following operations are not supported by GPU delegate:\nBenchmarking failed.\n")
