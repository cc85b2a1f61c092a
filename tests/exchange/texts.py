"""Texts in the form of other tools' outputs, written for these tests: the numbers are made up."""

import json
from typing import Any


def hud_record(name: str, values: object, **changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "benchmark": {"name": "ExecuTorch", "mode": "inference", "extra_info": {"app_type": "ANDROID_APP", "job_arn": "arn:one"}},
        "model": {"name": "resnet", "type": "OSS model", "backend": "xnnpack_q8"},
        "metric": {"name": name, "benchmark_values": values, "target_value": 0.0, "extra_info": {"method": ""}},
        "runners": [{"name": "A phone", "type": "Android 15", "avail_mem_in_gb": 0, "total_mem_in_gb": 0}],
    }
    return record | changes


def minibench_record(name: str, value: object, model: str = "resnet_xnnpack") -> dict[str, Any]:
    return {
        "actualValue": value,
        "benchmarkModel": {"backend": "", "name": model, "quantization": ""},
        "deviceInfo": {"arch": "SM-X1", "availMem": 0, "device": "samsung", "os": "Android 15", "totalMem": 0},
        "metric": name,
        "targetValue": 0.0,
    }


HUD = json.dumps([hud_record("avg_inference_latency(ms)", [12.5]), hud_record("load_status", [0.0]), hud_record("FAILURE_REPORT", [0])])
MINIBENCH = json.dumps([minibench_record("avg_inference_latency(ms)", 12.5), minibench_record("load_status", 0.0)])

OBSERVED = {
    "prompt_tokens": 10,
    "generated_tokens": 40,
    "model_load_start_ms": 1000,
    "model_load_end_ms": 1500,
    "inference_start_ms": 1500,
    "inference_end_ms": 2600,
    "prompt_eval_end_ms": 1600,
    "first_token_ms": 1600,
    "aggregate_sampling_time_ms": 7,
    "SCALING_FACTOR_UNITS_PER_SECOND": 1000,
}


def observer(**changes: object) -> str:
    line = f"PyTorchObserver {json.dumps(OBSERVED | changes, separators=(',', ':'))}\n"
    return f"I 00:00:01.0 executorch:runner.cpp:1] loading\n{line}I 00:00:02.0 executorch:runner.cpp:2] \tPrompt Tokens: 10\n"


def llama_test(**changes: object) -> dict[str, Any]:
    test: dict[str, Any] = {
        "build_commit": "0123abcd",
        "cpu_info": "A CPU",
        "gpu_info": "",
        "backends": "CPU",
        "model_filename": "models/tiny.gguf",
        "model_type": "tiny Q4_0",
        "n_threads": 4,
        "n_prompt": 100,
        "n_gen": 0,
        "n_depth": 0,
        "test_time": "2026-01-02T03:04:05Z",
        "avg_ns": 60_000_000,
        "stddev_ns": 14_142_135,
        "avg_ts": 1750.0,
        "stddev_ts": 353.55,
        "samples_ns": [50_000_000, 70_000_000],
        "samples_ts": [2000.0, 1428.57],
    }
    test["avg_ts"] = 1714.29
    return test | changes


LLAMA_JSON = json.dumps([llama_test(), llama_test(n_prompt=0, n_gen=100)], indent=2)
LLAMA_JSONL = "".join(f"{json.dumps(llama_test(n_prompt=0, n_gen=100, n_depth=depth))}\n" for depth in (0, 512))
_CSV = {name: value for name, value in llama_test().items() if not name.startswith("samples")}
LLAMA_CSV = "".join(f"{line}\n" for line in (",".join(_CSV), ",".join(f'"{value}"' for value in _CSV.values())))

LITERT = """STARTING!
Log parameter values verbosely: [0]
Num threads: [2]
Graph: [/data/local/tmp/some.tflite]
Loaded model /data/local/tmp/some.tflite
Replacing 10 out of 12 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 3 partitions for subgraph 0.
The input model file size (MB): 3.5
Initialized session in 4.5ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=5 first=9001 curr=8000 min=7900 max=9001 avg=8300 std=400 p5=7900 median=8100 p95=9001
Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=7000 curr=7100 min=6800 max=7500 avg=7050.25 std=120 p5=6810 median=7040 p95=7400
Inference timings in us: Init: 4500, First inference: 9001, Warmup (avg): 8300, Inference (avg): 7050.25
Memory footprint delta from the start of the tool (MB): init=2.5 overall=4
Overall peak memory footprint (MB) via periodic monitoring: 16.5
"""
LITERT_LOGCAT = "".join(f"07-14 13:14:52.097  2838  2838 I tflite  : {line}\n" for line in LITERT.splitlines() if "STARTING" not in line)
LITERT_OLD = (
    "Initialized session in 4.452ms\ncount=1 curr=5\nAverage inference timings in us: Warmup: 91471, Init: 4108, Inference: 80660.1\n"
)

ANDROIDX = json.dumps(
    {
        "context": {"build": {"brand": "maker", "device": "code", "fingerprint": "a/b/c:15/X/1", "model": "Phone 1"}, "cpuLocked": True},
        "benchmarks": [
            {
                "name": "infer",
                "className": "org.example.InferBenchmark",
                "metrics": {
                    "timeNs": {"minimum": 90.0, "maximum": 110.0, "median": 100.0, "runs": [110.0, 90.0, 100.0]},
                    "allocationCount": {"minimum": 2.0, "maximum": 2.0, "median": 2.0},
                    "memoryRssAnonMaxKb": {"minimum": 8.0, "maximum": 8.0, "median": 8.0, "runs": [8.0]},
                    "oddity": {"minimum": 1.0, "maximum": 1.0, "median": 1.0, "runs": [1.0]},
                },
                "sampledMetrics": {"frameOverrunMs": {"P50": -2.0, "P90": 3.0, "runs": [[-2.0, 3.0], [-2.0]]}},
                "warmupIterations": 3,
                "repeatIterations": 3,
            }
        ],
    },
    indent=1,
)


def mllog(key: str, value: object, pid: int = 7) -> str:
    return f":::MLLOG {json.dumps({'key': key, 'value': value, 'time_ms': 1.5, 'metadata': {'is_error': False, 'pid': pid}})}\n"


LOADGEN = "".join(
    (
        mllog("effective_scenario", "SingleStream"),
        mllog("result_validity", "VALID"),
        mllog("result_mean_latency_ns", 31_000_000),
        mllog("result_90.00_percentile_latency_ns", 41_000_000),
        mllog("result_99.90_percentile_latency_ns", 51_000_000),
        mllog("result_query_count", 8),
    )
)
MOBILE = json.dumps(
    {
        "meta": {"uuid": "u"},
        "results": [
            {
                "benchmark_id": "image_classification",
                "loadgen_scenario": "SingleStream",
                "backend_settings": {"accelerator_desc": "GPU", "framework": "TFLite", "model_path": "https://h/m.tflite", "batch_size": 0},
                "backend_info": {"backend_name": "TFLite", "accelerator_name": "CPU"},
                "performance_run": {
                    "throughput": {"value": 615.5},
                    "accuracy": None,
                    "measured_samples": 300,
                    "start_datetime": "2026-04-07T11:54:12.5",
                    "loadgen_info": {"validity": False, "duration": 59.9},
                },
                "accuracy_run": {"throughput": None, "accuracy": {"normalized": 0.75, "formatted": "75%"}},
            }
        ],
        "environment_info": {
            "platform": "android",
            "value": {"android": {"os_version": "15", "manufacturer": "maker", "model_name": "Phone", "model_code": "P1"}, "ios": None},
        },
        "build_info": {"version": "4.0"},
    }
)
AIHUB = json.dumps(
    {
        "execution_summary": {
            "estimated_inference_time": 127,
            "estimated_inference_peak_memory": 14_000_000,
            "first_load_time": 300_000,
            "warm_load_time": None,
            "compile_time": 0,
            "inference_memory_increase_range": [0, 4096],
            "all_inference_times": [127, 130, 1000],
        },
        "execution_detail": [
            {"name": "a", "compute_unit": "NPU"},
            {"name": "b", "compute_unit": "NPU"},
            {"name": "c", "compute_unit": "CPU"},
        ],
    }
)
PLAIN = "time,series,latency_ms\n2026-01-01,a,1.5\n2026-01-02,a,2.5\n2026-01-02,b,7\n2026-01-03,b,\n"
METRICS = "run,metric,unit,value\n1,latency,ms,5\n1,vm_hwm_bytes,bytes,7\n2,latency,ms,6\n2,rate,tokens/s,3\n"

PERF_YAML = """# made up
precisions:
  w8a8:
    components:
      Net:
        performance_metrics:
          A phone:
            tflite:
              job_id: j1
              job_status: Passed
              inference_time_milliseconds: 0.5
              estimated_peak_memory_range_mb:
                min: 0
                max: 3
              primary_compute_unit: NPU
              layer_counts:
                total: 7
                npu: 7
              tool_versions:
                tflite: 2.17.0
            onnx:
              job_id: j2
              job_status: Failed
          Another phone:
            genie:
              llm_metrics:
              - context_length: 4096
                tokens_per_second: 20.5
                time_to_first_token_range_milliseconds:
                  min: 100
                  max: 3200.0
"""

ALL = {
    "HUD v3": HUD,
    "MiniBench": MINIBENCH,
    "LLM runner": observer(),
    "llama-bench JSON": LLAMA_JSON,
    "llama-bench JSON lines": LLAMA_JSONL,
    "llama-bench CSV": LLAMA_CSV,
    "LiteRT": LITERT,
    "LiteRT, logcat": LITERT_LOGCAT,
    "LiteRT, old": LITERT_OLD,
    "AndroidX": ANDROIDX,
    "load generator": LOADGEN,
    "MLPerf Mobile": MOBILE,
    "AI Hub": AIHUB,
    "AI Hub Models": PERF_YAML,
    "plain CSV": PLAIN,
    "plain CSV with metrics": METRICS,
}
