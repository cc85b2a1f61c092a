"""Processor, properties, framework, toybox, adb and logs."""

import pytest

from farm.devices.readers import adb, cpu, errors, framework, logs, proc, properties, toybox
from farm.devices.readers.errors import Problem
from tests.devices.readers import system_texts, texts


def test_frequencies_are_in_khz() -> None:
    assert cpu.frequency("2803200\n", "policy4").value == 2_803_200_000
    assert cpu.frequency("0\n", "policy4").reason == "0 kHz is no processor's frequency"
    assert cpu.frequency("", "policy4").reason == "there was no output"
    assert cpu.frequency("2803200\n", "policy4", "max_frequency_hz").name == "max_frequency_hz"
    assert cpu.governor("schedutil\n", "policy4").text == "schedutil"


def test_time_at_frequencies() -> None:
    assert cpu.time_in_state(texts.TIME_IN_STATE)[0] == cpu.TimeAt(300_000_000, 1_203_340_000_000)
    assert cpu.time_in_state(texts.TIME_IN_STATE + "cat: x: Permission denied\n") == ()
    assert cpu.time_in_state(texts.TIME_IN_STATE + "300000 5\n") == ()


@pytest.mark.parametrize(
    ("text", "numbers"), [("0-3,7\n", (0, 1, 2, 3, 7)), ("0 1\n", (0, 1)), ("0\n", (0,)), ("0-", ()), ("3-0\n", ()), ("\n", ())]
)
def test_lists_of_cpus(text: str, numbers: tuple[int, ...]) -> None:
    assert cpu.cpus(text) == numbers


def test_cores_that_are_listed_in_full() -> None:
    assert cpu.cores(texts.CPUINFO) == (
        cpu.Core(0, "0x41", "0xd80"),
        cpu.Core(1, "0x41", "0xd80"),
        cpu.Core(2, "0x41", "0xd81"),
        cpu.Core(3, "0x41", "0xd82"),
    )


def test_properties_and_who_it_is() -> None:
    values = properties.properties(system_texts.GETPROP)
    assert values["persist.sys.boot.reason.history"].splitlines()[-1] == "cold,1700000001"
    assert values["ro.odd"] == "a [bracket] within"
    assert values["ro.boot.bootreason"] == ""
    found = {reading.name: reading.text for reading in properties.identity(values)}
    assert found == {
        "manufacturer": "Acme",
        "model": "AP-5001",
        "product": "phone_eea",
        "device": "phone",
        "os_release": "15",
        "os_sdk": "35",
        "os_build": "acme/phone/phone:15/AB3A.250101.001/1234567:user/release-keys",
        "patch_level": "2026-02-01",
        "build_type": "user",
        "abi": "arm64-v8a",
        "trade_name": "Acme Phöne 5",
        "soc": "QTI SM8750",
    }
    assert not properties.is_emulator(values)
    assert properties.is_emulator({"ro.boot.qemu": "1"})
    assert properties.has_booted(values)


def test_a_platforms_name_stands_in_for_an_unknown_soc() -> None:
    values = {"ro.board.platform": "lito", "sys.boot_completed": "1"}
    assert (properties.soc(values).text, properties.soc(values).source) == ("lito", "ro.board.platform")
    assert properties.soc({"ro.board.platform": "lito"}).reason == "the dump ends before ro.soc.model"


def test_a_key_printed_twice_differently_is_none() -> None:
    assert properties.properties("[a]: [1]\n[a]: [2]\n[b]: [3]\n[b]: [3]\n") == {"b": "3"}


def test_screen_and_power() -> None:
    assert framework.wakefulness(system_texts.POWER).text == "asleep"
    assert framework.stays_on(system_texts.POWER).text == "on"
    assert framework.screen(system_texts.DISPLAY).text == "on"
    assert framework.screen(system_texts.DISPLAY.replace("State=ON", "State=DOZE_SUSPEND")).text == "doze"
    assert framework.screen(system_texts.DISPLAY.replace("size=2", "size=3")).text is None
    assert framework.screen("Display Power State:\n  mScreenState=OFF\n").text == "off"
    assert framework.refresh_rate(system_texts.DISPLAY).value == 120.00001
    assert [panel.text for panel in framework.panels(system_texts.SURFACE_FLINGER)] == ["on"]
    assert framework.doze(system_texts.DEVICEIDLE).text == "deep IDLE_PENDING, light IDLE"


def test_an_alarm_in_a_file_of_power_is_no_power() -> None:
    assert framework.wakefulness("Current Alarm Manager state:\n  nowRTC=1\n").reason == (
        "the dump has no single mWakefulness that is known"
    )


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("100\n", "100", None),
        ("null\n", None, "not set"),
        ("10", None, "the answer is not one complete line"),
        ("a\nb\n", None, "the answer is not one complete line"),
        (
            "java.lang.SecurityException: Permission denial\n",
            None,
            "denied: java.lang.SecurityException: Permission denial",
        ),
    ],
)
def test_a_setting(text: str, value: str | None, reason: str | None) -> None:
    reading = framework.setting(text, "screen_brightness")
    assert (reading.name, reading.text, reading.reason) == ("screen_brightness", value, reason)


def test_lists_of_settings() -> None:
    found = framework.settings(system_texts.SETTINGS)
    assert found["battery_saver_constants"] == "vibration=true,gps_mode=2"
    assert found["zen_duration"] is None
    assert framework.settings("a=1\na=2\n") == {}


def test_airplane_mode() -> None:
    assert framework.airplane_mode("enabled\n").text == "on"
    assert framework.airplane_mode("disabled\r\n").text == "off"
    assert framework.airplane_mode("Unknown command: airplane-mode\n").reason == "no such command: Unknown command: airplane-mode"


def test_memory_of_an_app() -> None:
    assert [reading.value for reading in framework.app_memory(system_texts.APP_MEMORY)] == [204800 * 1024, 180224 * 1024, 2048 * 1024]


@pytest.mark.parametrize(
    ("up", "uptime_s"), [("3 days,  7:05", 284_700), ("1 day,  0:01", 86_460), (" 1:10", 4200), ("5 min", 300), ("2 days, 5 min", 173_100)]
)
def test_uptime(up: str, uptime_s: int) -> None:
    found = toybox.uptime(f" 09:14:33 up {up},  0 users,  load average: 2.31, 1.87, 1.90\n")
    assert [reading.value for reading in found] == [uptime_s, 2.31]


def test_disks() -> None:
    assert [(disk.mounted_on, disk.free_bytes // 1024) for disk in toybox.disks(system_texts.DF)] == [
        ("/dev", 3778460),
        ("/vendor", 1014984),
        ("/data", 51900000),
    ]
    assert toybox.disks("/dev/block/dm-50 108G 58G 50G 54% /data\n") == ()


def test_attached_devices_and_their_states() -> None:
    found = adb.attached(system_texts.ADB_DEVICES)
    assert [device.state.split(";")[0] for device in found] == [
        "device",
        "offline",
        "device",
        "unauthorized",
        "no permissions (missing udev rules? user is in the plugdev group)",
    ]
    assert [device.is_ready for device in found] == [True, False, True, False, False]
    assert found[0].facts == {"usb": "3-1.4", "product": "pa1qeea", "model": "SM_S931B", "device": "pa1q", "transport_id": "7"}


def test_how_a_push_ended() -> None:
    assert adb.pushed(system_texts.ADB_PUSH) == adb.Pushed(104_857_600)
    failed = system_texts.ADB_PUSH + "adb: error: failed to copy 'a' to 'b': remote Read-only file system\n"
    assert adb.pushed(failed).bytes_sent is None
    assert str(adb.pushed(failed).reason).startswith("read-only: ")
    assert adb.pushed("[ 50%] /data/local/tmp/model.pte\n").reason == "adb does not say that the push has ended"


def test_who_was_killed_for_memory() -> None:
    found = logs.kills(system_texts.LOGCAT)
    assert [(kill.by, kill.process, kill.pid, kill.for_memory) for kill in found] == [
        ("lmkd", "org.example.app", 4321, True),
        ("activity manager", "com.example.idle", 5000, False),
        ("kernel", "harness", 6001, True),
    ]
    assert found[0].rss_bytes == 180224 * 1024
    assert found[0].reason.startswith("low watermark is breached and swap is low")
    assert logs.deaths(system_texts.LOGCAT) == {4321: "org.example.app"}


def test_how_a_process_crashed() -> None:
    found = logs.tombstone(system_texts.TOMBSTONE)
    assert found is not None
    assert (found.process, found.pid, found.thread, found.signal) == ("./harness", 6001, "worker", "SIGABRT")
    assert found.summary == "./harness crashed: SIGABRT (SI_QUEUE): terminating due to uncaught exception of type std::bad_alloc"
    two_lines = logs.tombstone(system_texts.TOMBSTONE.replace("of type std", "of\ntype std"))
    assert two_lines is not None
    assert two_lines.abort_message == "terminating due to uncaught exception of\ntype std::bad_alloc"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("cat: /sys/x: Permission denied", Problem.DENIED),
        ("cat: /sys/x: No such file or directory", Problem.ABSENT),
        ("cat: read error: Invalid argument", Problem.UNREADABLE),
        ("/system/bin/sh: ./harness: not found", Problem.NO_COMMAND),
        ("Can't find service: battery", Problem.NO_SERVICE),
        ("cmd: Failure calling service battery: Failed transaction (2147483646)", Problem.NO_SERVICE),
        ("Security exception: uid 2000 does not have permission", Problem.DENIED),
        ("service: Service batteryproperties does not exist", Problem.NO_SERVICE),
        ("Unknown command: set-fixed-performance-mode-enabled", Problem.NO_COMMAND),
        ("*** SERVICE 'battery' DUMP TIMEOUT (10000ms) EXPIRED ***", Problem.TIMED_OUT),
        ("adb: error: failed to copy 'a' to 'b': remote No space left on device", Problem.NO_SPACE),
        ("sh: write error: No space left on device", Problem.NO_SPACE),
        ("error: device 'R5' not found", Problem.FAILED),
        ("error: closed", Problem.FAILED),
        ("No process found for: org.example", Problem.ABSENT),
        ("/system/bin/sh: ./harness: not executable: 64-bit ELF file", Problem.FAILED),
        ('CANNOT LINK EXECUTABLE "./harness": library "libx.so" not found: needed by main executable', Problem.FAILED),
    ],
)
def test_errors(line: str, problem: Problem) -> None:
    assert errors.find(f"{line}\n") == (problem, line)
    assert errors.why(line, "otherwise") == f"{problem}: {line}"


@pytest.mark.parametrize(
    "text",
    [
        texts.OPLUS_BATTERY,
        texts.THERMAL,
        texts.POWER_STATS,
        system_texts.GETPROP,
        system_texts.DISPLAY,
        system_texts.DF,
        system_texts.TOMBSTONE,
    ],
)
def test_data_is_no_error(text: str) -> None:
    assert errors.find(text) is None


@pytest.mark.parametrize(
    "damage",
    [
        ("processor\t: 2", "processor\t: 1"),
        ("processor\t: 0", "processor\t: 7"),
    ],
)
def test_cores_out_of_order_are_none(damage: tuple[str, str]) -> None:
    assert cpu.cores(texts.CPUINFO.replace(*damage)) == ()


def test_a_core_with_two_parts_is_none() -> None:
    assert [core.number for core in cpu.cores(texts.CPUINFO.replace("part\t: 0xd81", "part\t: 0xd81\nCPU part\t: 0xd82"))] == [0, 1, 3]


def test_blocks_of_another_size_are_not_read() -> None:
    assert toybox.disks(system_texts.DF.replace("1K-blocks", "512-blocks")) == ()


def test_what_debuggerd_takes_for_the_cause() -> None:
    text = system_texts.TOMBSTONE.replace(
        "signal 6 (SIGABRT), code -1 (SI_QUEUE), fault addr --------", "signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0"
    )
    found = logs.tombstone(
        "".join(line for line in text.splitlines(keepends=True) if "Abort" not in line).replace(
            "    x0", "Cause: null pointer dereference\n    x0"
        )
    )
    assert found is not None
    assert found.fault_address == "0x0"
    assert found.summary == "./harness crashed: SIGSEGV (SEGV_MAPERR): null pointer dereference"


@pytest.mark.parametrize("ending", ["\r\n", " \n", "x\n", "\0\n", "\n"])
def test_a_line_of_processor_times_with_an_odd_end_is_read_in_no_time(ending: str) -> None:
    stat = texts.STAT.replace("\n", ending, 1)
    assert proc.cpu_times(stat) == (None if ending[0] in "x\0" else proc.cpu_times(texts.STAT))


def test_who_waits_for_connections_at_a_port() -> None:
    assert proc.listening_inodes(system_texts.PROC_NET_TCP, 5292) == {2222}
    ipv6 = "   0: 00000000000000000000000000000000:14AC 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000"
    assert proc.listening_inodes(f"{ipv6}     0        0 44 1 00 100 0 0 10 0\n", 5292) == {44}
    assert proc.listening_inodes(system_texts.PROC_NET_TCP, 48206) == set()
