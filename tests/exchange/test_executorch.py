"""ExecuTorch's benchmarks: the HUD's records, those of the benchmark app, and the log of its language model runner."""

import json

import pytest

from tests.exchange import by_metric, read, texts, the


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("avg_inference_latency(ms)", 12.5, ("latency_ns", "mean", 12_500_000)),
        ("trimmean_inference_latency(ms)", 12.5, ("latency_ns", "mean_of_middle_80_percent", 12_500_000)),
        ("model_load_time(ms)", 27, ("load_ns", "as_reported", 27_000_000)),
        ("token_per_sec", 20.5, ("generated_tokens_per_s", "as_reported", 20.5)),
        ("ram_pss_usage(mb)", 2.0, ("pss_growth_bytes", "as_reported", 2 * 1024 * 1024)),
        ("ram_pss_usage(mb)", -0.5, ("pss_growth_bytes", "as_reported", -512 * 1024)),
        ("peak_inference_mem_usage(mb)", 100, ("inference_peak_bytes", "as_reported", 102_400_000)),
        ("compilation_time(s)", 3, ("compilation_time_ns", "as_reported", 3e9)),
        ("median_itl_ms", 3, ("median_itl_ns", "as_reported", 3e6)),
    ],
)
def test_each_metric_of_the_hud_has_its_unit(name: str, value: float, expected: tuple[str, str, float]) -> None:
    for text in (json.dumps([texts.hud_record(name, [value])]), json.dumps([texts.minibench_record(name, value)])):
        (number,) = read(text).numbers
        assert (number.metric, number.statistic, number.values) == (*expected[:2], (expected[2],))
        assert number.source_metric == name
        assert number.readings is None
        assert number.valid is None


def test_the_hud_tells_model_backend_and_device_and_a_failed_job_is_no_number() -> None:
    contents = read(texts.HUD)
    (number,) = contents.numbers
    assert (number.label, number.device, number.os) == ("resnet xnnpack_q8", "A phone", "Android 15")
    assert number.labels["app_type"] == "ANDROID_APP"
    (gap,) = contents.gaps
    assert (gap.source_metric, gap.reason) == ("FAILURE_REPORT", "the job failed")


def test_an_unknown_device_stays_unknown() -> None:
    (number,) = read(json.dumps([texts.hud_record("avg_inference_latency(ms)", [1], runners=[])])).numbers
    assert (number.device, number.os) == (None, None)


@pytest.mark.parametrize("name", ["avg_inference_latency(ms)", "token_per_sec", "generate_time(ms)"])
def test_the_zero_of_an_app_that_measured_nothing_is_no_number(name: str) -> None:
    contents = read(json.dumps([texts.minibench_record(name, 0.0)]))
    assert not contents.numbers
    assert contents.gaps[0].reason == "0, which is written where nothing was measured"


def test_times_beside_a_load_that_failed_mean_nothing() -> None:
    records = [
        texts.minibench_record("model_load_time(ms)", 3.0),
        texts.minibench_record("load_status", 18.0),
        texts.minibench_record("avg_inference_latency(ms)", 5.0, model="another"),
    ]
    contents = read(json.dumps(records))
    assert [number.label for number in contents.numbers] == ["another"]
    assert {gap.source_metric for gap in contents.gaps} == {"model_load_time(ms)", "load_status"}


def test_a_metric_without_a_known_unit_is_a_gap() -> None:
    contents = read(json.dumps([texts.hud_record("memory_bandwidth(GB/s)", [5.0]), texts.hud_record("speedup", [2.0])]))
    assert not contents.numbers
    assert len(contents.gaps) == 2


def test_a_generation_is_read_from_its_time_stamps() -> None:
    found = by_metric(read(texts.observer()))
    assert found == {
        ("load_ns", "reading"): (500e6,),
        ("ttft_with_tokenizer_ns", "reading"): (100e6,),
        ("prompt_eval_ns", "reading"): (100e6,),
        ("decode_ns", "reading"): (1000e6,),
        ("sampling_ns", "reading"): (7e6,),
        ("prompt_tokens_per_s", "reading"): (100.0,),
        ("generated_tokens_per_s", "reading"): (40.0,),
    }


def test_each_generation_of_a_log_is_a_reading() -> None:
    contents = read(texts.observer() + texts.observer(inference_end_ms=3600))
    assert the(contents, "generated_tokens_per_s", "reading").values == (40.0, 20.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_load_start_ms": 0}, "model_load_start_ms is 0: it was not taken"),
        ({"first_token_ms": 1400}, "first_token_ms lies before inference_start_ms"),
        ({"generated_tokens": 0}, "generated_tokens is 0"),
        ({"prompt_eval_end_ms": 1500}, "no time passed by its clock"),
    ],
)
def test_a_time_stamp_that_cannot_be_is_a_gap(change: dict[str, int], reason: str) -> None:
    contents = read(texts.observer(**change))
    assert reason in {gap.reason for gap in contents.gaps}
    assert all(value >= 0 for number in contents.numbers for value in number.values)


def test_the_runners_own_scale_counts() -> None:
    assert the(read(texts.observer(SCALING_FACTOR_UNITS_PER_SECOND=1_000_000)), "load_ns", "reading").values == (500e3,)
