"""farm commands as processes that are forked from one which has farm loaded: the same code, less its imports.

A command takes 0.4 s of CPU to be loaded, and the tests run many hundreds. What starts, is killed, or has an interpreter of its own
(another locale, other paths) is a real `python -m farm` in the tests that are about it; tests.processes says which it may be.

python -m tests.forked SOCKET: serves until its stdin is closed. A request is one connection. It brings four files: a JSON text of
{"arguments", "folder", "environment"}, and the command's stdin, stdout and stderr. The answers are lines: its pid, then its exit code.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import farm

_FILES = 4
_OF_EXTRAS = ("farm.artifacts.", "farm.cluster", "farm.devices.ios.worker", "farm.__main__")


def load() -> None:
    """Import what commands import as they run, but for what only the extras have."""
    for module in pkgutil.walk_packages(farm.__path__, "farm."):
        if not module.name.startswith(_OF_EXTRAS):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # or each command would copy what it looks through


@dataclass(slots=True)
class Server:
    """Forks commands and tells how they ended."""

    listener: socket.socket
    selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> dict[str, Any] | None:
        """Return a request in a process that was forked for it; None when there are no more."""
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is sys.stdin:
                    return None
                if key.fileobj is not self.listener:
                    self._ended(key)
                elif (request := self._forked()) is not None:
                    return request

    def _forked(self) -> dict[str, Any] | None:
        connection, _ = self.listener.accept()
        _, files, _, _ = socket.recv_fds(connection, 1, _FILES)
        with os.fdopen(files[0], encoding="ascii") as text:
            request: dict[str, Any] = json.load(text)
        pid = os.fork()
        if pid == 0:
            for place, file in enumerate(files[1:]):
                os.dup2(file, place)
                os.close(file)
            self.selector.close()
            self.listener.close()
            connection.close()
            return request
        for file in files[1:]:
            os.close(file)
        connection.sendall(f"{pid}\n".encode())
        self.selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))
        return None

    def _ended(self, key: selectors.SelectorKey) -> None:
        pid, connection = key.data
        self.selector.unregister(key.fileobj)
        os.close(key.fd)
        _, status = os.waitpid(pid, 0)
        with connection:
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def main() -> None:
    """Serve, and be a command."""
    load()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        request = Server(listener).serve()
    if request is None:
        return
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [str(Path(farm.__path__[0]) / "__main__.py"), *request["arguments"]]
    importlib.import_module("farm.cli.main").main()


if __name__ == "__main__":
    main()
