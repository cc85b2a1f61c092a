import pytest

from farm import conditions
from farm.devices.readers import thermal
from farm.workloads import Conditions, DeviceKind, Pass, Readings, StateReading
from tests.conftest import a_job, an_artifact


def state(busy: float | None) -> list[StateReading]:
    return [StateReading("cpu_busy_ratio", "before", value=busy, reason=None if busy is not None else "/proc/stat cannot be read")]


def test_a_busy_device_is_not_ready_and_one_that_says_nothing_neither() -> None:
    limits = Conditions(max_cpu_busy_ratio=0.25)
    assert conditions.unmet(limits, state(0.2), DeviceKind.LOCAL) == []
    assert conditions.unmet(limits, state(0.3), DeviceKind.LOCAL) == ["the CPUs are 30% busy, the limit is 25%"]
    assert "cannot be read" in conditions.unmet(limits, state(None), DeviceKind.LOCAL)[0]
    assert conditions.unmet(limits, [], DeviceKind.LOCAL) != []


@pytest.mark.parametrize(
    ("read", "reasons"),
    [
        ({"skin_temperature_c": 36.0, "thermal_status": 0, "battery_level_percent": 20}, []),
        ({"skin_temperature_c": 36.1, "battery_level_percent": 80}, ["its skin is at 36.1 C, the limit is 36 C"]),
        ({"battery_temperature_c": 35.0, "battery_level_percent": 80}, []),
        ({"battery_temperature_c": 38.0, "battery_level_percent": 80}, ["its battery is at 38.0 C, the limit is 36 C"]),
        ({"skin_temperature_c": 30.0, "battery_temperature_c": 38.0, "battery_level_percent": 80}, []),
        ({"skin_temperature_c": 30.0, "thermal_status": 2, "battery_level_percent": 80}, ["its thermal status is moderate"]),
        ({"skin_temperature_c": 30.0, "battery_level_percent": 19}, ["its battery is at 19%, the least is 20%"]),
        ({"skin_temperature_c": 30.0, "battery_level_percent": 91}, ["its battery is at 91%, the most is 90%"]),
        (
            {},
            [
                "how warm it is is unknown: skin_temperature_c was not read; battery_temperature_c was not read",
                "how charged it is is unknown: battery_level_percent was not read",
            ],
        ),
    ],
)
def test_a_phone_must_be_cool_unthrottled_and_charged(read: dict[str, float], reasons: list[str]) -> None:
    readings = [*state(0.1), *(StateReading(name, "before", value=value) for name, value in read.items())]
    assert conditions.unmet(Conditions(max_battery_ratio=0.9), readings, DeviceKind.ANDROID) == reasons


def test_a_phone_whose_screen_is_off_is_not_ready() -> None:
    readings = [
        *state(0.1),
        *(StateReading(name, "before", value=value) for name, value in {"skin_temperature_c": 30.0, "battery_level_percent": 80}.items()),
    ]
    asleep = StateReading("wakefulness", "before", text="dozing")
    assert conditions.unmet(Conditions(), [*readings, asleep], DeviceKind.ANDROID) == ["it is dozing"]
    assert conditions.unmet(Conditions(), [*readings, StateReading("wakefulness", "before", text="awake")], DeviceKind.ANDROID) == []


def test_a_phone_whose_clocks_are_capped_far_below_its_hardwares_is_not_ready() -> None:
    read = {"skin_temperature_c": 30.0, "battery_level_percent": 80.0}
    calm = [*state(0.1), *(StateReading(name, "before", value=value) for name, value in read.items())]

    def clocks(cap_hz: float | None, most_hz: float | None) -> list[StateReading]:
        pairs = (("frequency_cap_hz", cap_hz), ("max_frequency_hz", most_hz))
        found = [StateReading(name, "before", value=value, source="policy6", reason=None if value else "denied") for name, value in pairs]
        others = [StateReading(name, "before", value=2e9, source="policy0") for name, _ in pairs]
        return [*calm, *others, *found]

    said = "policy6 is capped to 29% of its clock, the least is 50%"
    assert conditions.unmet(Conditions(), clocks(1.0e9, 3.5e9), DeviceKind.ANDROID) == [said]
    assert conditions.unmet(Conditions(), clocks(1.75e9, 3.5e9), DeviceKind.ANDROID) == []
    assert conditions.unmet(Conditions(min_frequency_cap_ratio=0.2), clocks(1.0e9, 3.5e9), DeviceKind.ANDROID) == []
    assert conditions.unmet(Conditions(), clocks(None, 3.5e9), DeviceKind.ANDROID) == []
    assert conditions.unmet(Conditions(), clocks(1.0e9, None), DeviceKind.ANDROID) == []


@pytest.mark.parametrize(
    ("brightness", "said"),
    [
        (0.5, []),
        (0.8, ["its screen is at 80% of its brightness, the most is 50%"]),
        (None, ["how bright its screen is is unknown: not told"]),
    ],
)
def test_an_iphone_whose_screen_is_bright_is_not_ready(brightness: float | None, said: list[str]) -> None:
    calm = {"battery_temperature_c": 30.0, "battery_level_percent": 80.0}
    readings = [*state(0.1), *(StateReading(name, "before", value=value) for name, value in calm.items())]
    reading = StateReading("brightness_ratio", "before", value=brightness, reason=None if brightness is not None else "not told")
    assert conditions.unmet(Conditions(), [*readings, reading], DeviceKind.IOS) == said
    assert conditions.unmet(Conditions(), [*readings, reading], DeviceKind.ANDROID) == []


def test_a_thermal_status_that_somebody_told_the_phone_is_none() -> None:
    readings = [
        *state(0.1),
        *(StateReading(name, "before", value=value) for name, value in {"skin_temperature_c": 30.0, "battery_level_percent": 80}.items()),
    ]
    told = thermal.status("IsStatusOverride: true\nThermal Status: 0\n")
    overridden = StateReading(told.name, "before", reason=told.reason)
    said = "its thermal status is overridden by `cmd thermalservice override-status`, which `cmd thermalservice reset` ends"
    assert conditions.unmet(Conditions(), [*readings, overridden], DeviceKind.ANDROID) == [said]
    denied = StateReading("thermal_status", "before", reason="Permission Denial")
    assert conditions.unmet(Conditions(), [*readings, denied], DeviceKind.ANDROID) == []


@pytest.mark.parametrize(
    ("readings", "pass_", "flavour", "found"),
    [
        ({"wall_ns": 1000, "run_delay_ns": 100, "thread_cpu_time_ns": 990}, Pass.LATENCY, "xnnpack", "waited for a CPU for 10.0%"),
        ({"wall_ns": 1000, "steal_ns": 200, "thread_cpu_time_ns": 990}, Pass.LATENCY, "xnnpack", "hypervisor took the CPUs away for 20.0%"),
        ({"wall_ns": 1000, "thread_cpu_time_ns": 500}, Pass.LATENCY, "xnnpack", "had a CPU for 50.0%"),
        ({"wall_ns": 1000, "thread_cpu_time_ns": 500}, Pass.LATENCY, "plain_attention+xnnpack", "had a CPU for 50.0%"),
        ({"wall_ns": 1000, "thread_cpu_time_ns": 500}, Pass.LATENCY, "qnn", None),
        ({"wall_ns": 1000, "thread_cpu_time_ns": 500}, Pass.LATENCY, "portable+qnn", None),
        ({"wall_ns": 1000, "thread_cpu_time_ns": 500}, Pass.LOAD_COLD, "xnnpack", None),
        ({"wall_ns": 1000, "run_delay_ns": 10, "steal_ns": 0, "thread_cpu_time_ns": 990}, Pass.LATENCY, "xnnpack", None),
        ({"wall_ns": 1000, "run_delay_ns": 900}, Pass.MEMORY, "xnnpack", None),
    ],
)
def test_the_signs_of_a_disturbed_pass(readings: dict[str, float], pass_: Pass, flavour: str, found: str | None) -> None:
    given = [Readings(metric, (value,)) for metric, value in readings.items()]
    reasons = conditions.disturbances(Conditions(), given, flavour, a_job(an_artifact(), pass_))
    assert (len(reasons) == 1 and found in reasons[0]) if found else reasons == []


def kernel(before_ns: tuple[float, ...], after_ns: tuple[float, ...]) -> list[Readings]:
    return [Readings("reference_kernel_ns", before_ns, "before"), Readings("reference_kernel_ns", after_ns, "after")]


def cap(*hz: float) -> Readings:
    return Readings("frequency_cap_hz", hz, "policy6", tuple(range(len(hz))))


@pytest.mark.parametrize(
    ("readings", "found"),
    [
        (kernel((100.0, 500.0), (109.0, 110.0)), None),
        (kernel((100.0, 500.0), (112.0, 300.0)), "took 12% longer after the pass"),
        (kernel((112.0,), (100.0,)), None),
        (kernel((), (100.0,)), None),
        ([cap(4e9, 3.7e9, 4e9)], None),
        ([cap(4e9, 3.2e9, 4e9)], "policy6 was capped from 4000 to 3200 MHz"),
        ([cap(3.2e9, 4e9)], None),
        ([cap()], None),
        ([cap(0, 0)], None),
        ([], None),
    ],
)
def test_the_signs_of_a_device_that_throttled(readings: list[Readings], found: str | None) -> None:
    reasons = conditions.slowdowns(Conditions(), readings)
    assert (len(reasons) == 1 and found in reasons[0]) if found else reasons == []


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0504, "waited for a CPU for 5.04% of the timed part, the limit is 5%"),
        (0.050004, "waited for a CPU for 5.0004% of the timed part, the limit is 5%"),
        (0.1, "waited for a CPU for 10.0% of the timed part, the limit is 5%"),
    ],
)
def test_a_reading_beyond_its_limit_reads_so(share: float, said: str) -> None:
    readings = [Readings("wall_ns", (1e9,)), Readings("run_delay_ns", (share * 1e9,))]
    (reason,) = conditions.disturbances(Conditions(max_run_delay_ratio=0.05), readings, "xnnpack", a_job(an_artifact()))
    assert said in reason


def test_a_limit_with_a_fraction_is_told_as_it_was_stated() -> None:
    assert conditions.unmet(Conditions(max_cpu_busy_ratio=0.125), state(0.1251), DeviceKind.LOCAL) == [
        "the CPUs are 13% busy, the limit is 12.5%"
    ]
    assert conditions.unmet(Conditions(max_cpu_busy_ratio=0.25), state(0.253), DeviceKind.LOCAL) == [
        "the CPUs are 25.3% busy, the limit is 25%"
    ]


def phase(name: str, cpus_s: float, busy_s: float, own_s: float) -> list[Readings]:
    seconds = {"phase_cpus_ns": cpus_s, "phase_busy_ns": busy_s, "phase_own_ns": own_s}
    return [Readings(metric, (value * 1e9,), name) for metric, value in seconds.items()]


@pytest.mark.parametrize(
    ("readings", "found"),
    [
        (phase("idle", 240, 4, 0.1) + phase("work", 480, 68, 60), []),
        (
            phase("idle", 240, 30.1, 0.1) + phase("work", 480, 68, 60),
            ["12.5% of the CPUs was busy with other work while it was to be idle, the limit is 5%"],
        ),
        (
            phase("idle", 240, 4, 0.1) + phase("work", 480, 120, 60),
            ["12.5% of the CPUs was busy with other work while the model worked, the limit is 5%"],
        ),
        (phase("idle", 240, 0.05, 0.1) + phase("work", 480, 60, 60.4), []),  # ticks are coarser than the process's own clock
        (phase("work", 480, 60, 60), ["how busy the CPUs were with other work while it was to be idle is unknown"]),
        (
            phase("idle", 0, 0, 0) + phase("work", 480, 60, 60),
            ["how busy the CPUs were with other work while it was to be idle is unknown"],
        ),
    ],
)
def test_others_work_in_a_phase_of_a_power_pass(readings: list[Readings], found: list[str]) -> None:
    assert conditions.other_work(Conditions(), readings) == found


def test_a_peak_of_a_process_that_compiled_the_model_is_the_compilers() -> None:
    compiled = Readings("compile_ns", (3e9,), "in this process")
    for pass_, disturbed in ((Pass.MEMORY, True), (Pass.LATENCY, False)):
        found = conditions.disturbances(Conditions(), [compiled], "coreml(all)", a_job(an_artifact(), pass_))
        assert bool(found) is disturbed
    assert conditions.disturbances(Conditions(), [], "coreml(all)", a_job(an_artifact(), Pass.MEMORY)) == []


def test_what_an_app_is_told_of_the_phone_during_a_pass_counts() -> None:
    cool = [Readings("thermal_status_index", (0.0, 0.0), "app", (1, 2)), Readings("low_power_ratio", (0.0,), "app", (1,))]
    assert conditions.slowdowns(Conditions(), cool) == []
    hot = [Readings("thermal_status_index", (0.0, 3.0, 1.0), "app", (1, 2, 3)), Readings("low_power_ratio", (0.0, 1.0), "app", (1, 2))]
    assert conditions.slowdowns(Conditions(), hot) == [
        "its thermal status was severe during the pass",
        "its low-power mode was on during the pass",
    ]
