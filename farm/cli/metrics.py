"""farm metrics: what a monitoring system is told, as text, as a file for node_exporter, or over HTTP on this machine."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from farm import __version__
from farm.cli import notified
from farm.cli.context import Context, say
from farm.errors import FarmError, InputError
from farm.monitor import QUESTIONS, Facts, text

_DEADLINE_S = 5.0
_KEPT_S = 5.0
_MOST_PORT = 65_535
_ASIDE = (".refused", ".unreadable")
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@click.command(epilog="Example: farm metrics --textfile /var/lib/node_exporter/farm.prom")
@click.option("--textfile", type=click.Path(path_type=Path, dir_okay=False), help="Write them to this file, whole or not at all.")
@click.option("--listen", metavar="HOST:PORT", help="Answer scrapes there until it is stopped, such as 127.0.0.1:9273.")
@click.pass_obj
def metrics(context: Context, textfile: Path | None, listen: str | None) -> None:
    """Print what Prometheus is told of this farm: runs by outcome, last success of each series, nights, queue, health, journal, messages.

    The journal stays as it is, and nothing is measured. Where the database cannot be read, farm_database_readable is 0 and the
    numbers that would come from it are left out.
    """
    if textfile is not None and listen is not None:
        raise InputError("name either a --textfile or where to --listen", hint="farm metrics --listen 127.0.0.1:9273")
    if listen is not None:
        _serve(_address(listen), lambda: text(facts(context)))
    elif textfile is not None:
        from farm.cli.places import Place

        Place(textfile, "textfile", "--textfile").write(text(facts(context)))
    else:
        click.echo(text(facts(context)), nl=False)


def facts(context: Context) -> Facts:
    """Look at the data folder; nothing is changed."""
    waiting = notified.outbox(context).waiting()
    names = [message.target for message in waiting]
    rows: dict[str, list[dict[str, object]]] = {}
    is_readable = True
    try:
        store = context.store(_DEADLINE_S)
        there = set(store.query("tables")["name"])
        found = store.queries({name: {} for name, table in QUESTIONS.items() if table is None or table in there})
        rows = {name: frame.to_dicts() for name, frame in found.items()}
    except FarmError as error:
        say(error.message)
        is_readable = False
    return Facts(
        version=__version__,
        is_readable=is_readable,
        database_bytes=context.database.stat().st_size if context.database.exists() else None,
        journal_runs=len(context.journal.entries()),
        journal_aside=sum(entry.suffix in _ASIDE for entry in context.journal.folder.glob("*")),
        notices={name: names.count(name) for name in sorted(set(names))},
        oldest_notice_s=min((_seconds(message.since) for message in waiting), default=None),
        rows=rows,
    )


def _seconds(moment: str) -> float:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def _address(words: str) -> tuple[str, int]:
    found = re.fullmatch(r"\[?([^\[\]]+)\]?:([0-9]{1,5})", words)
    if found is None or int(found[2]) > _MOST_PORT:
        raise InputError(f'--listen: "{words}" is not HOST:PORT', hint="farm metrics --listen 127.0.0.1:9273")
    return found[1], int(found[2])


@dataclass
class _Recent:
    """A text that is made anew when it is older than a few seconds, by one thread at a time."""

    made: Callable[[], str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    made_at_s: float = float("-inf")
    kept: bytes = b""

    def text(self) -> bytes:
        with self.lock:
            if time.monotonic() - self.made_at_s > _KEPT_S:
                self.kept = self.made().encode()
                self.made_at_s = time.monotonic()
            return self.kept


def _serve(address: tuple[str, int], made: Callable[[], str]) -> None:
    """Answer scrapes until the process is stopped."""
    recent = _Recent(made)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.path.partition("?")[0] in ("/metrics", "/")
            body = recent.text() if is_known else b"farm's numbers are at /metrics\n"
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", _TYPE if is_known else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of each scrape."""

    try:
        server = ThreadingHTTPServer(address, Handler)
    except OSError as error:
        raise InputError(f"{address[0]}:{address[1]} cannot be listened on: {error.strerror}", hint="name another port") from error
    say(f"listening on http://{address[0]}:{server.server_port}/metrics")
    with server:
        server.serve_forever()
