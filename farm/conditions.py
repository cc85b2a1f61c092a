"""Whether a device is in the stated condition, and whether a finished pass was disturbed: readings in, reasons out."""

from collections.abc import Mapping, Sequence

from farm.workloads import Conditions, Job, Pass, Readings, StateReading

_CPU_FLAVOURS = frozenset({"fake", "portable", "xnnpack", "plain_attention"})


def unmet(conditions: Conditions, state: Sequence[StateReading]) -> list[str]:
    """Return one sentence for each condition that state does not meet; what could not be read is not met either."""
    busy = next((reading for reading in state if reading.name == "cpu_busy_ratio"), None)
    if busy is None or busy.value is None:
        return [f"how busy the CPUs are is unknown: {busy.reason if busy else 'not read'}"]
    if busy.value > conditions.max_cpu_busy_ratio:
        return [f"the CPUs are {busy.value:.0%} busy, the limit is {conditions.max_cpu_busy_ratio:.0%}"]
    return []


def disturbances(conditions: Conditions, readings: Sequence[Readings], flavour: str, job: Job) -> list[str]:
    """Return one sentence for each sign that other work disturbed the timed part of a pass.

    Two signs. Run delay is the time that runnable threads of the harness waited for a CPU (second field of
    /proc/PID/schedstat, Documentation/scheduler/sched-stats.rst); the hypervisor's steal time counts likewise.
    CPU time over wall time of the measuring thread says the same where there is no schedstat, but only for CPU
    flavours and latency: beside an accelerator, or waiting for the disk while it loads, that thread rightly sleeps.
    A memory pass times nothing: whatever else runs, its peak stays its peak.
    """
    read: Mapping[str, float] = {item.metric: item.values[-1] for item in readings if not item.source and item.values}
    wall_ns = read.get("wall_ns", 0)
    if wall_ns <= 0 or job.pass_ is Pass.MEMORY:
        return []
    reasons = []
    for metric, what in (("run_delay_ns", "its threads waited for a CPU"), ("steal_ns", "the hypervisor took the CPUs away")):
        share = read.get(metric, 0) / (wall_ns * job.workload.settings.threads)
        if share > conditions.max_run_delay_ratio:
            reasons.append(f"{what} for {share:.1%} of the timed part, the limit is {conditions.max_run_delay_ratio:.0%}")
    if job.pass_ is Pass.LATENCY and _CPU_FLAVOURS.issuperset(flavour.split("+")) and "thread_cpu_time_ns" in read:
        share = read["thread_cpu_time_ns"] / wall_ns
        if share < conditions.min_thread_cpu_ratio:
            reasons.append(
                f"the measuring thread had a CPU for {share:.1%} of the timed part, the limit is {conditions.min_thread_cpu_ratio:.0%}"
            )
    return reasons
