"""The bench's phones at work and in trouble: farm's harness on them, bad cables, kills, reboots, a full disk."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from farm.harness import build, protocol
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import HarnessBuild
from tests.bench.android import Bench, Phone
from tests.bench.android.processes import wait_until
from tests.bench.conftest import out
from tests.conftest import FakeModel, a_job

BOX = "/data/local/tmp"


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"{pattern} is not in {text}"
    return float(found[1])


# What farm's harness does on them.


def run_on(phone: Phone, harness: HarnessBuild, model: Path, line: list[str]) -> str:
    box = f"{BOX}/harness"
    phone.adb.run("-s", phone.serial, "push", str(harness.folder), box)
    phone.adb.run("-s", phone.serial, "push", str(model), f"{box}/model")
    command = " ".join(f"'{each}'" for each in (*harness.command, *line))
    started = phone.shell(f'cd {box} && mkdir -p runs/ab && (setsid sh -c "{command}; echo \\$? >exit" >log 2>&1 &)')
    assert started.returncode == 0, started
    wait_until(lambda: phone.shell(f"cat {box}/exit").returncode == 0, "the harness", 30)
    assert out(phone, f"cat {box}/exit") == "0", out(phone, f"cat {box}/log")
    text = phone.shell(f"cat {box}/runs/ab/result.jsonl").stdout
    out(phone, f"rm -r {box}")
    return text


@pytest.mark.parametrize(("name", "target"), [("s25", build.Target.HOST), ("pixel9", build.Target.ANDROID_ARM64_GLIBC)])
def test_the_harness_runs_on_the_phones_own_machine(
    android_bench: Bench, fake_model: FakeModel, builds: Path, name: str, target: build.Target
) -> None:
    harness = build.ensure(target, "fake", builds, on_progress=lambda _: None)
    job = a_job(fake_model(spin_ns=2_000_000))
    result = run_on(android_bench.phones[name], harness, job.artifact.path, arguments(job, BoxNames("model"), "ab"))
    assert len(protocol.parse(result, "ab").readings[0].values) == 5


# What happens to them.


def test_a_link_that_drops_leaves_what_runs(s25: Phone) -> None:
    before = out(s25, "cat /proc/sys/kernel/random/boot_id")
    out(s25, f"(setsid sh -c 'sleep 1; echo done >{BOX}/left' >/dev/null 2>&1 &)")
    s25.drop()
    wait_until(lambda: not s25.is_ready(), "the server to notice")
    s25.restore()
    s25.connect()
    wait_until(lambda: s25.shell(f"cat {BOX}/left").stdout == "done\n", "what was left running to end")
    assert out(s25, f"rm {BOX}/left; cat /proc/sys/kernel/random/boot_id") == before


def test_a_drop_in_the_middle_of_a_push(s25: Phone, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(64 << 20)
    s25.cut_after(8 << 20)
    pushed = s25.adb.run("-s", s25.serial, "push", str(tmp_path / "big"), f"{BOX}/big")
    assert pushed.returncode != 0
    s25.restore()
    s25.connect()
    assert s25.shell(f"sha256sum {BOX}/big; rm -f {BOX}/big").returncode == 0


def test_a_frozen_link_hangs_and_goes_on(s25: Phone) -> None:
    s25.freeze()
    with pytest.raises(subprocess.TimeoutExpired):
        s25.shell("echo", timeout_s=0.5)
    assert s25.is_ready(), "the server knows of nothing"
    s25.restore()
    assert out(s25, "echo again") == "again"


def test_a_half_open_link_hangs_until_it_is_reset(s25: Phone) -> None:
    s25.half_open()
    with pytest.raises(subprocess.TimeoutExpired):
        s25.shell("echo", timeout_s=0.5)
    assert s25.is_ready(), "the server knows of nothing"
    s25.restore()
    s25.connect()
    assert out(s25, "echo again") == "again"


def test_a_slow_link_takes_its_time(s25: Phone, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    s25.slow(1_000_000)
    start_s = time.monotonic()
    assert s25.adb.run("-s", s25.serial, "push", str(tmp_path / "file"), f"{BOX}/file").returncode == 0
    assert 0.5 < time.monotonic() - start_s < 10
    s25.restore()
    out(s25, f"rm {BOX}/file")


def test_adbd_is_killed_in_the_middle_of_a_command_and_comes_back(s25: Phone) -> None:
    line = ["adb", "-P", str(s25.adb.port), "-s", s25.serial, "shell", "echo before; sleep 20; echo after"]
    running = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "before\n"
    s25.kill_adbd()
    assert running.communicate(timeout=10)[0] == "", "and adb 29 exits 0 then"
    wait_until(lambda: not s25.is_ready(), "the server to notice")
    s25.start_adbd()
    assert out(s25, "echo again") == "again"


def test_a_reboot_ends_what_ran_and_keeps_what_was_written(s25: Phone) -> None:
    before = out(s25, f"cat /proc/sys/kernel/random/boot_id; echo kept >{BOX}/kept")
    out(s25, f"(setsid sh -c 'sleep 2; touch {BOX}/never' >/dev/null 2>&1 &)")
    s25.reboot(away_s=0.3)
    assert out(s25, "cat /proc/sys/kernel/random/boot_id") != before
    assert number(r"^([\d.]+) ", out(s25, "cat /proc/uptime")) < 60
    assert out(s25, f"cat {BOX}/kept; rm {BOX}/kept") == "kept"
    time.sleep(2)
    assert s25.shell(f"ls {BOX}/never").returncode == 1


def test_a_full_disk_refuses_what_does_not_fit(s25: Phone, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(2_000_000))
    s25.fill_disk(leave_bytes=1_000_000)
    assert 900 < number(r"(\d+) +\d+% /data", out(s25, "df /data")) < 1000
    pushed = s25.adb.run("-s", s25.serial, "push", str(tmp_path / "file"), f"{BOX}/file")
    assert pushed.returncode != 0
    assert "No space left on device" in pushed.stdout + pushed.stderr
    s25.empty_disk()
    assert s25.adb.run("-s", s25.serial, "push", str(tmp_path / "file"), f"{BOX}/file").returncode == 0
    out(s25, f"rm {BOX}/file")


def test_nobody_allows_an_unauthorized_device(android_bench: Bench) -> None:
    serial = android_bench.unauthorized()
    refused = android_bench.adb.run("-s", serial, "shell", "echo")
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr
    android_bench.adb.run("disconnect", serial)
