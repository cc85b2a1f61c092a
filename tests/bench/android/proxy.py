"""A faulty cable: a TCP proxy of its own process between an adb server and one adbd.

Usage: python proxy.py PORT_FILE   (the file that says on which port the adbd listens; it changes when adbd starts again)

Prints the port it listens on, on 127.0.0.1, then obeys the lines on its standard input, answering each with `ok`:

    drop            connections are reset, new ones are refused
    cut             connections are reset, new ones go through
    cut-after N     the same, as soon as N more bytes have gone to the phone; then as with drop
    freeze          nothing is passed on, in either direction; nothing is lost either
    half-open       the phone's ends are closed, the server's ends stay open and silent, as do new connections
    slow N          at most N bytes a second in each direction
    restore         as at the start; ends that a half-open time left behind are reset
"""

import contextlib
import socket
import struct
import sys
import threading
import time
from pathlib import Path

CHUNK_BYTES = 256 * 1024
POLL_S = 0.1
NEVER = 1 << 62


class Link:
    """One connection through the proxy."""

    def __init__(self, server: socket.socket, phone: socket.socket | None) -> None:
        self.server, self.phone = server, phone
        self.over = threading.Event()
        self._resetting = False
        self._pumps = 2 if phone is not None else 0
        self._lock = threading.Lock()
        for end in (server, phone):
            if end is not None:
                end.settimeout(POLL_S)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self) -> None:
        """End both sides at once, without the goodbye that an orderly close says."""
        self.over.set()
        for end in (self.server, self.phone):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            self._resetting = True
            unused = self._pumps == 0
        if unused:
            self._close()

    def pump_ended(self) -> None:
        """Close the sockets of a link that was reset, when nobody uses them any more."""
        with self._lock:
            self._pumps -= 1
            unused = self._pumps == 0 and self._resetting
        if unused:
            self._close()

    def lose_phone(self) -> None:
        """Close the phone's end; the server's stays open, and nobody reads it."""
        if self.phone is not None:
            self.phone.shutdown(socket.SHUT_RDWR)
            self.phone.close()
            self.phone = None

    def _close(self) -> None:
        for end in (self.server, self.phone):
            if end is not None:
                end.close()


class Proxy:
    """The listening socket, the links, and what is wrong with them at the moment."""

    def __init__(self, port_file: Path) -> None:
        self.port_file = port_file
        self.listener = _bound(0)
        self.port: int = self.listener.getsockname()[1]
        self.listener.listen()
        self.links: list[Link] = []
        self.mode = "restore"
        self.rate_bytes_per_s = NEVER
        self.left_bytes = NEVER
        self.lock = threading.RLock()

    def obey(self, command: str, number: int) -> None:
        """Change what is wrong."""
        with self.lock:
            self.rate_bytes_per_s = number if command == "slow" else NEVER
            self.left_bytes = number if command == "cut-after" else NEVER
            was, self.mode = self.mode, command
            if command in ("drop", "cut"):
                self.reset_links()
            elif command == "half-open":
                for link in self.links:
                    link.over.set()
            elif command == "restore":
                self.reset_links(only_over=True)
            if command == "drop":
                self.refuse()
            elif was == "drop":
                self.listener.listen()

    def reset_links(self, *, only_over: bool = False) -> None:
        """Reset all links, or only those whose phone end is gone."""
        kept = []
        for link in self.links:
            if only_over and not link.over.is_set():
                kept.append(link)
            else:
                link.reset()
        self.links = kept

    def refuse(self) -> None:
        """Keep the port without listening on it."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = _bound(self.port)

    def accept_forever(self) -> None:
        """Take connections, for as long as the process lives."""
        while True:
            if self.mode == "drop":
                time.sleep(POLL_S / 4)
                continue
            try:
                server, _ = self.listener.accept()
            except OSError:
                time.sleep(POLL_S / 4)
                continue
            self.take(server)

    def take(self, server: socket.socket) -> None:
        """Start a link for a new connection."""
        phone = None
        if self.mode != "half-open":
            try:
                phone = socket.create_connection(("127.0.0.1", int(self.port_file.read_text())), timeout=2)
            except (OSError, ValueError):  # no adbd at the moment
                Link(server, None).reset()
                return
        link = Link(server, phone)
        with self.lock:
            self.links = [*(each for each in self.links if not each.over.is_set() or each.phone is None), link]
        if phone is None:
            link.over.set()
            return
        for source, target in ((server, phone), (phone, server)):
            threading.Thread(target=self.pump, args=(link, source, target), daemon=True).start()

    def pump(self, link: Link, source: socket.socket, target: socket.socket) -> None:
        """Pass bytes on from source to target until the link is over."""
        try:
            while not link.over.is_set():
                if self.mode == "freeze":
                    time.sleep(POLL_S / 10)
                    continue
                try:
                    data = source.recv(min(CHUNK_BYTES, max(1, self.rate_bytes_per_s // 20)))
                except TimeoutError:
                    continue
                if not data:
                    break
                started_s = time.monotonic()
                self.send(link, target, data)
                if self.rate_bytes_per_s < NEVER:
                    time.sleep(max(0.0, len(data) / self.rate_bytes_per_s - (time.monotonic() - started_s)))
        except OSError:
            pass
        finally:
            self.end(link)

    def send(self, link: Link, target: socket.socket, data: bytes) -> None:
        """Send all of data, unless the link ends or is frozen meanwhile."""
        view = memoryview(data)
        if target is link.phone and self.left_bytes < NEVER:
            view = view[: self.left_bytes]
        while view and not link.over.is_set():
            if self.mode == "freeze":
                time.sleep(POLL_S / 10)
                continue
            try:
                sent = target.send(view)
            except TimeoutError:
                continue
            view = view[sent:]
            if target is link.phone and self.left_bytes < NEVER:
                self.left_bytes -= sent
                if self.left_bytes <= 0:
                    self.obey("drop", 0)

    def end(self, link: Link) -> None:
        """One of a link's two directions has ended."""
        with self.lock:
            if self.mode == "half-open":
                link.over.set()
                with contextlib.suppress(OSError):
                    link.lose_phone()
            elif not link.over.is_set():
                link.reset()
        link.pump_ended()


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def main() -> None:
    """Serve until standard input ends."""
    proxy = Proxy(Path(sys.argv[1]))
    threading.Thread(target=proxy.accept_forever, daemon=True).start()
    sys.stdout.write(f"{proxy.port}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        proxy.obey(command, int(number or 0))
        sys.stdout.write("ok\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
