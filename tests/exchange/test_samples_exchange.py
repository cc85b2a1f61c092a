"""Every importer over genuine outputs, where the folder of samples stands beside the repository."""

import pytest

from farm.errors import InputError
from farm.exchange import names, recognise
from farm.exchange.imported import Contents
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "samples"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")

KNOWN = {
    "executorch/benchmark_results.minibench.json": ("executorch-minibench", 2, ("latency_ns", "mean", 9_361_192.7)),
    "executorch/hud_v3.json": ("executorch-hud-v3", 2, ("load_ns", "as_reported", 27_418_698)),
    "executorch/llm_runner.PyTorchObserver.txt": ("executorch-llm-runner", 7, ("generated_tokens_per_s", "reading", 96 / 1.778)),
    "llama-bench/out.json": ("llama-bench", 4, ("prefill_tokens_per_s", "reading", 6863.1)),
    "llama-bench/out.jsonl": ("llama-bench", 4, ("decode_tokens_per_s", "reading", 120.038)),
    "llama-bench/out.csv": ("llama-bench", 8, ("decode_tokens_per_s", "mean", 119.915244)),
    "litert/benchmark_model.android-logcat.txt": ("litert-benchmark-model", 12, ("latency_ns", "p50", 141_253_000)),
    "litert/benchmark_model.stdout-2021.txt": ("litert-benchmark-model", 7, ("latency_ns", "mean", 33_071_800)),
    "litert/benchmark_model.op_profile.txt": ("litert-benchmark-model", 3, ("latency_ns", "mean", 79_760_900)),
    "androidx/macrobenchmark-benchmarkData.json": ("androidx-benchmark", 2, ("time_to_initial_display_ns", "reading", 611_881_572)),
    "mlperf-mobile/extended_result.json": ("mlperf-mobile", 6, ("throughput_per_s", "as_reported", 615.3217579004238)),
    "mlperf-mobile/loadgen_detail.mllog.txt": ("mlperf-loadgen", 3, ("latency_ns", "p90", 41_013_900)),
    "aihub/perf.excerpt.yaml": ("aihub-perf", 4, ("latency_ns", "as_reported", 451_000)),
    "aihub/profile.shape.json": ("aihub-profile", 7, ("latency_ns", "reading", 127_000)),
}


def read(name: str) -> Contents:
    return recognise.read(name, (SAMPLES / name).read_bytes())


@pytest.mark.parametrize("name", KNOWN)
def test_a_genuine_output_is_read(name: str) -> None:
    contents = read(name)
    format_name, count, (metric, statistic, value) = KNOWN[name]
    assert (contents.format, len(contents.numbers)) == (format_name, count)
    found = next(number for number in contents.numbers if (number.metric, number.statistic) == (metric, statistic))
    assert found.values[0] == pytest.approx(value, rel=1e-12)
    assert all(names.unit_of(number.metric) for number in contents.numbers)


def test_the_readings_of_a_macrobenchmark_are_its_ten_starts() -> None:
    assert [len(number.values) for number in read("androidx/macrobenchmark-benchmarkData.json").numbers] == [10, 10]


def test_the_runners_own_lines_for_people_say_the_same() -> None:
    found = {number.metric: number.values[0] for number in read("executorch/llm_runner.PyTorchObserver.txt").numbers}
    assert found["prompt_tokens_per_s"] == pytest.approx(553.571429)
    assert found["generated_tokens_per_s"] == pytest.approx(53.993251)
    assert found["load_ns"] == 0.887e9


def test_a_fallback_to_the_cpu_is_kept_with_the_number() -> None:
    (language,) = (number for number in read("mlperf-mobile/extended_result.json").numbers if number.label == "natural_language_processing")
    assert (language.labels["accelerator_asked"], language.labels["accelerator"]) == ("GPU (FP16)", "CPU")
    assert language.device is not None
    assert "iPad8,10" in language.device


def test_every_other_file_of_the_samples_is_refused_in_one_sentence() -> None:
    others = [path for path in SAMPLES.rglob("*") if path.is_file() and str(path.relative_to(SAMPLES)) not in KNOWN]
    for path in others:
        with pytest.raises(InputError) as refused:
            recognise.read(path.name, path.read_bytes())
        assert refused.value.message.startswith(path.name)
        assert "\n" not in refused.value.message
