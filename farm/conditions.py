"""Whether a device is in the stated condition, and whether a finished pass was disturbed: readings in, reasons out."""

from collections.abc import Mapping, Sequence

from farm.workloads import THERMAL_OVERRIDDEN, THERMAL_STATUSES, Conditions, DeviceKind, Job, Pass, Readings, StateReading

_CPU_FLAVOURS = frozenset({"fake", "portable", "xnnpack", "plain_attention"})


_MOST_DECIMALS = 6


def unmet(conditions: Conditions, state: Sequence[StateReading], kind: DeviceKind) -> list[str]:
    """Return one sentence for each condition that state does not meet; what could not be read is not met either.

    On phones: how warm, how throttled and how charged. The skin's temperature is the one that throttling follows; where
    it is not read, the battery's stands in for it.
    """
    reasons = []
    busy = said(state, "cpu_busy_ratio")
    if busy.value is None:
        reasons.append(f"how busy the CPUs are is unknown: {busy.reason}")
    elif busy.value > conditions.max_cpu_busy_ratio:
        reasons.append(f"the CPUs are {_told(busy.value, conditions.max_cpu_busy_ratio, 0)} busy{_limit(conditions.max_cpu_busy_ratio)}")
    if kind is DeviceKind.LOCAL:
        return reasons
    return [
        *reasons,
        *asleep(state),
        *_too_warm(conditions, state),
        *throttled(state),
        *_capped(conditions, state),
        *_saving(state),
        *wrongly_charged(conditions, state),
        *(too_bright(conditions, state) if kind is DeviceKind.IOS else ()),
    ]


def throttled(state: Sequence[StateReading]) -> list[str]:
    """Return a sentence when the device says that it throttles, or says what somebody told it to say. One that says nothing gives none."""
    status = said(state, "thermal_status")
    if status.reason == THERMAL_OVERRIDDEN:
        return [f"{THERMAL_OVERRIDDEN}, which `cmd thermalservice reset` ends"]
    return [f"its thermal status is {THERMAL_STATUSES[int(status.value)]}"] if status.value else []


def asleep(state: Sequence[StateReading]) -> list[str]:
    """Return a sentence when the screen is known to be off: a phone that dozes computes at another speed."""
    word = said(state, "wakefulness").text
    return [f"it is {word}"] if word not in (None, "awake") else []


def _capped(conditions: Conditions, state: Sequence[StateReading]) -> list[str]:
    """Return a sentence for each clock that the kernel keeps far below its hardware's maximum: the phone throttles, or saves power."""
    most_hz = {reading.source: reading.value for reading in state if reading.name == "max_frequency_hz" and reading.value}
    least, reasons = conditions.min_frequency_cap_ratio, []
    for reading in state:
        if reading.name == "frequency_cap_hz" and reading.value is not None and reading.source in most_hz:
            share = reading.value / most_hz[reading.source]
            if share < least:
                reasons.append(f"{reading.source} is capped to {_told(share, least, 0)} of its clock, the least is {_percent(least)}")
    return reasons


def _saving(state: Sequence[StateReading]) -> list[str]:
    """Return a sentence when a phone says that it saves power: it computes more slowly then."""
    return ["its low-power mode is on"] if said(state, "low_power_mode").text == "on" else []


def too_bright(conditions: Conditions, state: Sequence[StateReading]) -> list[str]:
    """Return a sentence when a screen is brighter than a pass may begin with, or nobody knows."""
    brightness, most = said(state, "brightness_ratio"), conditions.max_brightness_ratio
    if brightness.value is None:
        return [f"how bright its screen is is unknown: {brightness.reason}"]
    if brightness.value > most:
        return [f"its screen is at {_told(brightness.value, most, 0)} of its brightness, the most is {_percent(most)}"]
    return []


def warmth(state: Sequence[StateReading]) -> tuple[str, StateReading]:
    """Return what tells how warm a phone is, in words, and its reading: the skin, else the battery; absent when neither is read."""
    skin, battery = said(state, "skin_temperature_c"), said(state, "battery_temperature_c")
    for what, found in (("its skin", skin), ("its battery", battery)):
        if found.value is not None:
            return what, found
    return "it", StateReading("skin_temperature_c", skin.phase, reason=f"{skin.reason}; {battery.reason}")


def _too_warm(conditions: Conditions, state: Sequence[StateReading]) -> list[str]:
    what, found = warmth(state)
    limit_c = conditions.max_skin_temperature_c
    if found.value is None:
        return [f"how warm it is is unknown: {found.reason}"]
    return [f"{what} is at {_apart(found.value, limit_c, 1)} C, the limit is {limit_c:g} C"] if found.value > limit_c else []


def too_hot(conditions: Conditions, state: Sequence[StateReading], kind: DeviceKind) -> bool:
    """Whether a phone has to cool down first: it is too warm, or throttles because it was."""
    return kind is not DeviceKind.LOCAL and bool(_too_warm(conditions, state) or throttled(state) or _capped(conditions, state))


def wrongly_charged(conditions: Conditions, state: Sequence[StateReading]) -> list[str]:
    """Return a sentence when a battery is lower or fuller than a pass may begin with, or nobody knows."""
    level = said(state, "battery_level_percent")
    if level.value is None:
        return [f"how charged it is is unknown: {level.reason}"]
    least, most = conditions.min_battery_ratio, conditions.max_battery_ratio
    if level.value / 100 < least:
        return [f"its battery is at {_told(level.value / 100, least, 0)}, the least is {_percent(least)}"]
    if level.value / 100 > most:
        return [f"its battery is at {_told(level.value / 100, most, 0)}, the most is {_percent(most)}"]
    return []


def is_charged(state: Sequence[StateReading]) -> bool:
    """Whether something is known to give a phone power, so that waiting charges it."""
    plugged, status = said(state, "battery_plugged").text, said(state, "battery_status").text
    return plugged not in (None, "none") or status in ("charging", "full")


def said(state: Sequence[StateReading], name: str) -> StateReading:
    """Return the first reading of this name; absent, with that as the reason, when there is none."""
    return next((reading for reading in state if reading.name == name), StateReading(name, "before", reason=f"{name} was not read"))


def disturbances(conditions: Conditions, readings: Sequence[Readings], flavour: str, job: Job) -> list[str]:
    """Return one sentence for each sign that other work disturbed the timed part of a pass.

    Two signs. Run delay is the time that runnable threads of the harness waited for a CPU (second field of
    /proc/PID/schedstat, Documentation/scheduler/sched-stats.rst); the hypervisor's steal time counts likewise.
    CPU time over wall time of the measuring thread says the same where there is no schedstat, but only for CPU
    flavours and latency: beside an accelerator, or waiting for the disk while it loads, that thread rightly sleeps.
    Memory and quality passes time nothing: whatever else runs, a peak stays that peak and an answer that answer. But where the model
    was compiled in the same process, as Core ML's are when the phone has them for the first time, the peak is the compiler's.
    """
    if job.pass_ is Pass.MEMORY and any(item.metric == "compile_ns" for item in readings):
        return ["the model was compiled in the process whose memory was measured, and the peak may be the compiler's"]
    read: Mapping[str, float] = {item.metric: item.values[-1] for item in readings if not item.source and item.values}
    wall_ns = read.get("wall_ns", 0)
    if wall_ns <= 0 or job.pass_ in (Pass.MEMORY, Pass.QUALITY):
        return []
    reasons = []
    for metric, what in (("run_delay_ns", "its threads waited for a CPU"), ("steal_ns", "the hypervisor took the CPUs away")):
        share = read.get(metric, 0) / (wall_ns * job.workload.settings.threads)
        if share > conditions.max_run_delay_ratio:
            told = _told(share, conditions.max_run_delay_ratio)
            reasons.append(f"{what} for {told} of the timed part{_limit(conditions.max_run_delay_ratio)}")
    if (
        job.pass_ in (Pass.LATENCY, Pass.SUSTAIN, Pass.PROFILE)
        and _CPU_FLAVOURS.issuperset(flavour.split("+"))
        and "thread_cpu_time_ns" in read
    ):
        share = read["thread_cpu_time_ns"] / wall_ns
        if share < conditions.min_thread_cpu_ratio:
            told = _told(share, conditions.min_thread_cpu_ratio)
            reasons.append(f"the measuring thread had a CPU for {told} of the timed part{_limit(conditions.min_thread_cpu_ratio)}")
    return reasons


def other_work(conditions: Conditions, readings: Sequence[Readings]) -> list[str]:
    """Return one sentence for each phase of a power pass in which others used the CPUs more than they may, or in which nobody knows.

    A battery and a rail tell the energy of all that runs. What runs is told by /proc/stat (proc_stat(5)): busy CPU time of everybody, less
    the harness's own. What farm itself asks on the phone meanwhile is counted with the others.
    """
    reasons = []
    for phase, when in (("idle", "it was to be idle"), ("work", "the model worked")):
        read = {item.metric: item.values[-1] for item in readings if item.source == phase and item.values}
        if not {"phase_cpus_ns", "phase_busy_ns", "phase_own_ns"} <= read.keys() or read["phase_cpus_ns"] <= 0:
            reasons.append(f"how busy the CPUs were with other work while {when} is unknown")
            continue
        share = max(0.0, read["phase_busy_ns"] - read["phase_own_ns"]) / read["phase_cpus_ns"]
        if share > conditions.max_other_work_ratio:
            told = _told(share, conditions.max_other_work_ratio)
            reasons.append(f"{told} of the CPUs was busy with other work while {when}{_limit(conditions.max_other_work_ratio)}")
    return reasons


def slowdowns(conditions: Conditions, readings: Sequence[Readings]) -> list[str]:
    """Return one sentence for each sign that the device throttled during a pass.

    Two signs are of the CPU only. A fixed computation, whose time follows the clock, took longer after the pass than before it (the
    shortest of its times on each side: what else ran meanwhile can only lengthen them). And the kernel lowered the highest
    clock that it allows a group of CPUs, which is how thermal drivers slow a processor down (scaling_max_freq,
    Documentation/admin-guide/pm/cpufreq.rst). An app on an iPhone is told the phone's thermal state and low-power mode meanwhile.
    """
    limit = conditions.max_slowdown_ratio
    kernel_ns = {item.source: min(item.values) for item in readings if item.metric == "reference_kernel_ns" and item.values}
    reasons = []
    if (before_ns := kernel_ns.get("before")) and (after_ns := kernel_ns.get("after")) and after_ns / before_ns - 1 > limit:
        told = _told(after_ns / before_ns - 1, limit, 0)
        reasons.append(f"a fixed computation took {told} longer after the pass than before it{_limit(limit)}")
    for item in readings:
        if item.metric == "frequency_cap_hz" and item.values and item.values[0] > 0 and 1 - min(item.values) / item.values[0] > limit:
            lowered = f"from {item.values[0] / 1e6:.0f} to {min(item.values) / 1e6:.0f} MHz"
            reasons.append(f"the clock of {item.source} was capped {lowered} during the pass{_limit(limit)}")
        if item.metric == "thermal_status_index" and max(item.values, default=0) > 0:
            reasons.append(f"its thermal status was {THERMAL_STATUSES[int(max(item.values))]} during the pass")
        if item.metric == "low_power_ratio" and max(item.values, default=0) > 0:
            reasons.append("its low-power mode was on during the pass")
    return reasons


def _limit(share: float) -> str:
    return f", the limit is {_percent(share)}"


def _percent(share: float) -> str:
    return f"{share * 100:g}%"


def _told(share: float, limit: float, decimals: int = 1) -> str:
    return f"{_apart(share * 100, limit * 100, decimals)}%"


def _apart(value: float, limit: float, decimals: int) -> str:
    """Return value with so many decimals, or with as many more as make it read on its own side of the limit: 5.04, not 5.0."""
    limit = float(f"{limit:g}")  # as it is printed
    for more in range(decimals, _MOST_DECIMALS):
        text = f"{value:.{more}f}"
        if (float(text) > limit) == (value > limit) and float(text) != limit:
            return text
    return f"{value:.{_MOST_DECIMALS}f}"
