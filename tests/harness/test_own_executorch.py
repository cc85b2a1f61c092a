"""The CMake branch for an ExecuTorch of one's own, as an NDK build has it: a package under the names of ExecuTorch's build tree.

The libraries behind the names are the wheel's, since no NDK can be had here: what is tested is which names are asked for, and that a
program linked so has its backends and kernels.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.devices.local import LocalTransport
from farm.harness import build, own, toolchain
from farm.runner import Attempt, execute
from farm.workloads import Outcome
from tests.conftest import NOW, ROOT, a_job

NAMES = {
    "executorch": "executorch",
    "extension_data_loader": "executorch",
    "extension_tensor": "executorch",
    "extension_threadpool": "executorch_threadpool",
    "optimized_native_cpu_ops_lib": "executorch_kernels_optimized",
    "quantized_ops_lib": "executorch_kernels_quantized",
    "xnnpack_backend": "executorch_backend_xnnpack",
}


def a_package(folder: Path, builds: Path, left_out: Sequence[str] = ()) -> Path:
    build.ensure(build.Target.HOST, "executorch", builds, on_progress=lambda _: None)  # unpacks the wheel
    (root,) = builds.glob("wheels/executorch-*-x86_64-*/executorch")
    lines = [
        f'add_library({name} SHARED IMPORTED)\nset_target_properties({name} PROPERTIES IMPORTED_LOCATION "{root}/lib/lib{library}.so"\n'
        f'  INTERFACE_INCLUDE_DIRECTORIES "{root}/include;{root}/include/executorch/runtime/core/portable_type/c10"\n'
        "  INTERFACE_COMPILE_DEFINITIONS C10_USING_CUSTOM_GENERATED_MACROS)"
        for name, library in NAMES.items()
        if name not in left_out
    ]
    folder.mkdir()
    (folder / "executorch-config.cmake").write_text("\n".join(lines))
    return folder


def configured(package: Path, tree: Path) -> subprocess.CompletedProcess[str]:
    tools = toolchain.find(build.Target.HOST)
    options = ["-DFARM_RUNTIME=executorch", f"-Dexecutorch_DIR={package}", "-DFARM_EXECUTORCH_VERSION=1.5.1", "-DCMAKE_BUILD_TYPE=Release"]
    command = [tools.cmake, "-S", str(ROOT / "harness"), "-B", str(tree), "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_build_of_executorch_without_a_part_is_refused_with_what_to_switch_on(tmp_path: Path, builds: Path) -> None:
    done = configured(a_package(tmp_path / "package", builds, left_out=["xnnpack_backend"]), tmp_path / "tree")
    assert done.returncode != 0
    assert "has no xnnpack_backend" in done.stderr.replace("\n", "")
    assert "EXECUTORCH_BUILD_XNNPACK=ON" in done.stderr


@pytest.mark.slow(40)
def test_a_harness_is_built_against_an_executorch_of_ones_own_and_measures(tmp_path: Path, builds: Path) -> None:
    tree = tmp_path / "tree"
    done = configured(a_package(tmp_path / "package", builds), tree)
    assert done.returncode == 0, done.stderr
    cmake = toolchain.find(build.Target.HOST).cmake
    made = subprocess.run([cmake, "--build", str(tree), "--target", "farm-harness"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    job = a_job(open_artifact(ROOT / "farm" / "examples" / "digits_int8.pte"))
    run = execute(job, transport, Attempt("a-session", 1, own.given(tree / "farm-harness", "x86_64"), lambda: NOW, lambda _: None))
    assert run.outcome is Outcome.OK, run.reason
    assert run.output_check == "passed"
