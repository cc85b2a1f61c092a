"""Android devices that misbehave: bad cables, restarts, full disks, unauthorised and ambiguous ones. Real adbd, real adb server."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm import rack
from farm.devices.android import steady
from farm.devices.android.device import AndroidTransport
from farm.devices.android.link import Link, is_over_radio
from farm.devices.android.server import Listed, Server
from farm.devices.readers import proc
from farm.devices.transport import Handle, Holder, Status
from farm.errors import DeviceBusy, DeviceLost, DeviceNotReady, FarmError, InputError
from farm.harness.arguments import BoxNames, arguments
from farm.runner import Attempt, execute
from farm.workloads import Artifact, Device, DeviceKind, HarnessBuild, Job, Outcome, Pass, Run
from tests.bench.android import Bench, Phone, Spec
from tests.bench.android.processes import wait_until
from tests.conftest import CALM, NOW, FakeModel, a_job


@pytest.fixture
def phone(android_bench: Bench) -> Iterator[Phone]:
    phone = android_bench.phones["s25"]
    yield phone
    phone.restore()
    phone.empty_disk()
    phone.state(adbd=1, hold_skin_c=None, skin_c=27)
    phone.connect()


@pytest.fixture
def device(android_bench: Bench, phone: Phone) -> Device:
    return Device("s25", DeviceKind.ANDROID, conditions=CALM, adb=android_bench.adb.address, serial=phone.serial)


@pytest.fixture
def transport(device: Device, fake_harness: HarnessBuild) -> AndroidTransport:
    transport = AndroidTransport(device, reconnect_s=30.0)
    transport.preflight()
    transport.install(fake_harness)
    return transport


def on(device: Device, artifact: Artifact, **settings: Any) -> Job:
    return replace(a_job(artifact, **settings), device=device)


def measured(transport: AndroidTransport, job: Job, harness: HarnessBuild, meanwhile: Callable[[], None]) -> list[Run]:
    """Measure a job, and do something to the phone as soon as the harness runs."""
    ended: list[Run] = []
    trouble: list[threading.Thread] = []

    def phase(_job: Job, phase: str) -> None:
        if phase == "measuring" and not trouble:
            trouble.append(threading.Timer(0.5, meanwhile))
            trouble[0].start()

    hooks = rack.Hooks(lambda: NOW, phase, ended.append)
    runs = list(rack.measure([(job, 1)], transport, {"fake": harness}, "a-session", hooks))
    trouble[0].join()
    assert runs == ended
    return runs


# Cables.


def away(phone: Phone, seconds: float, how: Callable[[], None]) -> Callable[[], None]:
    def go() -> None:
        how()
        time.sleep(seconds)
        phone.restore()

    return go


@pytest.mark.parametrize("fault", ["drop", "freeze", "half_open", "cut"])
def test_a_link_that_breaks_in_the_middle_of_a_pass_costs_nothing(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild, fault: str
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000), timeout_s=60.0)
    (run,) = measured(transport, job, fake_harness, away(phone, 4, getattr(phone, fault)))
    assert run.outcome is Outcome.OK, run.reason
    assert len(next(item for item in run.readings if item.metric == "latency_ns").values) == 5


def test_adbd_killed_in_the_middle_of_a_run_costs_nothing(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000))
    (run,) = measured(transport, job, fake_harness, phone.crash_adbd)
    assert run.outcome is Outcome.OK, run.reason


def test_a_device_that_stays_away_is_a_lost_device_and_what_ran_there_is_ended_by_the_next(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    transport.reconnect_s = 2.0
    job = on(transport.device, fake_model(hang_at_iteration=1))
    runs = measured(transport, job, fake_harness, phone.drop)
    assert {run.outcome for run in runs} == {Outcome.DEVICE_LOST}
    assert runs[0].reason is not None
    assert "s25 is gone" in runs[0].reason
    phone.restore()
    phone.connect()
    assert phone.shell("ls /data/local/tmp/farm/runs").stdout.split()
    transport.restore()
    assert not phone.shell("ls /data/local/tmp/farm/runs").stdout.split()
    assert phone.shell("pgrep -f farm-harness").returncode == 1


def test_a_restart_costs_that_attempt_only(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=400_000_000))
    transport.prepare(CALM)
    first, second = measured(transport, job, fake_harness, lambda: phone.reboot(away_s=0.5))
    assert (first.outcome, first.error_class) == (Outcome.DEVICE_LOST, "rebooted")
    assert first.reason == "s25 restarted during the run"
    assert second.outcome is Outcome.OK, second.reason
    assert phone.read("airplane") == "enabled"  # a restart switches the radios on again: what is held is held again
    transport.restore()
    assert phone.read("airplane") == "disabled"


def test_a_slow_link_is_waited_for(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 8_000 + b"slow")
    seen: list[int] = []
    phone.slow(1_000_000)
    assert transport.push(file, "files/slow", lambda sent, _size: seen.append(sent)) == file.stat().st_size
    phone.restore()
    assert seen == sorted(seen)
    assert seen[-1] == file.stat().st_size
    assert transport.push(file, "files/slow") == 0


@pytest.mark.parametrize("fault", ["cut", "kill_adbd"])
def test_a_push_that_is_cut_off_is_made_again_and_arrives_whole(
    phone: Phone, transport: AndroidTransport, tmp_path: Path, fault: str
) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 100_000 + fault.encode())  # other bytes each time: what is there is not sent
    once: list[int] = []

    def trouble(sent: int, _size: int) -> None:
        if sent > 8_000_000 and not once:
            once.append(sent)
            if fault == "cut":
                phone.cut()
            else:
                phone.crash_adbd()

    transport.push(file, "files/big", trouble)
    assert once
    assert transport.pull("files/big", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    assert "partial" not in phone.shell("ls /data/local/tmp/farm/files").stdout


def test_a_pull_that_is_cut_off_begins_anew_and_arrives_whole(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 40_000 + b"pull")
    transport.push(file, "files/pulled")
    phone.cut_after(4 << 20)
    threading.Timer(2, phone.restore).start()
    assert transport.pull("files/pulled", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()


def lease_of(phone: Phone) -> list[str]:
    """The words of the lease in a phone's box: host, until when by the phone's clock, holder."""
    return phone.shell("cat /data/local/tmp/farm/lease").stdout.splitlines()


@pytest.fixture
def slow_hash(phone: Phone) -> Iterator[None]:
    """The phone's sha256sum takes four seconds more."""
    program = phone.root / "system/bin/sha256sum"
    own = program.rename(program.with_name("own-sha256sum"))
    program.write_text('#!/system/bin/sh\nsleep 4\nexec own-sha256sum "$@"\n')
    program.chmod(0o755)
    yield
    own.rename(program)


@pytest.mark.usefixtures("slow_hash")
def test_a_lease_is_renewed_while_a_big_file_is_sent_and_while_the_phone_hashes_it(
    phone: Phone, transport: AndroidTransport, tmp_path: Path
) -> None:
    transport.lease.seconds = 6.0
    transport.claim(Holder("here", "a test"))
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 12_000 + b"lease")
    phone.slow(1_000_000)
    left_s: list[int] = []
    began_s = time.monotonic()
    watching = threading.Thread(target=transport.push, args=(file, "files/leased"))
    watching.start()
    while watching.is_alive():
        left_s.append(int(lease_of(phone)[1]) - int(time.time()))
        time.sleep(0.5)
    took_s = time.monotonic() - began_s
    phone.restore()
    transport.release()
    assert took_s > transport.lease.seconds  # to send it, to hash it, and to see that it is not there
    assert min(left_s) >= 1


class Returning(Link):
    """The link to a phone that says this twice before it is there again, as when a cable is put in; None: its server restarts."""

    state: str | None = None
    times = 2

    def listed(self, server: Server) -> list[Listed]:
        listed = super().listed(server)
        if self.times == 0:
            return listed
        self.times -= 1
        if self.state is None:
            raise DeviceNotReady("no adb server answers", error_class="no_adb_server")
        return [replace(one, state=self.state) for one in listed]


@pytest.mark.parametrize(
    ("state", "error_class"), [("authorizing", "not_authorised"), ("unauthorized", "not_authorised"), (None, "no_adb_server")]
)
def test_what_passes_by_itself_is_waited_out_once_a_device_was_reached(device: Device, state: str | None, error_class: str) -> None:
    transport, link = AndroidTransport(device, reconnect_s=30.0), Returning(device)
    transport.link = link
    link.times = 0
    transport.preflight()
    link.state, link.times = state, 2
    assert transport.vitals("before")
    never_reached = AndroidTransport(device)
    never_reached.link = first = Returning(device)
    first.state = state
    with pytest.raises(DeviceNotReady) as caught:
        never_reached.vitals("before")
    assert caught.value.error_class == error_class


def test_a_frozen_device_ends_by_the_deadline(phone: Phone, transport: AndroidTransport) -> None:
    transport.reconnect_s = 0.0
    (adb,) = [transport.link.box().adb]
    phone.freeze()
    began_s = time.monotonic()
    with pytest.raises(DeviceLost, match="did not answer in 1 s"):
        adb.shell("getprop", timeout_s=1.0)
    assert time.monotonic() - began_s < 5


# A controller that is being stopped.


def interrupted(transport: AndroidTransport, work: Callable[[], object], after_s: float = 1.0) -> tuple[float, BaseException | None]:
    """Do work in a thread, interrupt the transport meanwhile; how long the work went on from then, and what it raised."""
    raised: list[BaseException] = []

    def go() -> None:
        try:
            work()
        except (FarmError, KeyboardInterrupt) as error:
            raised.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    time.sleep(after_s)
    began_s = time.monotonic()
    transport.interrupt()
    thread.join()
    return time.monotonic() - began_s, raised[0] if raised else None


@pytest.mark.parametrize("cable", ["slow", "frozen"])
def test_a_push_is_interrupted_and_a_link_that_does_not_answer_is_not_waited_for(
    phone: Phone, transport: AndroidTransport, tmp_path: Path, cable: str
) -> None:
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 100_000 + cable.encode())
    transport.claim(Holder("here", "a test"))
    if cable == "slow":
        phone.slow(40_000)
        took_s, error = interrupted(transport, lambda: transport.push(file, "files/interrupted"))
    else:
        phone.freeze()
        took_s, error = interrupted(transport, lambda: transport.vitals("before"))
    assert isinstance(error, KeyboardInterrupt)
    assert took_s < 1
    began_s = time.monotonic()
    with pytest.raises(DeviceLost, match=r"s25 is gone: s25 did not answer in [1-4][0-9.]* s"):
        transport.restore()
    with pytest.raises(DeviceLost, match=r"does not answer at once|did not answer in [1-4][0-9.]* s"):  # the cable may be just too slow
        transport.vitals("after")
    transport.release()
    assert time.monotonic() - began_s < 12
    phone.restore()
    phone.connect()
    successor = AndroidTransport(transport.device)
    successor.claim(Holder("here", "the next one"))
    successor.restore()
    successor.release()
    assert "partial" not in phone.shell("ls /data/local/tmp/farm/files").stdout
    assert "lease" not in phone.shell("ls /data/local/tmp/farm").stdout.split()


def test_a_phone_that_answers_is_put_back_also_when_its_controller_is_stopped_meanwhile(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.prepare(CALM)
    _, error = interrupted(transport, transport.restore, after_s=0.1)
    assert error is None
    assert settings_of(phone) == before


def test_a_harness_that_cannot_be_ended_is_not_waited_for_for_ever(phone: Phone, transport: AndroidTransport) -> None:
    transport.stop_s = 1.0
    line = "setsid sh -c 'echo $$ >/data/local/tmp/pid; sleep 8' >/dev/null 2>&1 &"
    phone._inside("/system/bin/sh", "-c", line)  # its owner is root: a shell cannot end it
    wait_until(lambda: phone.shell("cat /data/local/tmp/pid").stdout.endswith("\n"), "the shell to say its pid")
    pid = phone.shell("cat /data/local/tmp/pid").stdout.strip()
    boot_id, stat = phone.shell(f"cat /proc/sys/kernel/random/boot_id /proc/{pid}/stat").stdout.splitlines()
    phone._inside("/system/bin/rm", "/data/local/tmp/pid")
    handle = Handle("ab", int(pid), f"{boot_id} {proc.start_mark(stat)}")
    assert transport.poll(handle) is Status.RUNNING
    with pytest.raises(DeviceNotReady, match="the harness on s25 does not end"):
        transport.stop(handle)


# Heat.


def test_a_warm_phone_is_waited_for_and_not_measured_when_it_stays_warm(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    limits = replace(CALM, max_skin_temperature_c=36.0, settle_timeout_s=1.0)
    job = on(replace(transport.device, conditions=limits), fake_model())
    phone.state(hold_skin_c=37.5)
    attempt = Attempt("a-session", 1, fake_harness, lambda: NOW, lambda _: None)
    run = execute(job, transport, attempt)
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "not_settled")
    assert run.reason is not None
    assert re.fullmatch(r"s25 did not settle in 1 s: its skin is at 37\.[45] C, the limit is 36 C", run.reason), run.reason
    phone.state(hold_skin_c=30.0)
    run = execute(job, transport, attempt)
    assert run.outcome is Outcome.OK, run.reason
    assert {reading.name for reading in run.state} >= {"skin_temperature_c", "thermal_status", "battery_level_percent", "frequency_hz"}


def test_a_phone_that_throttles_in_a_pass_gives_an_invalid_run(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=200_000_000))
    runs = measured(transport, job, fake_harness, lambda: phone.state(hold_skin_c=45))
    assert runs[0].outcome is Outcome.INVALID
    assert runs[0].reason is not None
    assert re.fullmatch(r"after the pass its thermal status is (light|moderate|severe|critical)", runs[0].reason)


def test_a_sustain_pass_notes_how_warm_the_phone_becomes_and_is_valid_although_it_throttles(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = replace(on(transport.device, fake_model(sleep_ns=50_000_000), sustain_ms=12_000), pass_=Pass.SUSTAIN)
    (run,) = measured(transport, job, fake_harness, lambda: phone.state(hold_skin_c=45))
    assert run.outcome is Outcome.OK, run.reason
    noted = {item.metric: item for item in run.readings}
    assert max(noted["thermal_status"].values) >= 1  # the skin is held at 45 C: the phone says that it throttles
    assert max(noted["skin_temperature_c"].values) > 44
    at_ns = noted["thermal_status"].at_ns
    assert at_ns is not None
    assert -1e9 < at_ns[0] < at_ns[-1] < 20e9
    assert next(reading.value for reading in run.state if reading.name == "thermal_poll_hz") == 0.2


# Settings.


ON, OFF = "1.000000", "0.000000"
SETTINGS = {
    "stay_awake": "global stay_on_while_plugged_in",
    "screen_timeout": "system screen_off_timeout",
    "brightness_mode": "system screen_brightness_mode",
    "brightness": "system screen_brightness",
    "battery_saver": "global low_power",
}


def settings_of(phone: Phone) -> dict[str, str]:
    return {name: phone.shell(f"settings get {key}").stdout.strip() for name, key in SETTINGS.items()}


def held(transport: AndroidTransport) -> dict[str, str | None]:
    """What the transport says of each thing that it holds steady: how it is, or why it could not be set."""
    found = [reading for reading in transport.vitals("before") if reading.name.endswith("_setting")]
    return {reading.name.removesuffix("_setting"): reading.text or reading.reason for reading in found}


def test_settings_are_held_steady_and_put_back_by_whoever_comes_next(
    android_bench: Bench, phone: Phone, device: Device, transport: AndroidTransport
) -> None:
    phone.shell("settings put system screen_brightness 111; settings delete global stay_on_while_plugged_in")
    before = settings_of(phone)
    transport.prepare(CALM)
    steady = {"stay_awake": "7", "screen_timeout": "2147483647", "brightness_mode": "0", "brightness": "20", "battery_saver": "0"}
    assert settings_of(phone) == steady
    assert steady.items() <= held(transport).items()
    phone.reboot(away_s=0.2)  # the controller is killed, the phone restarts: the note is still there
    other = AndroidTransport(device)
    other.preflight()
    other.restore()
    assert settings_of(phone) == before
    assert (before["stay_awake"], before["brightness"]) == ("null", "111")
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout


@pytest.fixture
def pixel9(android_bench: Bench) -> Iterator[AndroidTransport]:
    """A phone whose framework offers all that is held."""
    phone = android_bench.phones["pixel9"]
    transport = AndroidTransport(Device("pixel9", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    transport.preflight()
    yield transport
    transport.restore()


def switched(phone: Phone) -> dict[str, str]:
    """How a phone truly is."""
    words = {"airplane": phone.read("airplane"), "screen": phone.read("display_state")}
    return words | {name: phone.read(name) for name in ("fixed_performance", "dexopt_disabled")}


def test_radios_clocks_compilation_and_screen_are_held_and_put_back(android_bench: Bench, pixel9: AndroidTransport) -> None:
    phone = android_bench.phones["pixel9"]
    phone.shell("input keyevent KEYCODE_SLEEP; cmd package bg-dexopt-job --enable")
    before = switched(phone)
    assert before == {"airplane": "disabled", "screen": "OFF", "fixed_performance": OFF, "dexopt_disabled": OFF}
    pixel9.prepare(CALM)
    assert switched(phone) == {"airplane": "enabled", "screen": "ON", "fixed_performance": ON, "dexopt_disabled": ON}
    wanted = {"airplane_mode": "on", "fixed_performance": "on", "background_dexopt": "off", "screen": "awake"}
    assert wanted.items() <= held(pixel9).items()
    pixel9.prepare(CALM)  # a controller that did not put it back is followed by one that holds it too
    pixel9.restore()
    assert switched(phone) == before
    phone.shell("input keyevent KEYCODE_WAKEUP")


def test_what_the_conditions_leave_alone_is_left_alone(android_bench: Bench, pixel9: AndroidTransport) -> None:
    pixel9.prepare(replace(CALM, airplane_mode=False, fixed_performance=False))
    assert switched(android_bench.phones["pixel9"]).items() >= {"airplane": "disabled", "fixed_performance": OFF}.items()
    assert not {"airplane_mode", "fixed_performance"} & held(pixel9).keys()


def test_what_was_on_already_stays_on(android_bench: Bench, pixel9: AndroidTransport) -> None:
    phone = android_bench.phones["pixel9"]
    phone.shell("cmd connectivity airplane-mode enable")
    pixel9.prepare(CALM)
    pixel9.restore()
    assert switched(phone)["airplane"] == "enabled"
    phone.shell("cmd connectivity airplane-mode disable")


def test_a_phone_without_a_mode_says_so_and_has_nothing_left_to_put_back(phone: Phone, transport: AndroidTransport) -> None:
    transport.prepare(CALM)
    assert "Failed to set FIXED_PERFORMANCE mode" in str(held(transport)["fixed_performance"])
    assert "fixed_performance" not in phone.shell("cat /data/local/tmp/farm/put-back.json").stdout
    transport.restore()
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout


@pytest.mark.parametrize("noted", ['{"fixed_performance": "off"}', '{"screen": "on"}', '{"fixed_performance": "off", "brightness": "77"}'])
def test_a_note_of_what_a_phone_does_not_take_does_not_stay_for_ever(phone: Phone, device: Device, noted: str) -> None:
    phone.shell(f"mkdir -p /data/local/tmp/farm; echo '{noted}' >/data/local/tmp/farm/put-back.json")  # as a killed controller left it
    transport = AndroidTransport(device)
    transport.preflight()
    transport.restore()
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout
    phone.shell("settings put system screen_brightness 155")  # by its owner, later
    transport.prepare(CALM)
    transport.restore()
    assert phone.shell("settings get system screen_brightness").stdout.strip() == "155"


def test_a_full_disk_does_not_keep_what_was_held_from_being_put_back(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.claim(Holder("here", "a test"))
    transport.prepare(CALM)
    phone.fill_disk(leave_bytes=0)
    transport.lease.renewed_s = -1e9
    transport.restore()
    transport.release()
    assert settings_of(phone) == before


@pytest.mark.parametrize(
    ("serial", "over_radio"),
    [
        ("R5CX12", False),
        ("127.0.0.1:5555", False),
        ("localhost:40001", False),
        ("192.168.1.20:5555", True),
        ("[fe80::1]:5555", True),
        ("adb-R5CX12-x1._adb-tls-connect._tcp", True),
        ("odd:serial", False),
    ],
)
def test_a_phone_that_is_reached_over_its_radio_keeps_it(serial: str, over_radio: bool) -> None:
    assert is_over_radio(serial) is over_radio
    names = {thing.name for thing in steady.wanted(CALM, link_needs_radio=over_radio)}
    assert ("airplane_mode" in names) is not over_radio


def test_a_link_that_drops_while_settings_are_put_back_costs_nothing(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.prepare(CALM)
    dropped = threading.Thread(target=away(phone, 2, phone.drop))
    dropped.start()
    transport.restore()
    dropped.join()
    assert settings_of(phone) == before


def test_a_phone_that_lets_nobody_set_anything_says_so_and_is_measured_all_the_same(android_bench: Bench) -> None:
    phone = android_bench.phones["xiaomi12x"]
    transport = AndroidTransport(Device("mi", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    transport.preflight()
    before = settings_of(phone)
    transport.prepare(CALM)
    said = held(transport)
    assert all("WRITE_SECURE_SETTINGS" in str(said[name]) for name in ("stay_awake", "brightness_mode", "brightness")), said
    assert "NETWORK_AIRPLANE_MODE" in str(said["airplane_mode"])
    assert "no command to stop it" in str(said["background_dexopt"])  # an older one would compile at once
    assert said["screen"] == "awake"
    transport.restore()
    assert settings_of(phone) == before
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout


# Controllers on other hosts.


def test_a_lease_in_the_box_keeps_another_host_away_until_it_is_given_up_or_ends(
    phone: Phone, device: Device, transport: AndroidTransport
) -> None:
    other = AndroidTransport(device, reconnect_s=0.0)
    transport.claim(Holder("host-one", "process 7 of ann on one since noon: farm run"))
    with pytest.raises(DeviceBusy, match="s25 is held by process 7 of ann on one since noon: farm run"):
        other.claim(Holder("host-two", "bob"))
    transport.release()
    other.claim(Holder("host-two", "bob"))
    phone.shell("cd /data/local/tmp/farm && { echo host-two; echo 1000; echo bob; } >lease")  # its host died long ago
    transport.claim(Holder("host-one", "ann"))
    with pytest.raises(DeviceBusy, match="held by ann"):
        AndroidTransport(device, reconnect_s=0.0).claim(Holder("host-two", "bob"))
    phone.shell("cd /data/local/tmp/farm && { echo host-one; echo 99999999999; echo ann; } >lease")  # the clock went back
    other.claim(Holder("host-two", "bob"))
    other.release()
    assert "lease" not in phone.shell("ls /data/local/tmp/farm").stdout.split()


@pytest.mark.parametrize("words", ["farm run a\\c.pte", "farm run C:\\new\\table \\0101", "farm run -n", "-n"])
def test_a_lease_says_its_holders_words_as_they_are(device: Device, transport: AndroidTransport, words: str) -> None:
    transport.claim(Holder("host-one", words))
    assert transport.holder() == Holder("host-one", words)
    with pytest.raises(DeviceBusy, match=re.escape(f"s25 is held by {words}")):
        AndroidTransport(device, reconnect_s=0.0).claim(Holder("host-two", "bob"))
    transport.release()
    assert transport.holder() is None


def test_a_controller_that_was_away_longer_than_its_lease_finds_it_taken(phone: Phone, device: Device, transport: AndroidTransport) -> None:
    transport.claim(Holder("host-one", "ann"))
    phone.shell("cd /data/local/tmp/farm && { echo host-two; echo $(($(date +%s) + 60)); echo bob; } >lease")
    transport.lease.renewed_s -= 1000.0
    with pytest.raises(DeviceBusy, match="held by bob"):
        transport.vitals("before")
    phone.shell("rm /data/local/tmp/farm/lease")
    transport.release()


# What is said.


def test_a_full_disk_is_said_with_what_is_needed(phone: Phone, transport: AndroidTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(3_000_000))
    phone.fill_disk(leave_bytes=1_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 1 MB free, file needs 67 MB"):
        transport.push(file, "files/new")


def failing(device: Device) -> FarmError:
    with pytest.raises(FarmError) as caught:
        AndroidTransport(device, reconnect_s=0.0).preflight()
    assert "\n" not in caught.value.message
    return caught.value


def test_what_is_wrong_with_a_device_is_said_with_the_remedy(android_bench: Bench, device: Device) -> None:
    unauthorised = failing(replace(device, serial=android_bench.unauthorized()))
    assert "is unauthorized" in unauthorised.message
    assert unauthorised.hint is not None
    assert "allow this computer" in unauthorised.hint
    assert "no device with the serial R5CX hangs on 127.0.0.1:" in failing(replace(device, serial="R5CX")).message
    no_server = failing(replace(device, adb="127.0.0.1:9"))
    assert no_server.message == "no adb server answers at 127.0.0.1:9"


def test_a_match_finds_the_one_device_and_refuses_two(android_bench: Bench, device: Device) -> None:
    by_model = AndroidTransport(replace(device, serial=None, match="Pixel 9"))
    by_model.preflight()
    assert by_model.identify().model == "Google Pixel 9"
    by_product = AndroidTransport(replace(device, serial=None, match="CPH26*"))
    by_product.preflight()
    assert by_product.identify().model.endswith("CPH2653")
    with pytest.raises(InputError, match=r"\d devices with the product or model \* hang on"):
        AndroidTransport(replace(device, serial=None, match="*"), reconnect_s=0.0).preflight()


def test_two_phones_of_one_serial_number_have_two_identities(builds: Path) -> None:
    with Bench(builds, [Spec("s25", name=name, serialno="0123456789ABCDEF") for name in ("one", "two")]) as bench:
        devices = [Device(name, DeviceKind.ANDROID, adb=bench.adb.address, serial=phone.serial) for name, phone in bench.phones.items()]
        one, two = (AndroidTransport(device).identify() for device in devices)
        assert one.model == two.model
        assert one.id != two.id


def test_names_and_options_reach_the_harness_as_they_are(phone: Phone, transport: AndroidTransport, fake_model: FakeModel) -> None:
    evil = "$(touch /data/local/tmp/evil)`touch /data/local/tmp/evil`'\"; touch /data/local/tmp/evil"
    job = a_job(fake_model())
    job = replace(job, workload=replace(job.workload, method=evil))
    transport.push(job.artifact.path, "files/model")
    handle = transport.start(arguments(job, BoxNames("files/model"), "ab"), "ab")
    deadline_s = time.monotonic() + 20
    while transport.poll(handle) is Status.RUNNING and time.monotonic() < deadline_s:
        time.sleep(0.05)
    left = transport.collect(handle)
    transport.clean(handle)
    assert left.result is not None
    assert "touch /data/local/tmp/evil" in left.result
    assert phone.shell("ls /data/local/tmp").stdout.split() == ["farm"]
    with pytest.raises(InputError, match="line break"):
        transport.start(["--method", "a\nb"], "ac")


def test_a_server_lists_its_devices_as_adb_does(android_bench: Bench) -> None:
    host, _, port = android_bench.adb.address.partition(":")
    listed = {one.serial: (one.state, one.model) for one in Server(host, int(port)).devices() if one.state == "device"}
    assert listed[android_bench.phones["s25"].serial] == ("device", "SM_S931B")


def test_a_batterys_own_file_tells_what_the_battery_service_does_not(android_bench: Bench) -> None:
    phone = android_bench.phones["xiaomi12x"]
    transport = AndroidTransport(Device("mi", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    found = [reading for reading in transport.vitals("before") if reading.name.startswith("battery_")]
    by_name = {reading.name: reading for reading in found}
    assert by_name["battery_cycle_count"].value == 213
    assert by_name["battery_cycle_count"].source == "uevent bms"
    assert by_name["battery_level_percent"].source == "dumpsys battery"
    assert len(by_name) == len(found)


def test_where_a_skin_throttles_is_stored_with_how_warm_it_is(android_bench: Bench) -> None:
    phone = android_bench.phones["pixel9"]
    transport = AndroidTransport(Device("pixel9", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    limits = {one.source: one.value for one in transport.vitals("before") if one.name == "temperature_threshold_c"}
    assert limits["VIRTUAL-SKIN (skin) light"] == 39.0
    assert all("(skin)" in source for source in limits)


def test_a_harness_on_the_phone_goes_when_room_is_made_and_comes_back_when_it_is_needed(
    phone: Phone, transport: AndroidTransport, fake_harness: HarnessBuild
) -> None:
    count = "find /data/local/tmp/farm/harness -type f | wc -l"
    assert int(phone.shell(count).stdout) >= len(fake_harness.files)
    transport.shrink(0)
    assert int(phone.shell(count).stdout) == 0
    transport.install(fake_harness)
    assert int(phone.shell(count).stdout) == len(fake_harness.files)
