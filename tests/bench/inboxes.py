"""Services that take messages, on this machine: a webhook, and a mail server. Both can be down, slow, or refuse, and come back."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Webhook:
    """What came in, and how it answers from now on."""

    port: int
    status: int = 200
    delay_s: float = 0.0
    asked: int = 0
    came: list[dict[str, Any]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def url(self, secret: str = "s3cret-t0ken") -> str:
        return f"json://someone:{secret}@{HOST}:{self.port}/{secret}"

    def up(self) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, delay_s = hook.status, hook.delay_s  # as it was when this was asked
                hook.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(delay_s)
                if status == 200:
                    hook.came.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((HOST, self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def down(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook(free_port())
    hook.up()
    try:
        yield hook
    finally:
        hook.down()


class Letters:
    """Mail that came in, as text; an answer of its own instead of taking it, where there is one."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.came.append(envelope.content.decode("utf-8", errors="replace"))
        return self.answer


@dataclass
class Mail:
    """A mail server."""

    port: int
    letters: Letters = field(default_factory=Letters)
    controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"mailto://{HOST}:{self.port}?from=farm@lab.example.com&to=team@lab.example.com&mode=insecure"

    def up(self) -> None:
        self.controller = Controller(self.letters, hostname=HOST, port=self.port)
        self.controller.start()

    def down(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@contextmanager
def mail() -> Iterator[Mail]:
    box = Mail(free_port())
    box.up()
    try:
        yield box
    finally:
        box.down()
