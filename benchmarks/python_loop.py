"""A model in ExecuTorch's own Python runtime, one thread: `python_loop.py MODEL INPUT ITERATIONS` prints the p50 in ns."""

import statistics
import sys
import time
from pathlib import Path

import torch
from executorch.extension.pybindings import portable_lib
from executorch.runtime import Runtime


def main() -> None:
    """Warm up, then time each call by itself."""
    model, given, iterations = sys.argv[1:]
    portable_lib._unsafe_reset_threadpool(1)
    method = Runtime.get().load_program(Path(model)).load_method("forward")
    assert method is not None
    image = torch.frombuffer(bytearray(Path(given).read_bytes()), dtype=torch.float32).reshape(1, 1, 8, 8)
    times_ns = []
    for _ in range(int(iterations)):
        start_ns = time.perf_counter_ns()
        method.execute([image])
        times_ns.append(time.perf_counter_ns() - start_ns)
    print(statistics.median(times_ns[len(times_ns) // 40 :]))


if __name__ == "__main__":
    main()
