"""What the phone says of itself and of the harness app; installing the app, mounting the developer image."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pymobiledevice3.exceptions import AppInstallError, MissingManifestError
from pymobiledevice3.services.diagnostics import DiagnosticsService
from pymobiledevice3.services.installation_proxy import InstallationProxyService
from pymobiledevice3.services.misagent import MisagentService

from farm.devices.ios.worker.link import Link, release
from farm.errors import DeviceNotReady

_VALUES = (
    "BootSessionID", "BuildVersion", "CPUArchitecture", "DeviceName", "HardwareModel", "PasswordProtected", "ProductType",
    "ProductVersion", "TimeIntervalSince1970", "UniqueDeviceID",
)  # fmt: skip
_ABOUT_APP = [
    "CFBundleIdentifier",
    "CFBundleExecutable",
    "CFBundleVersion",
    "FarmProtocol",
    "FarmRuntimes",
    "UIFileSharingEnabled",
]
_DEVELOPER_MODE_FROM = (16, 0)
PERSONALISED_FROM = (17, 0)
_IMAGES = "com.apple.mobile.mobile_image_mounter"


class Apps:
    """What a worker can do with the phone as a whole."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def do_values(self) -> dict[str, Any]:
        """Return what lockdownd says, asked now."""
        values = await self.link.values()
        return {name: values.get(name) for name in _VALUES}

    async def do_time(self) -> float:
        """Return the phone's clock, in seconds since 1970."""
        return await self.link.now_s()

    async def do_facts(self) -> dict[str, Any]:
        """Return whether developer mode is on and the developer image mounted, what the harness app is, and until when it is signed.

        An iOS before developer mode has it on; None for what is not there.
        """
        lockdown = await self.link.lockdown()
        version = release(lockdown.product_version)
        developer_mode = bool(await lockdown.get_developer_mode_status()) if version >= _DEVELOPER_MODE_FROM else True
        async with InstallationProxyService(lockdown) as proxy:
            found = await proxy.lookup({"BundleIDs": [self.link.bundle], "ReturnAttributes": _ABOUT_APP}) or {}
        return {
            "developer_mode": developer_mode,
            "image_mounted": await self._is_image_mounted("Personalized" if version >= PERSONALISED_FROM else "Developer"),
            "app": found.get(self.link.bundle),
            "signed_until_s": await self._signed_until_s(),
        }

    async def do_battery(self) -> dict[str, Any]:
        """Return the numbers and truths of the battery's registry entry."""
        async with DiagnosticsService(await self.link.lockdown()) as diagnostics:
            entry = await diagnostics.get_battery() or {}
        return {name: value for name, value in entry.items() if isinstance(value, int | float | str)}

    async def do_restart(self) -> None:
        """Restart the phone; nothing of it answers until it is back."""
        async with DiagnosticsService(await self.link.lockdown()) as diagnostics:
            await diagnostics.restart()

    async def do_install(self, path: str) -> None:
        """Install an app from a package of this machine."""
        await self.link.forget_documents()
        async with InstallationProxyService(await self.link.lockdown()) as proxy:
            try:
                await proxy.install_from_local(Path(path))
            except AppInstallError as error:
                raise DeviceNotReady(
                    f"it does not install {Path(path).name}: {error}",
                    error_class="install_failed",
                    hint="sign the app for this phone: its udid has to be in the provisioning profile, which must not have ended",
                ) from error

    async def do_mount(self, folder: str) -> None:
        """Mount the developer image from a folder of this machine."""
        from pymobiledevice3.services.mobile_image_mounter import (  # takes half a second to load
            DeveloperDiskImageMounter,
            PersonalizedImageMounter,
        )

        lockdown = await self.link.lockdown()
        version = release(lockdown.product_version)
        if version < PERSONALISED_FROM:
            image = _one(Path(folder), f"{version[0]}.{version[1]}/*.dmg", "*.dmg")
            async with DeveloperDiskImageMounter(lockdown) as mounter:
                await mounter.mount(image, image.with_name(f"{image.name}.signature"))
            return
        image, manifest, trust_cache = (_one(Path(folder), pattern) for pattern in ("*.dmg", "BuildManifest.plist", "*.trustcache"))
        async with PersonalizedImageMounter(lockdown) as mounter:
            try:
                digest = await asyncio.to_thread(lambda: hashlib.sha384(image.read_bytes()).digest())
                await mounter.query_personalization_manifest("DeveloperDiskImage", digest)
            except MissingManifestError as error:
                raise DeviceNotReady(
                    "it has no ticket of Apple's for this developer image yet, which takes a network",
                    error_class="image_not_personalised",
                    hint="mount this image once with Xcode or `pymobiledevice3 mounter auto-mount`; from then on a folder is enough",
                ) from error
            await mounter.mount(image, manifest, trust_cache)

    async def _is_image_mounted(self, kind: str) -> bool:
        """Whether a developer image is mounted. Some versions know a personalised one by the list of images only."""
        service = await (await self.link.lockdown()).start_lockdown_service(_IMAGES)
        try:
            found = await service.send_recv_plist({"Command": "LookupImage", "ImageType": kind})
            if found.get("ImagePresent", bool(found.get("ImageSignature"))):
                return True
            listed = await service.send_recv_plist({"Command": "CopyDevices"})
            return any(entry.get("DiskImageType") == kind for entry in listed.get("EntryList") or ())
        finally:
            await service.close()

    async def _signed_until_s(self) -> float | None:
        """Return when the last of the profiles that allow the app ends, in seconds since 1970; None when there is none."""
        async with MisagentService(await self.link.lockdown()) as agent:
            profiles = await agent.copy_all()
        ends = []
        for profile in profiles:
            allowed = str(profile.plist.get("Entitlements", {}).get("application-identifier", ""))
            if fnmatchcase(self.link.bundle, allowed.partition(".")[2]):
                ends.append(profile.plist["ExpirationDate"].replace(tzinfo=UTC).timestamp())
        return max(ends, default=None)


def _one(folder: Path, *patterns: str) -> Path:
    """Return the only file of a folder that one of the patterns finds. Raises DeviceNotReady."""
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) == 1:
            return found[0]
    with suppress(OSError):
        folder = folder.resolve()
    raise DeviceNotReady(
        f"{folder} does not hold the one {patterns[-1]} of a developer image",
        error_class="no_image",
        hint="up to iOS 16 DeveloperDiskImage.dmg and its .signature, in a folder named for the version (16.7) when there are several; "
        "from iOS 17 on Image.dmg, BuildManifest.plist and Image.dmg.trustcache",
    )
