"""A built program -> a folder that runs by itself: the libraries it needs beside it and, for a phone, their loader too."""

import re
import shutil
import subprocess
from pathlib import Path

from farm.errors import HarnessUnavailable
from farm.harness.toolchain import Target, Tools

_LOADER = "ld-linux-aarch64.so.1"


def collect(program: Path, wheel_libraries: Path | None, target: Target, tools: Tools, folder: Path) -> tuple[str, ...]:
    """Copy program and its libraries into folder and return the command that starts it there (relative to folder).

    On the host, libraries of the system stay the system's; those of the wheel go to lib/. For a phone everything goes to
    lib/, from the compiler's own sysroot, so that program, C library and loader are of one kind. Raises HarnessUnavailable
    for a library that is nowhere.
    """
    (folder / "lib").mkdir(parents=True)
    shutil.copy2(program, folder / program.name)
    waiting, taken = [program], set[str]()
    while waiting:
        for name in needed(waiting.pop(), tools):
            if name in taken:
                continue
            taken.add(name)
            source = _library(name, wheel_libraries, target, tools)
            if source is not None:
                shutil.copy2(source, folder / "lib" / name)
                waiting.append(source)
    if target is Target.HOST:
        return (f"./{program.name}",)
    if not (folder / "lib" / _LOADER).exists():  # the C library needs it, so it is there but for a static program
        shutil.copy2(_of_sysroot(_LOADER, tools), folder / "lib" / _LOADER)
    return (f"./lib/{_LOADER}", "--library-path", "./lib", f"./{program.name}")


def needed(file: Path, tools: Tools) -> list[str]:
    """Return the names of the libraries that an ELF file asks for (DT_NEEDED)."""
    shown = subprocess.run(
        [tools.readelf, "--dynamic", "--wide", str(file)], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", shown.stdout)


def _library(name: str, wheel_libraries: Path | None, target: Target, tools: Tools) -> Path | None:
    """Return the file of a library, or None when the system that it runs on has it."""
    if wheel_libraries is not None and (wheel_libraries / name).exists():
        return wheel_libraries / name
    return None if target is Target.HOST else _of_sysroot(name, tools)


def _of_sysroot(name: str, tools: Tools) -> Path:
    """Return a library of the compiler's own sysroot; the compiler echoes a name that it does not know."""
    asked = subprocess.run([tools.compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    path = Path(asked.stdout.strip())
    if not path.is_absolute() or not path.exists():
        raise HarnessUnavailable(f"the cross compiler's sysroot has no {name}", hint="on Debian: apt-get install libc6-dev-arm64-cross")
    return path.resolve()
