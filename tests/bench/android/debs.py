"""The Debian packages of the phones' user space -> a root folder with its own C library.

They are those of Debian trixie, whatever this machine runs: its adbd 34 is AOSP's. They come from this machine's own Debian
source with another suite, by an apt of our own configuration that does not touch the machine's.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.android.errors import BenchUnavailable

SUITE = "trixie"
PACKAGES = ("adbd", "mksh", "openssl", "toybox")
_APT_TIMEOUT_S = 300


def root_folder(data: Path) -> Path:
    """Return a root folder made of the packages, from the cache below data when it is there; needs no network then."""
    debs = data / "debs" / f"{SUITE}-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:8]}"
    with locked(data / "lock"):
        if not (debs / "complete").exists():
            _download(debs)
        archives = sorted(debs.glob("*.deb"))
        key = hashlib.sha256("\n".join(each.name for each in archives).encode()).hexdigest()[:12]
        root = data / "roots" / key
        if not root.exists():
            _unpack(archives, root)
        return root


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: benches of several test sessions share one cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(debs: Path) -> None:
    shutil.rmtree(debs, ignore_errors=True)
    work = debs / "apt"
    _configure(work)
    _apt(work, "install", "--yes", "--no-install-recommends", "--download-only", *PACKAGES)
    for archive in (work / "archives").glob("*.deb"):
        archive.rename(debs / archive.name)
    shutil.rmtree(work)
    (debs / "complete").touch()


def program(data: Path, package: str, place: str) -> Path:
    """Return one program out of a Debian package, without what else that would install or start. Raises BenchUnavailable."""
    target = data / "programs" / Path(place).name
    with locked(data / "lock"):
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=data) as folder:
                work = Path(folder)
                _configure(work)
                _apt(work, "download", package)
                (archive,) = work.glob("*.deb")
                subprocess.run(["dpkg-deb", "--extract", archive, work / "root"], check=True)
                (work / "root" / place).rename(target)
    return target


def _configure(work: Path) -> None:
    """Make folders of an apt of our own, and have it read the suite's lists. Raises BenchUnavailable."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise BenchUnavailable("Debian packages are needed, and there is no apt-get here")
    for folder in ("sources", "state/lists/partial", "cache", "archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "state/status").touch()
    (work / "sources/suite.sources").write_text(debian_source(_apt_folder(), _codename()))
    _apt(work, "update")


def _apt(work: Path, *arguments: str) -> None:
    options = {
        "Dir::Etc::SourceList": os.devnull,
        "Dir::Etc::SourceParts": work / "sources",
        "Dir::State": work / "state",
        "Dir::State::status": work / "state/status",
        "Dir::Cache": work / "cache",
        "Dir::Cache::archives": work / "archives",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", "-qq", *(part for key, value in options.items() for part in ("-o", f"{key}={value}")), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_APT_TIMEOUT_S, cwd=work)
    if result.returncode != 0:
        raise BenchUnavailable(f"apt-get {arguments[0]} for {SUITE} failed: {result.stderr.strip()[-500:]}")


def _apt_folder() -> Path:
    shown = subprocess.run(["apt-config", "shell", "F", "Dir::Etc/d"], capture_output=True, text=True, check=True).stdout
    return Path(shown.strip().removeprefix("F='").removesuffix("'"))


def _codename() -> str:
    release = Path("/etc/os-release").read_text()
    return next((line.split("=", 1)[1].strip('"') for line in release.splitlines() if line.startswith("VERSION_CODENAME=")), "sid")


def debian_source(apt: Path, codename: str) -> str:
    """Return the machine's own source of the suite called codename as a deb822 stanza for SUITE; apt is its /etc/apt.

    Raises BenchUnavailable when it has none.
    """
    for file in sorted((apt / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if codename in fields.get("Suites", "").split():
                return _stanza(fields["URIs"].split()[0], fields.get("Signed-By"))
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]:
        for line in file.read_text().splitlines() if file.exists() else ():
            found = re.match(rf"deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+{codename}\s", line)
            if found:
                key = re.search(r"signed-by=(\S+)", found[1] or "")
                return _stanza(found[2], key[1] if key else None)
    raise BenchUnavailable(f"apt has no source for this machine's own suite, {codename}, from which {SUITE} could be had")


def _stanza(uri: str, key: str | None) -> str:
    return f"Types: deb\nURIs: {uri}\nSuites: {SUITE}\nComponents: main\n" + (f"Signed-By: {key}\n" if key else "")


def _unpack(archives: list[Path], root: Path) -> None:
    partial = root.with_name(f"{root.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for archive in archives:
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(partial)], check=True)
    (partial / "system/bin").mkdir(parents=True)
    for link, target in (("bin", "system/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")):
        (partial / link).symlink_to(target)
    names = subprocess.run([str(partial / "usr/bin/toybox")], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        (partial / "system/bin" / name).symlink_to("toybox")
    (partial / "system/bin/toybox").symlink_to("/usr/bin/toybox")
    (partial / "system/bin/sh").symlink_to("/usr/bin/mksh")
    for name in ("passwd", "group"):
        (partial / "etc" / name).symlink_to(f"/system/etc/{name}")
    for folder in ("data", "dev", "proc", "sys", "vendor", "bench", "system/lib64"):
        (partial / folder).mkdir(exist_ok=True)
    partial.rename(root)
