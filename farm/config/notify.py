"""[notify] of devices.toml: where messages go, and which. An address is a secret, and no problem that is reported holds any of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from farm.config.files import Entry
from farm.config.words import nearest
from farm.notices import Kind, Target

_SOURCES = ("url", "url_env", "url_file")
WANTED: tuple[str, ...] = tuple(kind.value for kind in Kind if kind is not Kind.TEST)


class TargetEntry(Entry):
    """[notify.NAME]."""

    url: SecretStr | None = Field(None, min_length=1)
    url_env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
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
        if not isinstance(entry, dict):
            continue
        stated = [source for source in _SOURCES if source in entry]
        if len(stated) != 1:
            problems.append(f"notify.{name}: state one of {', '.join(_SOURCES)}{f', not {len(stated)}' if stated else ''}")
        kinds = entry.get("kinds")
        problems += [
            f'notify.{name}.kinds: there is no kind "{kind}"{nearest(str(kind), WANTED)}; there are {", ".join(WANTED)}'
            for kind in (kinds if isinstance(kinds, list) else ())
            if kind not in WANTED
        ]
    return problems
