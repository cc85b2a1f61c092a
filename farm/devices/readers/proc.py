"""Texts of /proc, as Linux prints them on phones and hosts alike. Each returns None for a text it cannot read."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Jiffies since boot, over all CPUs: in all, and of these idle (waiting for disk included)."""

    total: int
    idle: int

    def busy_ratio(self, earlier: "CpuTimes") -> float | None:
        """Return the share of CPU time used since earlier, or None when no time has passed."""
        total = self.total - earlier.total
        return None if total <= 0 else 1 - min(total, max(0, self.idle - earlier.idle)) / total


_STAT_FIELDS = 8  # user nice system idle iowait irq softirq steal; guest times are within user


def cpu_times(stat: str) -> CpuTimes | None:
    """Read the `cpu` line of /proc/stat (proc_stat(5)), which is its first."""
    match = re.match(r"cpu +([0-9 ]{1,300})\r*\n", stat)
    if match is None:
        return None
    fields = [int(part) for part in match[1].split()][:_STAT_FIELDS]
    return CpuTimes(sum(fields), fields[3] + fields[4]) if len(fields) == _STAT_FIELDS else None


def load_1m(loadavg: str) -> float | None:
    """Read the one-minute load average of /proc/loadavg."""
    match = re.match(r"([0-9]{1,9}\.[0-9]+) [0-9]+\.[0-9]+ [0-9]+\.[0-9]+ [0-9]+/[0-9]+ [0-9]+\s*$", loadavg)
    return float(match[1]) if match else None


def memory_bytes(meminfo: str, key: str) -> int | None:
    """Read one line of /proc/meminfo, such as MemTotal; MemAvailable is missing on kernels before 3.14."""
    match = re.search("^" + re.escape(key) + r": +([0-9]{1,15}) kB\r*$", meminfo, re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def uptime_s(uptime: str) -> float | None:
    """Read the seconds since boot of /proc/uptime."""
    match = re.match(r"([0-9]{1,12}\.[0-9]+) [0-9]+\.[0-9]+\s*$", uptime)
    return float(match[1]) if match else None


def cpu_model(cpuinfo: str) -> str | None:
    """Read the processor's name of /proc/cpuinfo: `model name` (x86) or `Hardware` (older Arm kernels)."""
    match = re.search(r"^(?:model name|Hardware)[ \t]*: ([^\r\n]*[^\s])[ \t]*\r*\n", cpuinfo, re.MULTILINE)
    return match[1] if match else None


def os_name(os_release: str) -> str | None:
    """Read PRETTY_NAME of /etc/os-release (os-release(5))."""
    match = re.search(r'^PRETTY_NAME=(?:"([^"\r\n]+)"|([^"\r\n]+)\r*\n)', os_release, re.MULTILINE)
    return match[1] or match[2] if match else None


def start_mark(stat: str) -> str | None:
    """Read when a process began, in clock ticks since boot, of /proc/PID/stat.

    Field 22; its name, field 2, may hold spaces and brackets, so count from the last bracket (proc_pid_stat(5)).
    A zombie has no mark: it has ended. More fields follow; without them the text may be cut off.
    """
    _, _, rest = stat.rpartition(")")
    fields = rest.split()
    return fields[19] if len(fields) > 20 and fields[0] not in ("Z", "X") else None  # noqa: PLR2004


_LISTENS = re.compile(
    r"^ *[0-9]+: [0-9A-F]{8,32}:([0-9A-F]{4}) [0-9A-F]{8,32}:0000 0A "
    r"[0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ [0-9A-F]+ +[0-9]+ +[0-9]+ ([0-9]{1,18}) ",
    re.MULTILINE,
)


def listening_inodes(tcp: str, port: int) -> set[int]:
    """Read which sockets wait for connections at a port (state 0A), of /proc/net/tcp or tcp6."""
    return {int(inode) for found, inode in _LISTENS.findall(tcp) if int(found, 16) == port}
