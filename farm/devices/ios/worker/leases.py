"""Who has the phone, for controllers on other hosts: a lease in the box."""

import asyncio
import json
import time
from contextlib import suppress

from pymobiledevice3.exceptions import AfcException
from pymobiledevice3.services.afc import AFC_LOCK_EX, AFC_LOCK_UN, AfcService

from farm.devices.ios.worker import documents
from farm.devices.ios.worker.link import Link

_LEASE, _LEASE_LOCK = "lease.json", "lease.lock"
_LONGEST_LEASE_S = 600
_LOCK_TRIES = 40
_LOCK_PAUSE_S = 0.05


class Leases:
    """What a worker can do with the phone's lease."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._claimed: tuple[str, float, str] | None = None
        self._renewed_s = 0.0

    async def do_claim(self, host: str, seconds: float, words: str) -> str | None:
        """Take or renew the lease; return the words of another host's that holds it, None when it is taken now.

        Controllers agree by a lock of afcd's on a file beside the lease (flock(2), which is gone with its connection), and on the time by
        the phone's own clock. A lease that ends much later than any was asked for is one of before the clock was set back.
        """
        afc = await self.link.documents()
        handle = await _locked(afc)
        try:
            now_s = await self.link.now_s()
            lease = documents.mapping(await documents.read_whole(afc, _LEASE))
            left_s = float(lease.get("until_s", 0)) - now_s
            if lease.get("host") not in (None, host) and 0 < left_s <= _LONGEST_LEASE_S:
                self._claimed = None
                return str(lease.get("words", "another host"))
            await documents.write(afc, _LEASE, json.dumps({"host": host, "until_s": now_s + seconds, "words": words}))
            self._claimed, self._renewed_s = (host, seconds, words), time.monotonic()
            return None
        finally:
            await afc.lock(handle, AFC_LOCK_UN)
            await afc.fclose(handle)

    async def do_leased(self) -> dict[str, str] | None:
        """Return the host that holds the lease now, with the words of who it is there; None when nobody does."""
        lease = documents.mapping(await documents.read_whole(await self.link.documents(), _LEASE))
        left_s = float(lease.get("until_s", 0)) - await self.link.now_s()
        if not 0 < left_s <= _LONGEST_LEASE_S:
            return None
        return {"host": str(lease.get("host", "")), "words": str(lease.get("words", "another host"))}

    async def do_release(self, host: str) -> None:
        """Give up a lease, if it is this host's."""
        self._claimed = None
        afc = await self.link.documents()
        handle = await _locked(afc)
        try:
            if documents.mapping(await documents.read_whole(afc, _LEASE)).get("host") == host:
                await afc.rm_single(documents.inside(_LEASE), force=True)
        finally:
            await afc.lock(handle, AFC_LOCK_UN)
            await afc.fclose(handle)

    async def keep(self) -> None:
        """Renew what was claimed here when a quarter of its time has passed: a big file takes longer to send than a lease lasts.

        When it cannot be renewed, the controller's next request finds that out.
        """
        if self._claimed is not None and time.monotonic() - self._renewed_s > self._claimed[1] / 4:
            self._renewed_s = time.monotonic()
            with suppress(AfcException):
                await self.do_claim(*self._claimed)


async def _locked(afc: AfcService) -> int:
    """Return a handle of the lease's lock, held; another controller holds it for moments only."""
    handle = int(await afc.fopen(documents.inside(_LEASE_LOCK), "w+"))
    deadline_s = time.monotonic() + _LOCK_TRIES * _LOCK_PAUSE_S
    while True:
        try:
            await afc.lock(handle, AFC_LOCK_EX)
        except AfcException:
            if time.monotonic() > deadline_s:
                await afc.fclose(handle)
                raise
            await asyncio.sleep(_LOCK_PAUSE_S)
        else:
            return handle
