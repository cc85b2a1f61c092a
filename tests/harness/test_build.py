import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from farm.errors import HarnessUnavailable, PackageUnavailable
from farm.harness import build, wheel
from farm.workloads import HarnessBuild

CMAKE = """
cmake_minimum_required(VERSION 3.24)
project(tiny CXX)
add_executable(farm-harness src/main.cpp)
"""


def quiet(_: str) -> None:
    pass


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Sources that compile in a moment."""
    root = tmp_path / "sources"
    (root / "src").mkdir(parents=True)
    (root / "CMakeLists.txt").write_text(CMAKE)
    (root / "src" / "main.cpp").write_text("int main() { return 0; }\n")
    return root


def test_the_same_sources_are_built_once_and_changed_ones_anew(tiny: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=said.append)
    again = build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=said.append)
    assert first == again
    assert len(said) == 1
    (tiny / "src" / "main.cpp").write_text("int main() { return 1; }\n")
    other = build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=said.append)
    assert other.source_hash != first.source_hash
    assert {one.source_hash for one in build.built(tmp_path)} == {first.source_hash, other.source_hash}


def test_a_build_that_fails_names_its_log_and_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    (tiny / "src" / "main.cpp").write_text("this is not C++\n")
    with pytest.raises(HarnessUnavailable, match="could not be built for host") as caught:
        build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet)
    assert caught.value.hint is not None
    log = Path(caught.value.hint.removeprefix("the compiler's words are in "))
    assert "main.cpp" in log.read_text()
    assert build.built(tmp_path) == []


def test_two_builds_at_once_end_with_one_good_build(tiny: Path, tmp_path: Path) -> None:
    found: list[HarnessBuild] = []

    def one() -> None:
        found.append(build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert (found[0].folder / "farm-harness").exists()
    assert not list((tmp_path / "harness").glob("building-*"))


def test_what_is_built_is_used_where_a_tool_is_missing(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet)
    monkeypatch.setenv("PATH", str(tmp_path))  # no compiler, no readelf
    assert build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet) == built
    with pytest.raises(HarnessUnavailable, match="cannot be built for host"):  # another runtime is another build
        build.ensure(build.Target.HOST, "executorch", tmp_path, sources=tiny, on_progress=quiet)
    (tiny / "src" / "main.cpp").write_text("int main() { return 1; }\n")
    with pytest.raises(HarnessUnavailable, match=r"g\+\+ and readelf are missing") as caught:
        build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet)
    assert caught.value.hint == "on Debian: apt-get install g++ binutils"


def test_what_is_raised_while_the_compiler_works_ends_it(tiny: Path, tmp_path: Path) -> None:
    (tiny / "CMakeLists.txt").write_text("project(tiny NONE)\nexecute_process(COMMAND sleep 987)\n")

    def interrupt() -> None:
        raise KeyboardInterrupt

    started_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet, on_wait=interrupt)
    assert time.monotonic() - started_s < 10
    assert not processes_in(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_build_leaves_no_compiler_behind(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "farm", "--data", str(tmp_path), "harness", "build", "--runtime", "fake"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        deadline_s = time.monotonic() + 60
        while not any("cc1plus" in one for one in processes_in(tmp_path)):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        child.send_signal(number)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert said.splitlines()[-1] == "farm: interrupted"
    deadline_s = time.monotonic() + 5
    while processes_in(tmp_path):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def processes_in(folder: Path) -> list[str]:
    """Return the commands of all processes that work in a folder, or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def test_an_unknown_runtime_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessUnavailable, match='no harness for the runtime "tensorflow"'):
        build.ensure(build.Target.HOST, "tensorflow", tmp_path, on_progress=quiet)


def a_wheel(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def test_only_the_cpp_part_of_a_wheel_is_unpacked(tmp_path: Path) -> None:
    file = a_wheel(tmp_path / "a.whl", ["executorch/include/a.h", "executorch/lib/b.so", "executorch/exir/c.py"])
    wheel.unpack(file, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == ["a.h", "b.so"]


def test_a_wheel_whose_names_lead_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    file = a_wheel(tmp_path / "a.whl", ["executorch/include/../../../evil"])
    with pytest.raises(HarnessUnavailable, match="leads out of its folder"):
        wheel.unpack(file, tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_a_given_wheel_with_other_bytes_is_refused_with_both_hashes(tmp_path: Path) -> None:
    file = a_wheel(tmp_path / "executorch.whl", ["executorch/include/a.h"])
    with pytest.raises(PackageUnavailable, match=f"farm takes executorch 1.5.1 with {wheel.WHEELS['x86_64'].sha256}"):
        wheel.unpacked("x86_64", tmp_path, file, quiet)


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackageUnavailable, match=r"no\.whl cannot be read"):
        wheel.unpacked("x86_64", tmp_path, tmp_path / "no.whl", quiet)


def test_a_moved_build_is_still_found_where_it_lies(tiny: Path, tmp_path: Path) -> None:
    build.ensure(build.Target.HOST, "fake", tmp_path / "here", sources=tiny, on_progress=quiet)
    shutil.move(tmp_path / "here", tmp_path / "there")
    (moved,) = build.built(tmp_path / "there")
    assert (moved.folder / moved.command[0]).exists()


def test_a_build_whose_facts_are_cut_off_is_none(tiny: Path, tmp_path: Path) -> None:
    made = build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet)
    (made.folder / "build.json").write_text('{"target": ')
    assert build.built(tmp_path) == []
    with pytest.raises(HarnessUnavailable, match="no whole build") as refused:
        build.ensure(build.Target.HOST, "fake", tmp_path, sources=tiny, on_progress=quiet)
    assert refused.value.hint == "remove it; farm builds it again"
