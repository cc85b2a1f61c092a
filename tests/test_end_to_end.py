"""The whole path with real parts: the ExecuTorch harness, the shipped models, an Arm build under an emulator, the wheel. Slow, so last."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.harness import build
from farm.harness.toolchain import Target, missing_tools
from farm.items import open_items
from farm.outputs import compare
from farm.quality import graded, reading
from farm.workloads import Answers, HarnessBuild, Readings
from tests.conftest import CALM_TOML, ROOT, in_ci

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = ROOT / "farm" / "examples"
EMULATOR = ["qemu-aarch64-static", "-cpu", "max,sme=off"]  # with SME, qemu 7.2 computes wrong int8 results


@pytest.fixture(scope="module")
def host(builds: Path) -> HarnessBuild:
    return build.ensure(Target.HOST, "executorch", builds, on_progress=lambda _: None)


def started(
    harness: HarnessBuild, model: Path, folder: Path, before: list[str], *options: str
) -> tuple[int, list[dict[str, object]], bytes]:
    """Run a harness by hand; return its exit code, the lines of its result and its output."""
    folder.mkdir()
    artifact = open_artifact(model) if model.stat().st_size > 64 and model.read_bytes()[4:6] == b"ET" else None
    inputs = []
    if artifact is not None and artifact.reference is not None:
        (folder / "input").write_bytes(artifact.reference.inputs[0])
        inputs = ["--input", str(folder / "input")]
    program = [*before, *harness.command]
    job = [
        "--protocol",
        "1",
        "--nonce",
        "n",
        "--model",
        str(model),
        "--result",
        str(folder / "r"),
        "--output",
        str(folder / "o"),
        *inputs,
        *options,
    ]
    done = subprocess.run([*program, *job], cwd=harness.folder, capture_output=True, text=True, check=False, timeout=300)
    lines = [json.loads(line) for line in (folder / "r").read_text().splitlines()] if (folder / "r").exists() else []
    output = (folder / "o").read_bytes() if (folder / "o").exists() else b""
    return done.returncode, lines, output


@pytest.mark.parametrize("name", ["digits_fp32.pte", "digits_int8.pte"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_shipped_models_give_their_reference(host: HarnessBuild, tmp_path: Path, name: str, threads: str) -> None:
    code, lines, output = started(
        host, EXAMPLES / name, tmp_path / "run", [], "--pass", "latency", "--threads", threads, "--iterations", "5"
    )
    assert code == 0
    runtime = lines[0]["runtime"]
    assert isinstance(runtime, dict)
    assert "XnnpackBackend" in runtime["backends"]
    assert runtime["kernels"] > 200
    assert lines[1]["flavour"] == "xnnpack"
    reference = open_artifact(EXAMPLES / name).reference
    assert reference is not None
    checked = compare(reference, output)
    assert checked.passed, checked.why


def answered(harness: HarnessBuild, model: Path, folder: Path, before: list[str]) -> Answers:
    """Run a quality pass by hand and grade it."""
    asked = open_items(EXAMPLES / "digits_test.items")
    output = folder / "items-output"
    options = ("--pass", "quality", "--items", str(asked.path), "--items-output", str(output))
    code, lines, _ = started(harness, model, folder, before, *options)
    assert code == 0
    counts = {str(line["metric"]): line["values"] for line in lines if line["type"] == "series"}
    readings = [Readings(name, tuple(counts[name])) for name in ("items_count", "item_values_count")]  # type: ignore[arg-type]
    return graded(asked, output.read_bytes(), readings)


@pytest.mark.parametrize("name", ["digits_fp32.pte", "digits_int8.pte"])
def test_the_shipped_models_recognise_as_many_digits_as_their_recipes_say(host: HarnessBuild, tmp_path: Path, name: str) -> None:
    recipe = open_artifact(EXAMPLES / name).recipe
    assert recipe is not None
    (accuracy,) = reading(answered(host, EXAMPLES / name, tmp_path / "run", [])).values
    assert accuracy == pytest.approx(recipe["held_out_accuracy"], abs=1e-6)


@pytest.mark.parametrize("length", [100, 1000, 40_000, 80_000, 84_000])
def test_a_truncated_program_is_refused_by_the_harness_too(host: HarnessBuild, tmp_path: Path, length: int) -> None:
    model = tmp_path / "cut.pte"
    model.write_bytes((EXAMPLES / "digits_int8.pte").read_bytes()[:length])
    folder = tmp_path / "run"
    folder.mkdir()
    job = ["--protocol", "1", "--nonce", "n", "--model", str(model), "--result", str(folder / "r"), "--pass", "latency"]
    done = subprocess.run([*host.command, *job], cwd=host.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    last = json.loads((folder / "r").read_text().splitlines()[-1])
    assert last["class"] in ("model_invalid", "model_unreadable")


def test_a_missing_backend_is_named(host: HarnessBuild, tmp_path: Path) -> None:
    model = tmp_path / "model.pte"
    model.write_bytes((EXAMPLES / "digits_int8.pte").read_bytes().replace(b"XnnpackBackend", b"NothingBackend"))
    code, lines, _ = started(host, model, tmp_path / "run", [], "--pass", "latency")
    assert code == 3
    assert lines[-1]["class"] == "backend_missing"
    assert "NothingBackend" in str(lines[-1]["message"])


@pytest.mark.export
# torch and executorch warn of their own deprecations while they export.
@pytest.mark.filterwarnings("default")
def test_a_missing_operator_is_named_once(host: HarnessBuild, tmp_path: Path) -> None:
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    import torch
    from executorch.exir import to_edge_transform_and_lower

    class Twice(torch.nn.Module):
        def forward(self, left: object, right: object) -> object:
            return torch.bmm(torch.bmm(left, right), right)

    square = torch.zeros(1, 2, 2)
    program = to_edge_transform_and_lower(torch.export.export(Twice(), (square, square))).to_executorch().buffer
    model = tmp_path / "model.pte"
    model.write_bytes(bytes(program).replace(b"aten::bmm", b"aten::bmX"))  # an operator that no runtime has
    code, lines, _ = started(host, model, tmp_path / "run", [], "--pass", "latency")
    assert code == 3
    assert lines[-1]["class"] == "operator_missing"
    assert str(lines[-1]["message"]).endswith("the runtime has no operator aten::bmX.out")


def test_the_arm_build_computes_the_same_bits(host: HarnessBuild, builds: Path, tmp_path: Path) -> None:
    missing = [tool.name for tool in missing_tools(Target.ANDROID_ARM64_GLIBC)]
    if missing or shutil.which(EMULATOR[0]) is None:
        assert not in_ci(), f"missing {missing or EMULATOR[0]}"
        pytest.skip("needs Debian's g++-aarch64-linux-gnu and qemu-user-static")
    arm = build.ensure(Target.ANDROID_ARM64_GLIBC, "executorch", builds, on_progress=lambda _: None)
    options = ("--pass", "latency", "--iterations", "2")
    _, _, wanted = started(host, EXAMPLES / "digits_int8.pte", tmp_path / "host", [], *options)
    code, lines, found = started(arm, EXAMPLES / "digits_int8.pte", tmp_path / "arm", EMULATOR, *options)
    assert code == 0
    assert lines[0]["harness"]["target"] == "aarch64-Linux"  # type: ignore[index]
    assert len(found) == 40
    assert found == wanted
    int8 = EXAMPLES / "digits_int8.pte"
    items = answered(arm, int8, tmp_path / "arm-items", EMULATOR)
    assert items == answered(host, int8, tmp_path / "host-items", [])  # the hash of all raw outputs too


def test_a_wheel_made_from_the_sdist_measures_a_model_from_an_empty_folder(tmp_path: Path, builds: Path) -> None:
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(tmp_path / "dist"), str(ROOT)], check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert packed >= {
        "Makefile",
        "harness/.clang-format",
        "tools/system-packages",
        "tools/cpp_tests.py",
        "tests/conftest.py",
        "benchmarks/harness.py",
    }
    home = tmp_path / "home"
    venv.create(home / "venv", with_pip=True)
    python = home / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", f"phonefarm[harness] @ {wheel.as_uri()}"], check=True, capture_output=True, cwd=home
    )
    (home / "data").mkdir()
    (home / "data" / "wheels").symlink_to(builds / "wheels")  # the wheel that a build needs is fetched once for all tests
    (home / "devices.toml").write_text(CALM_TOML)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    where = subprocess.run(
        [python, "-c", "import farm; print(farm.__path__[0])"], check=True, capture_output=True, text=True, cwd=home, env=environment
    ).stdout.strip()
    assert Path(where).is_relative_to(home)
    model = Path(where) / "examples" / "digits_int8.pte"
    options = ["--repeat", "2", "--passes", "latency", "--threads", "1", "--json", "--html", "page.html"]
    command = [str(home / "venv" / "bin" / "farm"), "--data", "data", "run", str(model), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home, env=environment)
    assert done.returncode == 0, done.stderr
    assert "building the executorch harness" in done.stderr
    assert {run["output_check"] for run in json.loads(done.stdout)["sessions"][0]["runs"]} == {"passed"}
    assert (home / "page.html").exists()
