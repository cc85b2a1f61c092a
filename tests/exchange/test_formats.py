"""What each format says, in farm's base units; what it does not say stays away."""

import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from farm.errors import InputError
from farm.exchange import names, recognise
from farm.exchange.imported import Contents, Number
from farm.metrics import METRICS
from tests.exchange import texts


def read(text: str) -> Contents:
    return recognise.read("a-file", text.encode())


def by_metric(contents: Contents) -> dict[tuple[str, str], tuple[float, ...]]:
    found = {(number.metric, number.statistic): number.values for number in contents.numbers}
    assert len(found) == len(contents.numbers), "two numbers of one name"
    return found


def the(contents: Contents, metric: str, statistic: str) -> Number:
    (found,) = (number for number in contents.numbers if (number.metric, number.statistic) == (metric, statistic))
    return found


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


def test_llama_bench_has_every_repetition() -> None:
    contents = read(texts.LLAMA_JSON)
    prompt = the(contents, "prefill_tokens_per_s", "reading")
    assert (prompt.values, prompt.readings, prompt.label, prompt.device) == ((2000.0, 1428.57), 1, "tiny.gguf pp100", "A CPU")
    assert prompt.measured_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert the(contents, "decode_tokens_per_s", "reading").label == "tiny.gguf tg100"
    assert prompt.labels["n_threads"] == "4"


def test_llama_bench_lines_are_tests_of_their_own() -> None:
    assert [number.label for number in read(texts.LLAMA_JSONL).numbers][::2] == ["tiny.gguf tg100", "tiny.gguf tg100 @ d512"]


def test_llama_bench_csv_does_not_say_how_often() -> None:
    found = read(texts.LLAMA_CSV)
    assert the(found, "prefill_tokens_per_s", "mean").values == (1714.29,)
    assert the(found, "prefill_ns", "standard_deviation").values == (14_142_135,)
    assert {number.readings for number in found.numbers} == {None}


def test_a_prompt_and_a_generation_together_are_neither() -> None:
    both = read(json.dumps([texts.llama_test(n_prompt=60, n_gen=40)]))
    assert {number.metric for number in both.numbers} == {"prefill_decode_ns", "prefill_decode_tokens_per_s"}


@pytest.mark.parametrize(
    "change",
    [
        {"n_prompt": 200},
        {"samples_ts": [2000.0, 1500.0]},
        {"samples_ns": [50_000_000]},
        {"avg_ts": 99.0},
        {"n_prompt": 0},
        {"n_prompt": -1},
    ],
)
def test_a_rate_that_is_not_that_of_its_time_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="a-file looks like llama-bench JSON, but"):
        read(json.dumps([texts.llama_test(**change)]))


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


def test_ai_hub_times_are_microseconds_and_a_stage_that_was_not_is_a_gap() -> None:
    contents = read(texts.AIHUB)
    assert by_metric(contents) == {
        ("latency_ns", "reading"): (127e3, 130e3, 1000e3),
        ("latency_ns", "as_reported"): (127e3,),
        ("first_load_ns", "as_reported"): (300e6,),
        ("inference_peak_bytes", "as_reported"): (14e6,),
        ("inference_growth_bytes", "minimum"): (0.0,),
        ("inference_growth_bytes", "maximum"): (4096.0,),
    }
    assert {gap.source_metric for gap in contents.gaps} == {"warm_load_time", "compile_time"}
    assert the(contents, "latency_ns", "as_reported").labels == {"layers_npu": "2", "layers_cpu": "1"}
    assert the(contents, "latency_ns", "as_reported").device is None


def test_a_plain_table_keeps_its_order_and_positions() -> None:
    contents = read(texts.PLAIN)
    a, b = contents.numbers
    assert (a.label, a.metric, a.values, a.position, a.positions) == (
        "a",
        "latency_ns",
        (1.5e6, 2.5e6),
        "time",
        ("2026-01-01", "2026-01-02"),
    )
    assert b.values == (7e6,)
    assert contents.gaps[0].reason == "time 2026-01-03 has no value"


def test_a_value_without_a_unit_has_none() -> None:
    (number,) = read("run,value\n1,5\n2,6\n").numbers
    assert (number.metric, number.values, number.positions) == ("value", (5.0, 6.0), ("1", "2"))
    assert names.unit_of(number.metric) is None


def test_metrics_and_units_of_rows_keep_series_apart() -> None:
    table = (
        "run,metric,unit,value\n1,latency,ms,5\n1,vm_hwm_bytes,bytes,7\n2,latency,ms,6\n2,latency_ns,,8\n1,score,,0.5\n1,rate,tokens/s,3\n"
    )
    found = {number.source_metric: (number.label, number.metric, number.values) for number in read(table).numbers}
    assert found == {
        "latency": ("series", "latency_ns", (5e6, 6e6)),
        "latency_ns": ("series", "latency_ns", (8.0,)),
        "vm_hwm_bytes": ("series", "vm_hwm_bytes", (7.0,)),
        "rate": ("series", "rate_tokens_per_s", (3.0,)),
        "score": ("score", "value", (0.5,)),
    }


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("run,metric,unit,value\n1,latency_ns,ms,5\n", "says the unit ms in row 1 for latency_ns, which names its own"),
        ("run,metric,unit,value\n1,size,MB,5\n", "has the unit MB in row 1, which farm does not know"),
        ("run,unit,latency_ms\n1,s,5\n", "names its metric in the column latency_ms"),
    ],
)
def test_units_that_contradict_or_are_not_known_are_refused(table: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(table)


def test_parquet_says_what_csv_says() -> None:
    data = io.BytesIO()
    pl.DataFrame({"run": [1, 2], "size_mib": [1.0, None]}).write_parquet(data)
    contents = recognise.read("a-file", data.getvalue())
    assert by_metric(contents) == {("size_bytes", "as_reported"): (2.0**20,)}
    assert len(contents.gaps) == 1


@pytest.mark.parametrize("name", texts.ALL)
def test_every_name_ends_in_its_unit_and_is_explained(name: str) -> None:
    contents = read(texts.ALL[name])
    for number in contents.numbers:
        assert names.unit_of(number.metric) is not None
        derived = contents.format in ("androidx-benchmark", "plain-csv")
        assert derived or number.metric in METRICS or number.metric in names.MEANINGS, number.metric


def test_no_imported_name_is_one_of_farms_own() -> None:
    assert not names.MEANINGS.keys() & METRICS.keys()
    assert all(names.unit_of(name) for name in names.MEANINGS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("timeToInitialDisplayMs", ("time_to_initial_display_ns", 1e6)),
        ("latency_ms", ("latency_ns", 1e6)),
        ("energyComponentCpuUws", ("energy_component_cpu_uj", 1.0)),
        ("decode_tokens_per_s", ("decode_tokens_per_s", 1.0)),
        ("battery_percent", ("battery_ratio", 0.01)),
        ("size_mb", None),
        ("size_kb", None),
        ("ms", None),
        ("value", None),
        ("frames_per_s", ("frames_per_s", 1.0)),
        ("tokens_per_ms", None),
        ("memory bandwidth GB/s", None),
        ("bandwidth_bytes/s", None),
    ],
)
def test_a_name_with_its_unit_last_comes_to_a_base_unit(name: str, expected: tuple[str, float] | None) -> None:
    assert names.based(name) == expected


def test_a_perf_yaml_has_its_devices_runtimes_and_what_did_not_pass() -> None:
    contents = read(texts.PERF_YAML)
    assert contents.format == "aihub-perf"
    assert by_metric(contents) == {
        ("latency_ns", "as_reported"): (500_000,),
        ("inference_peak_bytes", "maximum"): (3 * 2**20,),
        ("response_tokens_per_s", "as_reported"): (20.5,),
        ("prompt_ttft_ns", "minimum"): (100_000_000,),
        ("prompt_ttft_ns", "maximum"): (3_200_000_000,),
    }
    latency = the(contents, "latency_ns", "as_reported")
    assert (latency.label, latency.device) == ("Net w8a8", "A phone")
    assert latency.labels == {
        "precision": "w8a8", "runtime": "tflite", "job_id": "j1", "primary_compute_unit": "NPU",
        "layers_total": "7", "layers_npu": "7", "tflite": "2.17.0",
    }  # fmt: skip
    assert the(contents, "response_tokens_per_s", "as_reported").labels["context_length"] == "4096"
    assert [(gap.source_metric, gap.reason) for gap in contents.gaps] == [
        ("estimated_peak_memory_range_mb.min", "0 on tflite: less than half a MiB, or nothing"),
        ("inference_time_milliseconds", "the job on onnx: Failed"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("job_id: j1", "job_id: j1\n              job_id: j3", 'says "job_id" twice in one mapping'),
        ("0.5", "-0.5", "says -0.5 for inference_time_milliseconds"),
        ("max: 3\n", "max: -3\n", "has no range for estimated_peak_memory_range_mb"),
        ("0.5", "fast", "has no number for inference_time_milliseconds"),
        ("0.5", ".nan", "has no finite number for inference_time_milliseconds"),
        ("tflite:\n              job_id: j1", "tflite: [\n              job_id: j1", "is not whole YAML"),
        ("          A phone:\n            tflite:", "          A phone: 3\n          B:\n            tflite:", "A phone"),
    ],
)
def test_a_broken_perf_yaml_is_refused_with_what_is_wrong(old: str, new: str, said: str) -> None:
    broken = texts.PERF_YAML.replace(old, new, 1)
    assert broken != texts.PERF_YAML
    with pytest.raises(InputError, match=r"a-file looks like AI Hub Models perf\.yaml, but ") as refused:
        read(broken)
    assert said in refused.value.message
