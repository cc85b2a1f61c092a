"""The connections to one iPhone, opened when they are needed and kept: lockdownd, the app's Documents, the developer services.

Up to iOS 16 developer services are reached through lockdownd. From 17.4 on they lie behind a tunnel of IPv6 packets, which the
library ends in this process, so that no root is needed; one such tunnel is all that a process can have. Everything else goes over
the cable's own connections on either, which are faster.
"""

from contextlib import AsyncExitStack, suppress
from typing import Any

from pymobiledevice3.dtx import DTXNsError, dtx_on_invoke
from pymobiledevice3.exceptions import PyMobileDevice3Exception
from pymobiledevice3.lockdown import UsbmuxLockdownClient, create_using_usbmux
from pymobiledevice3.lockdown_service_provider import LockdownServiceProvider
from pymobiledevice3.services.dvt.instruments.device_info import DeviceInfo
from pymobiledevice3.services.dvt.instruments.dvt_provider import DvtProvider
from pymobiledevice3.services.dvt.instruments.process_control import ProcessControl, ProcessControlService
from pymobiledevice3.services.house_arrest import HouseArrestService

from farm.errors import DeviceNotReady

TUNNEL_FROM = (17, 4)
LAST_WITHOUT_TUNNEL = (16, 99)
_CLOCK = "TimeIntervalSince1970"


class Watched(ProcessControlService):  # type: ignore[misc]
    """Process control that remembers which processes the phone has told the end of."""

    IDENTIFIER = ProcessControlService.IDENTIFIER

    def __init__(self, ctx: object) -> None:
        super().__init__(ctx)
        self.launched: set[int] = set()
        self.ended: set[int] = set()

    @dtx_on_invoke("processWithPID:terminatedWithExitCode:orCrashingSignal:")  # type: ignore[untyped-decorator]
    async def _on_process_terminated(self, pid: int, exit_code: int | None, crashing_signal: int | None) -> None:
        self.ended.add(pid)


class Instruments:
    """The developer services that farm uses, on one connection."""

    def __init__(self, provider: DvtProvider, watched: Watched) -> None:
        self.provider, self.watched = provider, watched
        self.control = ProcessControl(provider, watched)
        self.info = DeviceInfo(provider)


class Link:
    """One iPhone."""

    def __init__(self, udid: str, bundle: str) -> None:
        self.udid, self.bundle = udid, bundle
        self._lockdown: UsbmuxLockdownClient | None = None
        self._documents: HouseArrestService | None = None
        self._instruments: Instruments | None = None
        self._open = AsyncExitStack()

    async def lockdown(self) -> UsbmuxLockdownClient:
        """Return the connection to lockdownd, paired. Raises what pairing comes to, without waiting for anybody."""
        if self._lockdown is None:
            self._lockdown = await create_using_usbmux(serial=self.udid, autopair=True, pair_timeout=0)
            self._open.push_async_callback(self._lockdown.close)
        return self._lockdown

    async def values(self) -> dict[str, Any]:
        """Return all that lockdownd says. A connection that lost its session is told what anybody may know: it is opened anew, once."""
        values: dict[str, Any] = await (await self.lockdown()).get_value()
        if values.get(_CLOCK) is None:
            await self.drop()
            values = await (await self.lockdown()).get_value()
        return values

    async def now_s(self) -> float:
        """Return the phone's clock, in seconds since 1970. Raises DeviceNotReady when it does not say."""
        told = await (await self.lockdown()).get_value(key=_CLOCK)
        if told is None:
            told = (await self.values()).get(_CLOCK)
        if told is None:
            raise DeviceNotReady("it does not say what time it is", error_class="no_clock")
        return float(told)

    async def documents(self) -> HouseArrestService:
        """Return the file service in the harness app's container."""
        if self._documents is None:
            service = await HouseArrestService.create(await self.lockdown(), self.bundle, documents_only=True)
            self._documents = await self._open.enter_async_context(service)
        return self._documents

    async def instruments(self) -> Instruments:
        """Return the developer services. Raises DeviceNotReady for a version that offers them in neither way."""
        if self._instruments is None:
            lockdown = await self.lockdown()
            async with AsyncExitStack() as opening:  # half opened is closed again: a process can have one tunnel only
                provider = await opening.enter_async_context(DvtProvider(await self._developer_way(lockdown, opening)))
                instruments = Instruments(provider, await provider.dtx.open_channel(Watched))
                await instruments.info.connect()
                self._open.push_async_callback(opening.pop_all().aclose)
            self._instruments = instruments
        return self._instruments

    async def _developer_way(self, lockdown: UsbmuxLockdownClient, opening: AsyncExitStack) -> LockdownServiceProvider:
        """Return what offers the developer services."""
        version = release(lockdown.product_version)
        if version <= LAST_WITHOUT_TUNNEL:
            return lockdown
        if version < TUNNEL_FROM:
            raise DeviceNotReady(f"it runs iOS {lockdown.product_version}", error_class="unsupported_ios")
        from pymobiledevice3.remote.userspace_tunnel import UserspaceRsdTunnel  # takes half a second to load

        return await opening.enter_async_context(UserspaceRsdTunnel(serial=self.udid, autopair=False, remotepairing_fallback=False))

    async def forget_documents(self) -> None:
        """Have the file service opened anew: the app was installed or removed."""
        documents, self._documents = self._documents, None
        if documents is not None:
            await documents.aclose()

    async def drop(self) -> None:
        """Close everything; what is needed again is opened again."""
        opened, self._open = self._open, AsyncExitStack()
        self._lockdown = self._documents = self._instruments = None
        with suppress(PyMobileDevice3Exception, DTXNsError, OSError, EOFError):
            await opened.aclose()

    close = drop


def release(version: str) -> tuple[int, int]:
    """Return the first two numbers of an iOS version."""
    major, minor, *_ = (*version.split("."), "0")
    return int(major), int(minor)
