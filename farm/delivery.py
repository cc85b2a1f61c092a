"""Handing a message to the service that a target's address names. apprise is imported here and nowhere else.

What apprise says for itself may hold the address, and with it a password or a token: none of it is passed on.
"""

import logging
import re
import threading
from typing import Any

from farm.errors import InputError
from farm.notices import Notice

_UNREACHED = "it cannot be reached"
_REFUSED = "it did not take the message"


class _Heard(logging.Handler):
    """Keeps what apprise says, for itself."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def is_there() -> bool:
    """Whether messages can be sent at all from this installation."""
    try:
        import apprise  # noqa: F401
    except ImportError:
        return False
    return True


def check(name: str, url: str) -> None:
    """Raise InputError when a target's address is none that apprise knows, or apprise is missing. Nothing is sent."""
    import_apprise()
    heard = _listened()
    if not _sender(url):
        raise InputError(f"the address of the target {name} is none that a message can be sent to", hint=_hint(heard.lines))


def deliver(url: str, notice: Notice, deadline_s: float) -> str | None:
    """Send a message; return None when the service took it, else why not, in words without any part of the address.

    A service that says nothing within the deadline is left alone: it may have taken the message, and will then have it twice.
    """
    answers: list[str | None] = []
    worker = threading.Thread(target=lambda: answers.append(_sent(url, notice)), daemon=True)
    worker.start()
    worker.join(deadline_s)
    return answers[0] if answers else f"it gave no answer within {deadline_s:g} s"


def import_apprise() -> None:
    """Raise InputError when apprise is missing."""
    if not is_there():
        raise InputError("messages need apprise, which is not installed", hint="pip install 'phonefarm[notify]'")


def _sent(url: str, notice: Notice) -> str | None:
    if not is_there():
        return "apprise is not installed: pip install 'phonefarm[notify]'"
    heard = _listened()
    sender = _sender(url)
    if sender is None:
        return "its address is none that a message can be sent to"
    try:
        took = sender.notify(title=notice.title, body=notice.text, body_format="text")
    except (OSError, ValueError, TypeError, UnicodeError):  # of a service's own module; its text may hold the address
        return _REFUSED
    return None if took else _why(heard.lines)


def _sender(url: str) -> Any:  # noqa: ANN401 - apprise loads when it is needed, and where it is there
    import apprise

    sender = apprise.Apprise()
    try:
        return sender if sender.add(url) else None
    except (TypeError, ValueError):
        return None


def _listened() -> _Heard:
    """Keep apprise's words, which may hold secrets, from every log; return what collects them."""
    heard = _Heard()
    log = logging.getLogger("apprise")
    log.propagate = False
    log.handlers = [heard]
    log.setLevel(logging.WARNING)
    return heard


def _why(lines: list[str]) -> str:
    text = "\n".join(lines)
    if found := re.search(r"error=([1-5][0-9]{2})\b", text):
        return f"it answered with the error {found[1]}"
    return _UNREACHED if re.search(r"[Cc]onnection error", text) else _REFUSED


def _hint(lines: list[str]) -> str:
    known = "such as mailtos://USER:PASSWORD@HOST?to=TO or json://HOST/PATH"
    return (
        f"write it as apprise does, {known}"
        if any("Unparseable" in line for line in lines)
        else f"a part of it is missing or wrong; {known}"
    )
