"""MLPerf: the load generator's logs, and the mobile app's results."""

import pytest

from farm.errors import InputError
from tests.exchange import by_metric, read, texts, the


def test_the_load_generators_word_goes_with_each_number() -> None:
    contents = read(texts.LOADGEN)
    assert by_metric(contents) == {
        ("latency_ns", "mean"): (31e6,),
        ("latency_ns", "p90"): (41e6,),
        ("latency_ns", "p99.9"): (51e6,),
    }
    assert {number.valid for number in contents.numbers} == {True}
    assert {number.valid for number in read(texts.LOADGEN.replace('"VALID"', '"INVALID"')).numbers} == {False}
    assert {number.valid for number in read(texts.mllog("result_mean_latency_ns", 5)).numbers} == {None}


def test_processes_of_one_log_are_kept_apart() -> None:
    contents = read(texts.mllog("result_mean_latency_ns", 5, 1) + texts.mllog("result_mean_latency_ns", 6, 2))
    assert [number.label for number in contents.numbers] == ["load generator, process 1", "load generator, process 2"]
    with pytest.raises(InputError, match="twice for one process"):
        read(texts.mllog("result_mean_latency_ns", 5) + texts.mllog("result_mean_latency_ns", 6))


def test_the_mlperf_app_says_throughput_accuracy_and_validity() -> None:
    contents = read(texts.MOBILE)
    throughput = the(contents, "throughput_per_s", "as_reported")
    assert (throughput.values, throughput.readings, throughput.valid) == ((615.5,), 300, False)
    assert (throughput.device, throughput.os) == ("maker, Phone, P1", "android 15")
    assert throughput.labels["accelerator"] == "CPU"
    assert throughput.labels["accelerator_asked"] == "GPU"
    accuracy = the(contents, "normalized_accuracy_ratio", "as_reported")
    assert (accuracy.values, accuracy.readings, accuracy.valid) == ((0.75,), None, None)
