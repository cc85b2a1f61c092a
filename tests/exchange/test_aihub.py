"""AI Hub: profiles of jobs, and the tables of its models."""

import pytest

from farm.errors import InputError
from tests.exchange import by_metric, read, texts, the


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
