"""Building the harness for a target, once for each state of its sources."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from farm.errors import HarnessUnavailable
from farm.harness import bundle, toolchain, wheel
from farm.harness.toolchain import Target, Tools, missing_tools, remedy
from farm.sources import source_root
from farm.workloads import DeviceKind, HarnessBuild

__all__ = ["Target", "built", "ensure", "missing_tools", "remedy"]

FACTS = "build.json"
SOURCES = ("CMakeLists.txt", "cmake", "src")
_RUNTIME_VERSIONS = {"executorch": wheel.VERSION, "fake": "1"}
_TIMEOUT_S = 1800
_LOOK_UP_S = 0.2


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be built, and under which hash."""

    target: Target
    runtime: str
    sources: Path
    tools: Tools
    wheel_root: Path | None
    source_hash: str


def ensure(
    target: Target,
    runtime: str,
    data: Path,
    *,
    wheel_file: Path | None = None,
    sources: Path | None = None,
    on_progress: Callable[[str], None],
    on_wait: Callable[[], None] = lambda: None,
) -> HarnessBuild:
    """Return the harness of these very sources for a target and runtime, built when it is not there yet.

    wheel_file is an ExecuTorch wheel to use instead of downloading it; sources another folder than farm's own harness/. on_wait
    is called several times a second while the compiler works: what it raises ends the build. Where a tool is missing, an earlier
    build of these sources will do. Raises HarnessUnavailable with a sentence that says what is missing or where the compiler's words are.
    """
    if runtime not in _RUNTIME_VERSIONS:
        raise HarnessUnavailable(f'there is no harness for the runtime "{runtime}"', hint=f"runtimes are {', '.join(_RUNTIME_VERSIONS)}")
    root = sources or source_root("harness")
    parts = [target, runtime, wheel.pinned(toolchain.architecture(target), wheel_file).sha256 if runtime == "executorch" else ""]
    try:
        tools = toolchain.find(target)
    except HarnessUnavailable:
        earlier = _built_before(data / "harness", root, parts, toolchain.compiler_version(target))
        if earlier is None:
            raise
        return earlier
    source_hash = hash_of(root, [*parts, tools.compiler_version])
    folder = data / "harness" / f"{target}-{runtime}-{source_hash[:12]}"
    if not (folder / FACTS).exists():
        wheel_root = wheel.unpacked(toolchain.architecture(target), data, wheel_file, on_progress) if runtime == "executorch" else None
        on_progress(f"building the {runtime} harness for {target} (once, under a minute)")
        _build(_Plan(target, runtime, root, tools, wheel_root, source_hash), folder, data / "harness", on_wait)
    return _read(folder)


def _built_before(parent: Path, root: Path, parts: list[str], compiler_version: str | None) -> HarnessBuild | None:
    """Return the newest build of these very sources, whichever compiler made it; the one that is here comes first."""
    found = []
    for path in parent.glob(f"*/{FACTS}"):
        facts = _facts(path.parent)
        if facts.get("source_hash") == hash_of(root, [*parts, facts.get("compiler", "")]):
            found.append((facts["compiler"] == compiler_version, path.stat().st_mtime_ns, path.parent))
    return _read(max(found)[2]) if found else None


def target_for(kind: DeviceKind, machine: str) -> Target:
    """Return the target whose harness runs on a device that `uname -m` calls machine. Raises HarnessUnavailable when there is none."""
    if kind is DeviceKind.LOCAL or machine == toolchain.architecture(Target.HOST):
        return Target.HOST
    if machine == toolchain.architecture(Target.ANDROID_ARM64_GLIBC):
        return Target.ANDROID_ARM64_GLIBC
    raise HarnessUnavailable(f"there is no harness for {machine or 'an unknown machine'}", hint="farm measures on aarch64 and x86_64")


def built(data: Path) -> list[HarnessBuild]:
    """Return the harnesses that lie whole in a data folder."""
    folders = [path.parent for path in sorted((data / "harness").glob(f"*/{FACTS}"))]
    return [_read(folder) for folder in folders if _facts(folder)]


def hash_of(root: Path, parts: list[str], sources: Sequence[str] = SOURCES) -> str:
    """Return the hash of all that goes into a build: sources by path and bytes, and what they are built with and for."""
    digest = hashlib.sha256(json.dumps(parts).encode())
    files = [
        file
        for name in sources
        for file in ([root / name] if (root / name).is_file() else sorted((root / name).rglob("*")))
        if file.is_file()
    ]
    for file in files:
        digest.update(str(file.relative_to(root)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _build(plan: _Plan, folder: Path, parent: Path, on_wait: Callable[[], None]) -> None:
    """Build in a scratch folder, and rename the finished bundle to its place: a half-built one is never there."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="building-", ignore_cleanup_errors=True) as scratch:
        tree, made = Path(scratch) / "tree", Path(scratch) / "made"
        _compile(plan, tree, parent / f"{folder.name}.log", on_wait)
        libraries = None if plan.wheel_root is None else plan.wheel_root / "lib"
        command = bundle.collect(tree / "farm-harness", libraries, plan.target, plan.tools, made)
        facts = {
            "target": plan.target,
            "runtime": plan.runtime,
            "runtime_version": _RUNTIME_VERSIONS[plan.runtime],
            "source_hash": plan.source_hash,
            "command": command,
            "compiler": plan.tools.compiler_version,
            "files": {
                str(file.relative_to(made)): hashlib.sha256(file.read_bytes()).hexdigest()
                for file in sorted(made.rglob("*"))
                if file.is_file()
            },
        }
        (made / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        wheel.move_into_place(made, folder)


def _compile(plan: _Plan, tree: Path, log: Path, on_wait: Callable[[], None]) -> None:
    configure = [
        plan.tools.cmake,
        "-S",
        str(plan.sources.resolve()),
        "-B",
        str(tree.resolve()),
        "-G",
        "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={plan.tools.ninja}",
    ]
    configure += ["-DCMAKE_BUILD_TYPE=Release", f"-DFARM_RUNTIME={plan.runtime}", f"-DFARM_SOURCE_HASH={plan.source_hash}"]
    if plan.wheel_root is not None:
        configure += [f"-DFARM_EXECUTORCH_ROOT={plan.wheel_root.resolve()}", f"-DFARM_EXECUTORCH_VERSION={wheel.VERSION}"]
    if plan.target is Target.ANDROID_ARM64_GLIBC:
        configure.append(f"-DCMAKE_TOOLCHAIN_FILE={plan.sources.resolve() / 'cmake' / 'aarch64-linux-gnu.cmake'}")
    else:
        configure.append(f"-DCMAKE_CXX_COMPILER={plan.tools.compiler}")
    words = tree.with_name("words")  # of this build's own: another process may build the same
    with words.open("w", encoding="utf-8") as output:
        for command in (configure, [plan.tools.cmake, "--build", str(tree.resolve()), "--target", "farm-harness"]):
            if ended(command, output, tree.parent, on_wait) != 0:
                shutil.copyfile(words, log)
                raise HarnessUnavailable(
                    f"the {plan.runtime} harness could not be built for {plan.target}", hint=f"the compiler's words are in {log}"
                )


def ended(command: list[str], output: IO[str], folder: Path, on_wait: Callable[[], None]) -> int:
    """Run a command and return its exit code. What it started is ended with it when this is left by an error or an interrupt."""
    give_up_s = time.monotonic() + _TIMEOUT_S
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True
    )
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_UP_S)
            on_wait()
            if time.monotonic() > give_up_s:
                raise HarnessUnavailable(f"the build had not ended after {_TIMEOUT_S} s and was stopped")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _facts(folder: Path) -> dict[str, Any]:
    """Return what a build says of itself, nothing when that cannot be read."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _read(folder: Path) -> HarnessBuild:
    facts = _facts(folder)
    if not facts:
        raise HarnessUnavailable(f"{folder} holds no whole build of the harness", hint="remove it; farm builds it again")
    return HarnessBuild(
        target=facts["target"],
        runtime=facts["runtime"],
        runtime_version=facts["runtime_version"],
        source_hash=facts["source_hash"],
        folder=folder,
        command=tuple(facts["command"]),
        files=tuple(sorted(facts["files"])),
    )
