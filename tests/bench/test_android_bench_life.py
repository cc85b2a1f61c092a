"""How the Android bench comes and goes: what it opens, and what it leaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.android import Bench, BenchUnavailable, Spec
from tests.bench.android.debs import debian_source
from tests.bench.android.processes import wait_until
from tests.conftest import ROOT

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, as an IPv4 address and as an IPv6 one


def tree(pids: list[int]) -> list[int]:
    """These processes and all that descend from them."""
    found = list(pids)
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in found]
    return found


def open_sockets(pids: list[int]) -> set[str]:
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink()) if descriptor.is_symlink() else ""
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    return inodes


def rows(protocol: str) -> list[list[str]]:
    return [line.split() for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]]


def mounts_of_anybody() -> str:
    texts = []
    for file in Path("/proc").glob("[0-9]*/mounts"):
        try:
            texts.append(file.read_text())
        except OSError:
            continue
    return "\n".join(texts)


def test_nothing_listens_but_on_the_loopback(android_bench: Bench) -> None:
    unauthorized = android_bench.unauthorized()
    android_bench.phones["s25"].shell("(setsid nc -l -p 7777 </dev/null >/dev/null 2>&1 &) ; sleep 0.2")
    inodes = open_sockets(tree(android_bench.process_ids()))
    listening = [row for protocol in ("tcp", "tcp6") for row in rows(protocol) if row[9] in inodes and row[3] == "0A"]
    assert len(listening) >= 1 + 2 * len(android_bench.phones) + 1 + 1
    assert {row[1].partition(":")[0] for row in listening} <= LOOPBACK
    assert not [row for protocol in ("udp", "udp6", "raw", "raw6") for row in rows(protocol) if row[9] in inodes]
    ports = {int(row[1].partition(":")[2], 16) for row in listening}
    assert not ports & {5037, 5555, 7777}, "the ports of this machine stay free"
    android_bench.phones["s25"].shell("pkill nc")
    android_bench.adb.run("disconnect", unauthorized)


def test_leaving_leaves_nothing(android_bench: Bench) -> None:
    """After an error, too; and a second bench beside the first disturbs nobody."""
    pids: list[int] = []
    folders: list[str] = []

    def fail_in(bench: Bench) -> None:
        with bench:
            bench.phones["pixel9"].shell("(setsid sleep 100 </dev/null >/dev/null 2>&1 &)")
            pids.extend(tree(bench.process_ids()))
            folders.append(str(bench.phones["pixel9"].folder))
            assert folders[0] in mounts_of_anybody()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in(Bench(android_bench.data, ["pixel9"]))
    assert len(pids) > 5
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert folders[0] not in mounts_of_anybody()
    assert not Path(folders[0]).exists()
    assert android_bench.phones["pixel9"].is_ready()


def test_two_phones_may_have_one_serial_number(android_bench: Bench) -> None:
    twins = [Spec("s25", name="one", serialno="0123456789ABCDEF"), Spec("s25", name="two", serialno="0123456789ABCDEF")]
    with Bench(android_bench.data, twins) as bench:
        said = {phone.shell("getprop ro.serialno; cat /proc/sys/kernel/random/boot_id").stdout for phone in bench.phones.values()}
        assert len(said) == 2, "two phones"
        assert {text.splitlines()[0] for text in said} == {"0123456789ABCDEF"}


def bench_phones(*names: str) -> tuple[subprocess.Popen[str], Path]:
    line = [sys.executable, "-m", "tests.bench.android", "--data", str(ROOT / ".farm"), *names]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def gone(pids: list[int]) -> bool:
    """Whether all of them have ended (one that nobody waited for yet has ended, too)."""
    states = [Path(f"/proc/{pid}/stat") for pid in pids]
    return all(not state.exists() or state.read_text().rpartition(") ")[2][0] == "Z" for state in states)


def test_the_foreground_bench_writes_a_lab_and_ends_on_a_signal(android_bench: Bench) -> None:
    process, path = bench_phones("s25", "oneplus13")
    assert process.stdout is not None
    try:
        checked = subprocess.run(
            [sys.executable, "-m", "farm", "--devices", str(path), "devices"], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert checked.returncode == 0, checked.stderr
        assert "s25" in checked.stdout
        assert 'nightly = ["s25", "oneplus13"]' in path.read_text()
        pids = tree([process.pid])
        assert len(pids) > 8
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=20)
        process.stdout.close()
    assert code == 0
    assert gone(pids)
    assert not path.exists()


def test_a_killed_bench_takes_everything_with_it(android_bench: Bench) -> None:
    process, path = bench_phones("s25")
    assert process.stdout is not None
    pids = tree([process.pid])
    run = next((ROOT / ".farm/bench-android/run").glob(f"{process.pid}-*"))
    process.kill()
    process.wait(timeout=10)
    process.stdout.close()
    wait_until(lambda: gone(pids), "its processes to end")
    assert str(run) not in mounts_of_anybody()
    with Bench(android_bench.data, []):
        assert not run.exists(), "the next bench swept it"
    path.unlink()


def test_the_packages_come_from_the_machines_own_source(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/other.sources").write_text("Types: deb\nURIs: http://other.invalid/x\nSuites: bookworm-security\n")
    with pytest.raises(BenchUnavailable, match="no source for this machine's own suite"):
        debian_source(tmp_path, "bookworm")
    (tmp_path / "sources.list").write_text("deb [arch=amd64 signed-by=/k.gpg] http://one.invalid/debian bookworm main\n")
    assert debian_source(tmp_path, "bookworm") == (
        "Types: deb\nURIs: http://one.invalid/debian\nSuites: trixie\nComponents: main\nSigned-By: /k.gpg\n"
    )
    (tmp_path / "sources.list.d/debian.sources").write_text(
        "Types: deb\n# a remark\nURIs: http://two.invalid/debian\nSuites: bookworm bookworm-updates\nSigned-By: /d.gpg\n\nTypes: deb-src\n"
    )
    assert "URIs: http://two.invalid/debian\nSuites: trixie" in debian_source(tmp_path, "bookworm")


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_without_root_it_is_skipped_and_in_ci_it_fails(android_bench: Bench, ci: str, outcome: str) -> None:
    test = "tests/bench/test_android_bench.py::test_the_server_sees_all_of_them"
    line = ["unshare", "--user", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "CI": ci})
    assert outcome in told.stdout
    assert "the Android bench needs root" in told.stdout
