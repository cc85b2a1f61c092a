"""python -m farm.devices.ios.worker UDID BUNDLE: obeys lines on standard input (farm/devices/ios/wire.py) until it ends."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from farm.devices.ios import wire
from farm.devices.ios.worker.apps import Apps
from farm.devices.ios.worker.developer import Developer
from farm.devices.ios.worker.files import Files
from farm.devices.ios.worker.leases import Leases
from farm.devices.ios.worker.link import Link
from farm.devices.ios.worker.translate import UNPAIRED, ours
from farm.errors import FarmError

_LINE_BYTES = 16 * 1024 * 1024


async def serve(udid: str, bundle: str, say: Callable[[bytes], None]) -> None:
    """Answer one request after the other. Between requests the loop runs on: a tunnel has to be kept alive."""
    link = Link(udid, bundle)
    leases = Leases(link)
    able: tuple[object, ...] = (Files(link, leases), leases, Developer(link), Apps(link))
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say(wire.line({"ok": "ready"}))
    while line := await reader.readline():
        request = json.loads(line)
        number = request.pop("id")

        def sent(count: int, size: int, number: int = number) -> None:
            say(wire.line({"id": number, "sent": count, "size": size}))

        try:
            async with ours(link):
                answer = await _done(link, able, request, sent)
        except FarmError as error:
            say(wire.line({"id": number, "error": wire.error_of(error)}))
        else:
            say(wire.line({"id": number, "ok": answer}))
    await link.close()


async def _done(link: Link, able: tuple[object, ...], request: dict[str, Any], sent: Callable[[int, int], None]) -> object:
    what = request.pop("do")
    work = next(found for one in able if (found := getattr(one, f"do_{what}", None)) is not None)
    if what == "push":
        request["on_bytes"] = sent
    try:
        return await work(**request)
    except UNPAIRED:  # what is open was paired once; connecting anew asks for trust, or says why there is none
        await link.drop()
        return await work(**request)


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    udid, bundle = sys.argv[1:]
    output = os.dup(1)
    os.dup2(2, 1)
    logging.basicConfig(level=logging.ERROR)

    def say(line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[os.write(output, view) :]

    asyncio.run(serve(udid, bundle, say))


if __name__ == "__main__":
    main()
