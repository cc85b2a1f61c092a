"""What a phone has above its packages: the bench's programs and scripts (for all), and its vendor's texts, /sys and settings."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.bench.android.debs import locked
from tests.bench.android.errors import BenchUnavailable
from tests.bench.android.profiles import Profile

HERE = Path(__file__).parent
QEMU = "qemu-aarch64-static"


def common_layer(data: Path) -> Path:
    """Return the folder of what all phones share, built when its sources are new."""
    sources = sorted(each for folder in ("native", "system", "dumps/common") for each in (HERE / folder).rglob("*") if each.is_file())
    qemu = shutil.which(QEMU)
    digest = hashlib.sha256(f"{qemu}".encode())
    for source in sources:
        digest.update(f"{source.relative_to(HERE)}\0".encode() + source.read_bytes())
    layer = data / "layers" / digest.hexdigest()[:12]
    with locked(data / "lock"):
        if not layer.exists():
            partial = layer.with_name(f"{layer.name}.{os.getpid()}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(HERE / "system", partial / "system")
            for script in (partial / "system/bin").iterdir():
                script.chmod(0o755)
            shutil.copytree(HERE / "dumps/common", partial / "system/etc/bench/dumps")
            _build(partial / "system")
            if qemu is not None:
                shutil.copy2(qemu, partial / "system/bin/qemu-aarch64")
            partial.rename(layer)
    return layer


def _build(system: Path) -> None:
    native = HERE / "native"
    phoned = sorted(str(each) for each in native.glob("*.cpp") if each.name != "libproperties.cpp")
    (system / "lib64").mkdir()
    flags = ["-O1", "-Wall", "-Wextra", "-Werror"]
    library = [*flags, "-fPIC", "-shared"]
    for command in (
        ["gcc", *library, "-o", str(system / "lib64/libphone.so"), str(native / "libphone.c"), "-ldl"],
        ["g++", "-std=c++17", *library, "-o", str(system / "lib64/libproperties.so"), str(native / "libproperties.cpp")],
        ["g++", "-std=c++17", *flags, "-o", str(system / "bin/phoned"), *phoned],
    ):
        if shutil.which(command[0]) is None:
            raise BenchUnavailable(f"{command[0]} is missing; on Debian: apt-get install g++")
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise BenchUnavailable(f"the bench's programs do not build: {result.stderr[-2000:]}")


def write_phone(layer: Path, profile: Profile, *, abi: str, serialno: str, android_id: str) -> None:
    """Write one phone's own files into the folder layer: properties, settings, texts, /proc and /sys."""
    vendor = HERE / "dumps" / profile.vendor
    shutil.copytree(vendor, layer / "vendor/etc/bench/dumps")
    bench = layer / "bench"
    (bench / "ports").mkdir(parents=True)
    (bench / "properties").write_text("".join(f"{key}={value}\n" for key, value in profile.all_properties(abi, serialno).items()))
    (bench / "profile").write_text("".join(f"{key}={value}\n" for key, value in profile.numbers().items()))
    for namespace, settings in profile.all_settings().items():
        folder = bench / "settings" / namespace
        folder.mkdir(parents=True)
        for key, value in settings.items():
            (folder / key).write_text(f"{value}\n")
    (bench / "settings/secure/android_id").write_text(f"{android_id}\n")
    for name, text in profile.proc_files(abi).items():
        (bench / name).write_text(text)
    shown = ["/bench/uptime", "/bench/stat"]
    for path, text in profile.sys_files().items():
        file = layer / "sys" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if "@" in text:
            shown.append(f"/sys/{path}")
    for link, target in profile.sys_links().items():
        (layer / "sys" / link).parent.mkdir(parents=True, exist_ok=True)
        (layer / "sys" / link).symlink_to(target)
    (bench / "shown").write_text("".join(f"{path}\n" for path in shown))
    _open(bench)
    _close(layer / "sys", profile)


def _open(bench: Path) -> None:
    """The shell's programs keep the phone's state, so the shell may write all of it."""
    bench.chmod(0o777)
    for path in bench.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)


def _close(sys: Path, profile: Profile) -> None:
    for path in profile.closed:
        for file in (sys / path).rglob("*"):
            if file.is_file():
                file.chmod(0)
