"""A phone on which nobody confirms the question whether this computer may debug it.

Usage: python unauthorized.py   (prints the port it listens on, on 127.0.0.1; ends with its standard input)

It answers a connection with a token to sign, refuses every signature with another token, and never says yes to a public key:
adb then shows the device as `unauthorized`. The message's form: packages/modules/adb/protocol.txt of AOSP.
"""

import contextlib
import os
import socket
import struct
import sys
import threading

CONNECT, AUTHENTICATE = 0x4E584E43, 0x48545541
TOKEN, SIGNATURE = 1, 2
_HEADER = struct.Struct("<6I")


def message(command: int, argument: int, data: bytes) -> bytes:
    """Return a message of the adb protocol."""
    return _HEADER.pack(command, argument, 0, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF) + data


def exactly(connection: socket.socket, count: int) -> bytes:
    """Return count bytes; raises EOFError when the other side ends before."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def serve(connection: socket.socket) -> None:
    """Speak with one server until it goes."""
    with connection, contextlib.suppress(EOFError, OSError):
        while True:
            command, kind, _, length, _, _ = _HEADER.unpack(exactly(connection, _HEADER.size))
            exactly(connection, length)
            if command == CONNECT or (command == AUTHENTICATE and kind == SIGNATURE):
                connection.sendall(message(AUTHENTICATE, TOKEN, os.urandom(20)))


def accept_forever(listener: socket.socket) -> None:
    """Take connections, for as long as the process lives."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main() -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept_forever, args=(listener,), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
