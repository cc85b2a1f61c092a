"""Small files and folders of the box: the harness app's Documents, over AFC. Names are the box's."""

import json
from pathlib import Path
from typing import Any

from pymobiledevice3.exceptions import AfcFileNotFoundError
from pymobiledevice3.services.afc import AfcService


def inside(name: str) -> str:
    """Return where on the phone the box has this name."""
    return f"/Documents/{name}"


def mapping(text: bytes | None) -> dict[str, Any]:
    """Read a small JSON file; one that is not there or cannot be read is empty, and written anew."""
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def status(afc: AfcService, name: str) -> dict[str, Any] | None:
    """Return what AFC tells of a file or folder; None when there is none."""
    try:
        return dict(await afc.stat(inside(name)))
    except AfcFileNotFoundError:
        return None


async def names(afc: AfcService, folder: str) -> list[str]:
    """Return the names in a folder; none when there is no such folder."""
    try:
        return list(await afc.listdir(inside(folder)))
    except AfcFileNotFoundError:
        return []


async def free_bytes(afc: AfcService) -> int:
    """Return the free bytes of the phone's file system."""
    return int((await afc.get_device_info())["FSFreeBytes"])


async def read(afc: AfcService, name: str, size_bytes: int, last_bytes: int) -> bytes:
    """Return the last bytes, at most so many, of a file of this size."""
    handle = await afc.fopen(inside(name))
    try:
        await afc.fseek(handle, max(0, size_bytes - last_bytes))
        return bytes(await afc.fread(handle, last_bytes))
    finally:
        await afc.fclose(handle)


async def read_whole(afc: AfcService, name: str) -> bytes | None:
    """Return a small file's bytes; None when there is none."""
    found = await status(afc, name)
    return None if found is None else await read(afc, name, found["st_size"], max(1, found["st_size"]))


async def write(afc: AfcService, name: str, text: str) -> None:
    """Write a small text file, whole or not at all."""
    await afc.makedirs(inside(str(Path(name).parent)))
    await afc.set_file_contents(inside(f"{name}.partial"), text.encode())
    await afc.rename(inside(f"{name}.partial"), inside(name))
