"""Starting and ending the harness app, waiting for it, the system monitor, and reports of ends that nobody wanted."""

import asyncio
import time
from typing import Any

from pymobiledevice3.exceptions import AfcFileNotFoundError
from pymobiledevice3.services.afc import AfcService
from pymobiledevice3.services.crash_reports import CrashReportsManager
from pymobiledevice3.services.dvt.instruments.sysmontap import Sysmontap
from pymobiledevice3.services.dvt.instruments.tap import TapService

from farm.devices.ios.worker.link import Instruments, Link
from farm.devices.readers.watched import FOOTPRINT, look
from farm.errors import DeviceLost, DeviceNotReady

_GONE_S = 5.0
_LOOK_S = 0.05
_SELDOM_S = 1.0
_MONITOR_MS = 250
_MONITOR_S = 5.0
_MEMORY = "physMemSize"
_FOOTPRINT = "physFootprint"
_REPORTS = 12
_REPORT_BYTES = 8 << 20
_NAME = 15
"""What the kernel keeps of a process's name (MAXCOMLEN is 16)."""


class Developer:
    """What a worker can do with processes."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._noting: asyncio.Task[None] | None = None
        self._notes: list[str] = []

    async def do_launch(self, arguments: list[str], environment: dict[str, str]) -> int:
        """Start the app, ending one that runs, and return its process's id."""
        instruments = await self.link.instruments()
        pid = int(await instruments.control.launch(self.link.bundle, arguments, kill_existing=True, environment=environment))
        instruments.watched.launched.add(pid)
        return pid

    async def do_running(self, pid: int, executable: str) -> bool:
        """Whether a process still runs, and is the app's: a number may have been given to another."""
        return await self._runs(await self.link.instruments(), pid, executable)

    async def do_wait(self, pid: int, executable: str, seconds: float, *, ask: bool) -> bool:
        """Return whether a process has ended, as soon as it has, or after so many seconds.

        Of a process that this worker started, the phone tells the end by itself; nothing is asked of it meanwhile, and at the end
        only if ask says so: a phone need not tell.
        """
        instruments = await self.link.instruments()
        watched = instruments.watched
        told = pid in watched.launched
        deadline_s = time.monotonic() + seconds
        while pid not in watched.ended and (left_s := deadline_s - time.monotonic()) > 0:
            if not told and not await self._runs(instruments, pid, executable):
                return True
            if await _breaks(instruments, min(left_s, _LOOK_S if told else _SELDOM_S)):
                raise DeviceLost("the link broke: the developer services are gone", error_class="link_lost")
        if told and pid not in watched.ended and not ask:
            return False
        return not await self._runs(instruments, pid, executable)

    async def do_kill(self, pid: int, executable: str) -> None:
        """End a process, if it is the app's, and return when it is gone. Raises DeviceNotReady when it outlives that."""
        instruments = await self.link.instruments()
        if not await self._runs(instruments, pid, executable):
            return
        await instruments.control.kill(pid)
        deadline_s = time.monotonic() + _GONE_S
        while await self._runs(instruments, pid, executable):
            if time.monotonic() > deadline_s:
                raise DeviceNotReady("the harness app does not end", error_class="not_stopped", hint="restart it")
            await asyncio.sleep(_LOOK_S)

    async def do_monitor(self) -> dict[str, float | None]:
        """Return the share of all CPUs that is busy, their number, and the phone's memory, from the system monitor.

        None for what it does not say in time.
        """
        instruments = await self.link.instruments()
        attributes = list(await instruments.info.service.sysmon_system_attributes())
        found: dict[str, float | None] = {"busy_ratio": None, "cpu_count": None, "memory_bytes": None}
        wanted = {"busy_ratio", "cpu_count", *(["memory_bytes"] if _MEMORY in attributes else [])}
        service = await instruments.provider.dtx.open_channel(Sysmontap.IDENTIFIER, TapService)
        async with service:
            config = {"ur": _MONITOR_MS, "bm": 0, "procAttrs": ["pid"], "sysAttrs": attributes, "cpuUsage": True}
            await service.set_config_({**config, "sampleInterval": _MONITOR_MS * 1_000_000})
            await service.start()
            rows = 0
            deadline_s = time.monotonic() + _MONITOR_S
            while rows < 2 or None in {found[name] for name in wanted}:  # noqa: PLR2004 - the first counts from the phone's start
                try:
                    _, message = await asyncio.wait_for(service.messages.get(), max(0.0, deadline_s - time.monotonic()))
                except TimeoutError:
                    break
                for row in message if isinstance(message, list) else ():
                    rows += _take(row, attributes, found)
            await service.stop()
        return found

    async def do_watch(self, pid: int, period_s: float) -> None:
        """Note a process's footprint as often as stated, until do_watched()."""
        await self.do_watched()
        instruments = await self.link.instruments()
        ahead_s = await self.link.now_s() - time.monotonic()  # by the phone's clock, which is the harness's
        service = await instruments.provider.dtx.open_channel(Sysmontap.IDENTIFIER, TapService)
        self._noting = asyncio.create_task(self._note(service, pid, period_s, ahead_s))

    async def do_watched(self) -> str:
        """Return what was noted, as farm.devices.readers.watched reads it, and stop."""
        noting, self._noting = self._noting, None
        if noting is not None:
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)  # a link that broke ended the notes, not the run
        noted, self._notes = "".join(self._notes), []
        return noted

    async def _note(self, service: TapService, pid: int, period_s: float, ahead_s: float) -> None:
        period_ms = round(period_s * 1000)
        async with service:
            await service.set_config_(
                {"ur": period_ms, "bm": 0, "procAttrs": ["pid", _FOOTPRINT], "sysAttrs": [], "cpuUsage": False}
                | {"sampleInterval": period_ms * 1_000_000}
            )
            await service.start()
            while True:
                _, message = await service.messages.get()
                now_s = time.monotonic() + ahead_s
                for row in message if isinstance(message, list) else ():
                    known = row.get("Processes", {}).get(pid)
                    if known is not None:  # read at some time of the period that has passed
                        self._notes.append(look(now_s - period_s, now_s, FOOTPRINT, str(int(known[1]))))

    async def do_reports(self, prefixes: list[str], since_s: float) -> list[str]:
        """Return the phone's reports whose names begin so and that were written since, the newest first; at most a dozen."""
        lockdown = await self.link.lockdown()
        async with CrashReportsManager(lockdown) as manager:
            await manager.flush()
            found = []
            for name in await manager.afc.listdir("/"):
                if name.endswith(".ips") and any(name.startswith(prefix) for prefix in prefixes):
                    status = await manager.afc.stat(f"/{name}")
                    if status["st_mtime"].timestamp() >= since_s:
                        found.append((status["st_mtime"].timestamp(), status["st_size"], name))
            newest = sorted(found, reverse=True)[:_REPORTS]
            return [await _content(manager.afc, f"/{name}") for _, size, name in newest if size <= _REPORT_BYTES]

    async def _runs(self, instruments: Instruments, pid: int, executable: str) -> bool:
        if not await instruments.info.is_running_pid(pid):
            return False
        name = await instruments.info.execname_for_pid(pid)
        if not isinstance(name, str) or not name:
            return True
        return name.rpartition("/")[2][:_NAME] == executable[:_NAME]


async def _breaks(instruments: Instruments, within_s: float) -> bool:
    """Wait so long, and return whether the connection broke meanwhile."""
    try:
        await asyncio.wait_for(instruments.provider.dtx.wait_disconnected(), within_s)
    except TimeoutError:
        return False
    return True


def _take(row: dict[str, Any], attributes: list[str], found: dict[str, float | None]) -> int:
    """Take what a row says, and return 1 when it says how busy the CPUs are.

    The load is each CPU's share in per cent, summed over all.
    """
    if "System" in row and _MEMORY in attributes:
        found["memory_bytes"] = int(row["System"][attributes.index(_MEMORY)])
    load, count = row.get("SystemCPUUsage", {}).get("CPU_TotalLoad"), row.get("CPUCount")
    if load is None or not count:
        return 0
    found["cpu_count"] = int(count)
    found["busy_ratio"] = min(1.0, float(load) / 100 / int(count))
    return 1


async def _content(afc: AfcService, name: str) -> str:
    try:
        return str((await afc.get_file_contents(name)).decode(errors="replace"))
    except AfcFileNotFoundError:
        return ""
