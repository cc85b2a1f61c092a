"""Files of the box: the harness app's Documents, over AFC.

A file counts as there only when the SHA-256 of what was read back from the phone is the wanted one. Reading back is done once for
each content: the box's manifest then says which name holds which hash, with the size and time of the file that was checked, and a
file that has changed since is read anew. (The app could hash what lies on its disk faster, but then farm would believe the app.)
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymobiledevice3.exceptions import AfcFileNotFoundError
from pymobiledevice3.services.afc import AfcService

from farm import archives
from farm.devices.ios.worker import documents
from farm.devices.ios.worker.leases import Leases
from farm.devices.ios.worker.link import Link
from farm.errors import DeviceNotReady

_CHUNK_BYTES = 2 * 1024 * 1024
_SPARE_BYTES = 64_000_000
_SMALL_BYTES = 1 << 20
_MANIFEST = "manifest.json"
_COMPILED = "compiled"
"""Where the app keeps compiled models, each called after the hash of what it was made of."""
_MODEL_COPIES = 3
"""Of a Core ML model: the archive, what the app unpacks of it, and what iOS compiles that to."""


class Files:
    """What a worker can do with files. Names are the box's."""

    def __init__(self, link: Link, leases: Leases) -> None:
        self.link, self.leases = link, leases

    async def do_push(self, path: str, name: str, sha256: str, on_bytes: Callable[[int, int], None]) -> int:
        """Put a file of this machine, or a folder's archive, into the box and return the bytes sent: 0 when one with this hash is there."""
        afc = await self.link.documents()
        size_bytes = archives.size_bytes(Path(path))
        manifest = await self._manifest(afc)
        if await self._is_there(afc, name, sha256, size_bytes, manifest):
            await self._note(afc, name, sha256, manifest)
            return 0
        await self._make_room(afc, size_bytes * (_MODEL_COPIES if Path(path).is_dir() else 1), Path(path).name)
        partial = f"files/partial-{sha256}"
        await afc.makedirs(documents.inside("files"))
        await afc.makedirs(documents.inside(str(Path(name).parent)))
        await self._send(afc, Path(path), partial, lambda sent: on_bytes(sent, size_bytes))
        if await self._hash(afc, partial) != sha256:
            await afc.rm_single(documents.inside(partial), force=True)
            raise DeviceNotReady(f"{Path(path).name} arrived damaged", error_class="push_corrupt")
        await afc.rename(documents.inside(partial), documents.inside(name))
        await self._note(afc, name, sha256, manifest)
        return size_bytes

    async def do_pull(self, name: str, path: str, most_bytes: int) -> bool:
        """Copy a file of the box to this machine; return False when there is none."""
        afc = await self.link.documents()
        status = await documents.status(afc, name)
        if status is None or status["st_ifmt"] != "S_IFREG":
            return False
        if status["st_size"] > most_bytes:
            raise DeviceNotReady(f"{name} is over {most_bytes} bytes", error_class="pull_failed")
        with Path(path).open("wb") as target:
            await self._each(afc, name, target.write)
        return True

    async def do_read(self, name: str, last_bytes: int = _SMALL_BYTES) -> str | None:
        """Return the end of a text file; None when there is none."""
        afc = await self.link.documents()
        status = await documents.status(afc, name)
        return None if status is None else (await documents.read(afc, name, status["st_size"], last_bytes)).decode(errors="replace")

    async def do_write(self, name: str, text: str) -> None:
        """Write a small text file, whole or not at all."""
        await documents.write(await self.link.documents(), name, text)

    async def do_remove(self, names: list[str]) -> None:
        """Remove files and folders; what is not there does no harm."""
        afc = await self.link.documents()
        for name in names:
            with suppress(AfcFileNotFoundError):
                await afc.rm(documents.inside(name), force=True)

    async def do_list(self, folder: str) -> list[str]:
        """Return the names in a folder of the box; none when there is no such folder."""
        return await documents.names(await self.link.documents(), folder)

    async def do_room(self) -> int:
        """Return the free bytes of the phone's file system."""
        return await documents.free_bytes(await self.link.documents())

    async def do_shrink(self, keep_bytes: int) -> int:
        """Remove the pushed files that were used longest ago until keep_bytes are left; return the bytes removed."""
        afc = await self.link.documents()
        manifest = await self._manifest(afc)
        found = []
        for each in await documents.names(afc, "files"):
            status = await documents.status(afc, f"files/{each}")
            if status is not None:
                used_s = manifest.get(f"files/{each}", {}).get("used_s", 0)
                found.append((used_s, status["st_size"], f"files/{each}"))
        left, removed = sum(size for _, size, _ in found), 0
        for _, size, name in sorted(found):
            if left - removed > keep_bytes:
                await afc.rm_single(documents.inside(name))
                manifest.pop(name, None)
                removed += size
        if removed:
            await documents.write(afc, _MANIFEST, json.dumps(manifest))
        await self._forget_compiled(afc)
        return removed

    async def _forget_compiled(self, afc: AfcService) -> None:
        """Remove what the app keeps compiled of models that are not there any more."""
        there = set(await documents.names(afc, "files"))
        for name in await documents.names(afc, _COMPILED):
            if name.partition("-")[0] not in there:
                await afc.rm(documents.inside(f"{_COMPILED}/{name}"), force=True)

    async def _manifest(self, afc: AfcService) -> dict[str, Any]:
        return documents.mapping(await documents.read_whole(afc, _MANIFEST))

    async def _is_there(self, afc: AfcService, name: str, wanted: str, size_bytes: int, manifest: dict[str, Any]) -> bool:
        """Whether a file holds the wanted bytes: by the manifest when the file is unchanged since it was checked, else by reading it."""
        status = await documents.status(afc, name)
        if status is None or status["st_ifmt"] != "S_IFREG" or status["st_size"] != size_bytes:
            return False
        noted = manifest.get(name, {})
        if noted.get("mtime_s") == status["st_mtime"].timestamp() and noted.get("size_bytes") == size_bytes:
            return bool(noted.get("sha256") == wanted)
        return await self._hash(afc, name) == wanted

    async def _note(self, afc: AfcService, name: str, sha256: str, manifest: dict[str, Any]) -> None:
        """Write down that a file has been checked, and is used now."""
        status = await documents.status(afc, name)
        if status is None:
            raise DeviceNotReady(f"{name} is gone again", error_class="push_failed")
        mtime_s = status["st_mtime"].timestamp()
        manifest[name] = {"sha256": sha256, "size_bytes": status["st_size"], "mtime_s": mtime_s, "used_s": await self.link.now_s()}
        await documents.write(afc, _MANIFEST, json.dumps(manifest))

    async def _send(self, afc: AfcService, file: Path, name: str, on_sent: Callable[[int], None]) -> None:
        handle = await afc.fopen(documents.inside(name), "w")
        try:
            sent = 0
            for piece in archives.pieces(file):
                await afc.fwrite(handle, piece)
                sent += len(piece)
                on_sent(sent)
                await self.leases.keep()
        finally:
            await afc.fclose(handle)

    async def _hash(self, afc: AfcService, name: str) -> str:
        digest = hashlib.sha256()
        await self._each(afc, name, digest.update)
        return digest.hexdigest()

    async def _each(self, afc: AfcService, name: str, take: Callable[[bytes], object]) -> None:
        """Read a file piece by piece, to its end."""
        handle = await afc.fopen(documents.inside(name))
        try:
            while chunk := await afc.fread(handle, _CHUNK_BYTES):
                take(chunk)
                await self.leases.keep()
        finally:
            await afc.fclose(handle)

    async def _make_room(self, afc: AfcService, size_bytes: int, what: str) -> None:
        free = await documents.free_bytes(afc)
        if free < size_bytes + _SPARE_BYTES:
            raise DeviceNotReady(
                f"it has {free / 1e6:.0f} MB free, {what} needs {(size_bytes + _SPARE_BYTES) / 1e6:.0f} MB with room over",
                error_class="device_full",
                hint="farm devices clean removes what farm keeps there",
            )
