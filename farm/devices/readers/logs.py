"""Who killed a process, and how it crashed: logcat, and the head of a tombstone.

lmkd, the activity manager and the kernel each report their own kills; debuggerd writes the tombstones.
"""

import re
from dataclasses import dataclass

from farm.devices.readers.reading import complete_lines

_LMKD = re.compile(
    r"(?:lowmemorykiller|lmkd)\s*(?:\([ \d]+\))?: Kill '([^']+)' \(([0-9]{1,10})\), uid ([0-9]+), oom_score_adj (-?[0-9]{1,4})"
    r" to free ([0-9]{1,12})kB(.*)$"
)
_ACTIVITY_MANAGER = re.compile(r"ActivityManager\s*(?:\([ \d]+\))?: Killing ([0-9]{1,10}):(.+)/([0-9a-z]+) \(adj (-?[0-9]{1,5})\): (.+)$")
_KERNEL = re.compile(r"(?:Out of memory|Memory cgroup out of memory): Kill(?:ed)? process ([0-9]{1,10}) \(([^)]+)\)")
_DIED = re.compile(r"ActivityManager\s*(?:\([ \d]+\))?: Process (\S+) \(pid ([0-9]{1,10})\) has died(?:: (.+))?$")
_SIGNAL = re.compile(r"signal ([0-9]+) \((SIG\w+)\), code (-?[0-9]+) \((\w+)(?: .*)?\), fault addr (.+)")
_PROCESS = re.compile(r"pid: ([0-9]{1,10}), tid: ([0-9]+), name: (.*?)  >>> (.*) <<<")


@dataclass(frozen=True, slots=True)
class Kill:
    """A process that the system ended. by is lmkd, kernel or activity manager; only the first two lack memory."""

    by: str
    process: str
    pid: int
    reason: str
    adj: int | None = None
    """How dispensable it was: 0 is the foreground; None when not stated."""
    rss_bytes: int | None = None

    @property
    def for_memory(self) -> bool:
        """Whether it was killed because memory ran out, and not because it was idle or to be stopped."""
        return self.by in ("lmkd", "kernel")


@dataclass(frozen=True, slots=True)
class Tombstone:
    """How a native process crashed."""

    process: str
    pid: int
    thread: str
    signal: str
    """Such as SIGSEGV."""
    cause: str
    """The signal's code, such as SEGV_MAPERR."""
    guess: str | None
    """What debuggerd takes for the cause, such as "null pointer dereference"."""
    fault_address: str | None
    abort_message: str | None
    at: str | None
    """As printed, with the device's zone."""
    build: str | None
    """The build's fingerprint."""

    @property
    def summary(self) -> str:
        """One line for people."""
        more = self.abort_message or self.guess
        return f"{self.process} crashed: {self.signal} ({self.cause})" + (f": {more}" if more else "")


def kills(logcat: str) -> tuple[Kill, ...]:
    """Read who was killed, in the log's order. lmkd's other lines, and what apps write about kills, are none."""
    found = []
    for line in complete_lines(logcat):
        stripped = line.rstrip()
        if match := _LMKD.search(stripped):
            reason = match[6].partition("reason: ")[2] or "low memory"
            found.append(Kill("lmkd", match[1], int(match[2]), reason, int(match[4]), int(match[5]) * 1024))
        elif match := _ACTIVITY_MANAGER.search(stripped):
            found.append(Kill("activity manager", match[2], int(match[1]), match[5], int(match[4])))
        elif match := _KERNEL.search(stripped):
            found.append(Kill("kernel", match[2], int(match[1]), "out of memory"))
    return tuple(found)


def deaths(logcat: str) -> dict[int, str]:
    """Return the processes that the activity manager saw end, by pid: whoever ended them, and whyever."""
    matches = (_DIED.search(line.rstrip()) for line in complete_lines(logcat))
    return {int(match[2]): match[1] for match in matches if match}


def tombstone(text: str) -> Tombstone | None:
    """Read a tombstone's head, or None when it does not hold process and signal completely."""
    process = signal = guess = at = build = None
    lines = complete_lines(text)
    for line in lines:
        process = process or _PROCESS.fullmatch(line)
        signal = signal or _SIGNAL.fullmatch(line)
        guess = guess or re.fullmatch(r"Cause: (.+)", line)
        at = at or re.fullmatch(r"Timestamp: (.+)", line)
        build = build or re.fullmatch(r"Build fingerprint: '(.+)'", line)
        if line.startswith("backtrace:"):
            break
    if process is None or signal is None:
        return None
    return Tombstone(
        process=process[4],
        pid=int(process[1]),
        thread=process[3],
        signal=signal[2],
        cause=signal[4],
        guess=guess[1] if guess else None,
        fault_address=None if signal[5].startswith("--") else signal[5],
        abort_message=_abort_message(lines),
        at=at[1] if at else None,
        build=build[1] if build else None,
    )


def _abort_message(lines: list[str]) -> str | None:
    """Return what abort() was given; it may go on over lines, and ends with the quote that closes one."""
    head = "Abort message: '"
    start = next((index for index, line in enumerate(lines) if line.startswith(head)), None)
    if start is None:
        return None
    parts = [lines[start].removeprefix(head)]
    for line in lines[start + 1 :]:
        if parts[-1].rstrip().endswith("'") or line.startswith(("    ", "backtrace:")):
            break
        parts.append(line)
    message = "\n".join(parts).rstrip()
    return message.removesuffix("'").rstrip() if message.endswith("'") else None
