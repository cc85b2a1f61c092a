"""Texts without their secrets: what a person typed may hold a token, and lists of commands are shown to everybody."""

import re

HIDDEN = "***"
_WORD = (
    r"(?:token|secret(?:[-_]key)?|passphrase|passw(?:or)?d|passwd|pwd|(?:api|access|private)[-_]?key|auth(?:orization)?|credentials?|cookie"
    r"|webhook)"
)
_QUOTED = r"\"[^\"]*\"|'[^']*'|[^\s'\"]+"
_ASSIGNED = re.compile(rf"(?P<name>{_WORD}(?![\w-])\"?\s*[=:]\s*(?:(?:bearer|basic)\s+)?)(?:{_QUOTED})", re.IGNORECASE)
_GIVEN = re.compile(rf"(?P<name>--?[\w-]*{_WORD}\s+)(?:{_QUOTED})", re.IGNORECASE)
_BEARER = re.compile(r"\b(?P<scheme>bearer|basic)\s+[^\s'\"]{8,}", re.IGNORECASE)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^\s'\"<>]+)")
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}|AKIA[0-9A-Z]{16}|hf_\w{16,}|sk-[\w-]{16,}|pypi-[\w-]{16,}|"
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_PLAIN_SCHEMES = ("http", "https", "ssh", "git", "ftp", "file")
"""What names a place. Every other scheme is taken for a notification's, whose address is its secret."""
_HOOK = re.compile(r"hook|/services/|/bot\d|token|secret", re.IGNORECASE)


def redacted(text: str) -> str:
    """Return text with what looks like a secret hidden; what looks like none is left as it is.

    Hidden are named values, tokens of known shape, logins and queries of addresses, and the whole address of a notification.
    """
    text = _URL.sub(_address, text)
    text = _ASSIGNED.sub(lambda found: f"{found['name']}{HIDDEN}", text)
    text = _GIVEN.sub(lambda found: f"{found['name']}{HIDDEN}", text)
    text = _BEARER.sub(lambda found: f"{found['scheme']} {HIDDEN}", text)
    return _KNOWN.sub(HIDDEN, text)


def _address(found: re.Match[str]) -> str:
    scheme, rest = found["scheme"], found["rest"]
    if scheme.lower() not in _PLAIN_SCHEMES:
        return f"{scheme}://{HIDDEN}"
    rest, query, _ = rest.partition("?")
    login, at, place = rest.rpartition("@")
    if _HOOK.search(place):
        return f"{scheme}://{place.split('/')[0]}/{HIDDEN}"
    kept_login = f"{HIDDEN}@" if at and (":" in login or scheme.lower().startswith("http")) else f"{login}{at}"
    return f"{scheme}://{kept_login}{place}{f'?{HIDDEN}' if query else ''}"
