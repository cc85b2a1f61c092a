"""A harness that the user has built, for example with the NDK: a program, or a folder that it runs in. Known by the hash of its files."""

import hashlib
import os
import struct
from pathlib import Path

from farm.errors import HarnessUnavailable
from farm.workloads import HarnessBuild

TARGET = "own"
PROGRAM = "farm-harness"
_MOST_BYTES = 1_000_000_000
_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0x28: "armv7l", 0xF3: "riscv64"}  # e_machine of the ELF specification
_NAMES = {"arm64": "aarch64", "armv8l": "aarch64"}


def given(path: Path, machine: str) -> HarnessBuild:
    """Return the harness at path: a program, which is all there is of it, or a folder with `farm-harness` and what it needs in it.

    machine is the device's, as `uname -m` says it. The source hash is one of all its files: what the program says of its own
    sources, anybody may have written. Raises HarnessUnavailable when path is no harness for that machine.
    """
    if not path.exists():
        raise HarnessUnavailable(f"there is no harness at {path}")
    program = path / PROGRAM if path.is_dir() else path
    if not program.is_file():
        raise HarnessUnavailable(f"the folder {path} has no {PROGRAM}", hint="build the harness there, or name the program itself")
    if not os.access(program, os.X_OK):
        raise HarnessUnavailable(f"the harness {program} cannot be executed", hint=f"chmod +x {program}")
    made_for = elf_machine(program)
    if made_for is not None and made_for != _NAMES.get(machine, machine):
        raise HarnessUnavailable(f"the harness {program} is for {made_for}, the device is {machine}")
    folder = program.parent
    files = [program] if path.is_file() else [file for file in sorted(folder.rglob("*")) if file.is_file()]
    if sum(file.stat().st_size for file in files) > _MOST_BYTES:
        raise HarnessUnavailable(f"the folder {path} is over {_MOST_BYTES / 1e9:.0f} GB: everything in it would go to the device")
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return HarnessBuild(
        target=TARGET,
        runtime="",
        runtime_version="",
        source_hash=digest.hexdigest(),
        folder=folder,
        command=(f"./{program.name}",),
        files=tuple(str(file.relative_to(folder)) for file in files),
    )


def elf_machine(program: Path) -> str | None:
    """Return the machine that an ELF program is for, None for a file that is no 64-bit little-endian ELF, such as a script."""
    with program.open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:6] != b"\x7fELF\x02\x01":  # noqa: PLR2004 - up to e_machine
        return None
    (machine,) = struct.unpack_from("<H", head, 18)
    return _MACHINES.get(machine, f"ELF machine {machine}")
