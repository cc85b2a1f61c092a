"""[notify] of devices.toml: where messages go, and which. An address is a secret, and no problem that is reported holds any of it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from farm.config.files import Entry
from farm.config.words import nearest
from farm.notices import Kind, Target

_SOURCES = ("url", "url_env", "url_file")
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._-]*"
WANTED: tuple[str, ...] = tuple(kind.value for kind in Kind if kind is not Kind.TEST)


class TargetEntry(Entry):
    """[notify.NAME]."""

    url: SecretStr | None = Field(None, min_length=1)
    url_env: str | None = Field(
        None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the name of an environment variable", examples=["FARM_MAIL"]
    )
    url_file: str | None = Field(None, min_length=1)
    kinds: list[str] = Field(default_factory=lambda: [*WANTED], min_length=1)


def target(name: str, entry: TargetEntry, folder: Path) -> Target:
    """Return one target; files are relative to the folder of devices.toml."""
    return Target(
        name=name,
        kinds=frozenset(map(Kind, entry.kinds)),
        url=None if entry.url is None else entry.url.get_secret_value(),
        variable=entry.url_env,
        file=None if entry.url_file is None else str(folder / entry.url_file),
    )


def target_problems(raw: Mapping[str, Any]) -> list[str]:
    """Name targets without an address or with two, and kinds that there are not."""
    problems = []
    tables = raw.get("notify")
    for name, entry in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(entry, dict) or not re.fullmatch(_PLAIN, name):  # which is a problem by itself
            continue
        stated = [source for source in _SOURCES if source in entry]
        if len(stated) != 1:
            problems.append(f"notify.{name}: state one of {', '.join(_SOURCES)}{f', not {len(stated)}' if stated else ''}")
        if "://" in str(entry.get("url_file")):
            problems.append(f"notify.{name}.url_file: an address stands there; it is for the name of a file that holds one")
        kinds = entry.get("kinds")
        problems += [
            f"notify.{name}.kinds: there is no kind {_shown(kind)}{nearest(str(kind), WANTED)}; there are {', '.join(WANTED)}"
            for kind in (kinds if isinstance(kinds, list) else ())
            if kind not in WANTED
        ]
    return problems


def _shown(kind: object) -> str:
    """Return a kind that there is not; it may be an address in the wrong place, and is shown only where it can be none."""
    return f'"{kind}"' if isinstance(kind, str) and re.fullmatch(r"[A-Za-z_-]{1,12}", kind) else "as one that stands there"
