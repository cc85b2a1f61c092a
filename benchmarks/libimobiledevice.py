"""Copies a file into the harness app's Documents with libimobiledevice's own AFC client, the one that afcclient is made of.

Debian's tools have no afcclient, so that the library is called as it calls it. Usage: python -m benchmarks.libimobiledevice UDID FILE;
prints the seconds that the bytes took. USBMUXD_SOCKET_ADDRESS says where the usbmuxd is.
"""

import ctypes
import ctypes.util
import sys
import time
from pathlib import Path

from tests.bench.ios import BUNDLE

_WRITE_ONLY = 3
_PIECE_BYTES = 1 << 20


def main() -> None:
    """Copy the file."""
    udid, path = sys.argv[1:]
    library = ctypes.CDLL("libimobiledevice-1.0.so.6")
    device, house, afc, answer = (ctypes.c_void_p() for _ in range(4))

    def call(name: str, *arguments: object) -> None:
        code = getattr(library, name)(*arguments)
        if code != 0:
            raise SystemExit(f"{name} gives {code}")

    call("idevice_new", ctypes.byref(device), udid.encode())
    call("house_arrest_client_start_service", device, ctypes.byref(house), b"farm")
    call("house_arrest_send_command", house, b"VendDocuments", BUNDLE.encode())
    call("house_arrest_get_result", house, ctypes.byref(answer))
    call("afc_client_new_from_house_arrest_client", house, ctypes.byref(afc))
    handle, written = ctypes.c_uint64(), ctypes.c_uint32()
    call("afc_file_open", afc, b"/Documents/of-libimobiledevice", _WRITE_ONLY, ctypes.byref(handle))
    start_s = time.perf_counter()
    with Path(path).open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            call("afc_file_write", afc, handle, piece, ctypes.c_uint32(len(piece)), ctypes.byref(written))
    print(time.perf_counter() - start_s)
    call("afc_file_close", afc, handle)


if __name__ == "__main__":
    main()
