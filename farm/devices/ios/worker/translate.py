"""The library's errors as farm's."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from bytestruct import BinaryDataError
from pymobiledevice3 import exceptions as theirs
from pymobiledevice3.dtx import DTXNsError, DTXProtocolError

from farm.errors import DeviceLost, DeviceNotReady, FarmError, MeasureError

_TRUST = "plug it in again, unlock it and tap Trust in the dialog it shows"
_UNLOCK = "unlock it, and set its Auto-Lock to Never"
_MUX = "start usbmuxd, or state usbmux in devices.toml"
_CLEAN = "farm devices clean removes what farm keeps there"
_PLUG = "plug it in; `idevice_id -l` or `pymobiledevice3 usbmux list` tells the udids of those that are"
_SIGN = "trust its developer under Settings > General > VPN & Device Management, or sign and install the app anew"
_NO_SPACE = 18

# What each means, the first that fits: error_class, words, hint. The library's classes overlap; the narrower ones come first.
_NOT_READY: tuple[tuple[tuple[type[Exception], ...], str, str, str | None], ...] = (
    ((theirs.ConnectionFailedToUsbmuxdError,), "no_usbmuxd", "no usbmuxd answers", _MUX),
    ((theirs.PairingDialogResponsePendingError,), "trust_pending", "it asks whether to trust this computer", "unlock it and tap Trust"),
    ((theirs.UserDeniedPairingError,), "trust_denied", "it was told not to trust this computer", _TRUST),
    ((theirs.PasswordRequiredError, theirs.PasscodeRequiredError), "locked", "it is locked with its passcode", _UNLOCK),
    ((theirs.PairingError, theirs.NotPairedError, theirs.FatalPairingError), "not_paired", "it is not paired with this computer", _TRUST),
    ((theirs.AppNotInstalledError,), "no_app", "the harness app is not installed", None),
    ((theirs.StartServiceError, theirs.InvalidServiceError), "service_refused", "it does not start a service", None),
)
_NOT_THERE = (theirs.DeviceNotFoundError, theirs.NoDeviceConnectedError, theirs.BadDevError)
_LOST = (
    theirs.ConnectionTerminatedError,
    theirs.MuxException,
    theirs.NotConnectedError,
    theirs.ChannelClosedError,
    theirs.RemoteXPCHandshakeTimeoutError,
    theirs.InvalidConnectionError,
    theirs.ProtocolError,
    DTXProtocolError,
    BinaryDataError,
    EOFError,  # asyncio.IncompleteReadError is one
    ssl.SSLError,
    asyncio.TimeoutError,
    OSError,
)


UNPAIRED = (theirs.GetProhibitedError, theirs.NotPairedError, theirs.InvalidHostIDError)
"""What a connection says whose pairing was taken back meanwhile."""


class Closable(Protocol):
    """What is closed when the link is lost."""

    udid: str

    async def drop(self) -> None:
        """Close what is open."""


@asynccontextmanager
async def ours(link: Closable) -> AsyncIterator[None]:
    """Raise DeviceLost or DeviceNotReady for whatever the library raises; after a loss nothing is kept open."""
    try:
        yield
    except FarmError as error:
        if isinstance(error, DeviceLost):
            await link.drop()
        raise
    except (theirs.PyMobileDevice3Exception, DTXNsError, *_LOST) as error:
        told = translated(error, link.udid)
        if isinstance(told, DeviceLost):
            await link.drop()
        raise told from error


def translated(error: Exception, udid: str) -> MeasureError:
    """Return farm's error for one of the library's."""
    for kinds, error_class, words, hint in _NOT_READY:
        if isinstance(error, kinds):
            return DeviceNotReady(words if hint else f"{words}: {error}", error_class=error_class, hint=hint)
    if isinstance(error, _NOT_THERE):
        return DeviceLost(f"no iPhone with the udid {udid} is plugged in", error_class="not_listed", hint=_PLUG)
    if isinstance(error, theirs.AfcException) and error.status is not None:
        full = int(error.status) == _NO_SPACE
        words = "it has no room left" if full else f"it refuses a file operation: {error}"
        return DeviceNotReady(words, error_class="device_full" if full else "afc_error", hint=_CLEAN if full else None)
    if isinstance(error, DTXNsError):
        return _denied(error)
    if isinstance(error, _LOST):
        return DeviceLost(f"the link broke: {str(error) or type(error).__name__}", error_class="link_lost")
    return DeviceNotReady(f"it refuses: {error}", error_class="refused")


def _denied(error: DTXNsError) -> DeviceNotReady:
    """Return what an instrument's refusal means; iOS gives the reason in words only."""
    words = str((error.error.user_info or {}).get("NSLocalizedDescription") or error)
    if "could not be, unlocked" in words or "reason: Locked" in words:
        return DeviceNotReady("it is locked, so no app can be started", error_class="locked", hint=_UNLOCK)
    if "invalid code signature" in words or "reason: Security" in words:
        return DeviceNotReady("it does not trust the harness app's signature", error_class="app_untrusted", hint=_SIGN)
    return DeviceNotReady(f"an instrument refuses: {words}", error_class="instrument_refused")
