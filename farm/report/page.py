"""Templates and data -> one file that needs nothing else. The sources lie in reports/; jinja2 is imported here and nowhere else."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from farm.sources import source_root
from farm.stats.intervals import median_rank

_SCRIPTS = ("data", "units", "dom", "tables", "plots", "history", "runs", "run", "profile", "budget", "device", "pareto", "view")
"""Files of reports/static/js, in the order in which they are run."""
MOST_RANKED = 255
"""Up to so many runs, scripts know which of them bound their median: more are in no night, and on no side of a gate."""
_IN_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}

_BEGIN = '(function () {\n"use strict";\nfunction start() {\n'
_END = """
}
// What the address asks for is drawn at once; else the tables, which are there already, are painted first.
const isAsked = location.hash.length > 1 || document.getElementById("inline-series") !== null;
if (isAsked) start();
else requestAnimationFrame(() => setTimeout(start));
})();
"""


def render(template: str, data: Mapping[str, Any] | None = None, **content: object) -> str:
    """Return a page. data is what its scripts read, once, as JSON; without it, the page has no script.

    The policy in its head forbids every request and every script and style but those here, by their hashes: text that should
    slip through as markup would still do nothing.
    """
    style = _style()
    script = "" if data is None else _script()
    sources = [f"style-src '{_hash(style)}'"] + ([f"script-src '{_hash(script)}'"] if script else [])
    policy = "; ".join(["default-src 'none'", *sources, "base-uri 'none'", "form-action 'none'"])
    return (
        _environment()
        .get_template(template)
        .render(
            policy=policy,
            style=Markup(style),  # noqa: S704 - files of ours, without anything of a user's in them
            script=Markup(script),  # noqa: S704
            data=Markup("" if data is None else as_json({**data, "ranks": _ranks()})),  # noqa: S704 - nothing in it can end its element
            **content,
        )
    )


@lru_cache(maxsize=1)
def _ranks() -> list[tuple[int, float] | None]:
    """Return, by the number of runs, which of them in order bound their median and how often: the intervals that scripts draw."""
    found = (median_rank(count) for count in range(MOST_RANKED + 1))
    return [None if each is None else (each[0], round(each[1], 4)) for each in found]


def as_json(data: Mapping[str, Any]) -> str:
    """Return data as JSON that can stand in an element: no character of markup is left, and half a surrogate pair is a question mark."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.encode("utf-8", "replace").decode()
    for character, escape in _IN_JSON.items():
        text = text.replace(character, escape)
    return text


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(source_root("reports")),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _style() -> str:
    static = source_root("reports") / "static"
    return _read(static / "vendor" / "uPlot.min.css") + _read(static / "page.css")


@lru_cache(maxsize=1)
def _script() -> str:
    static = source_root("reports") / "static"
    own = "\n".join(_read(static / "js" / f"{name}.js") for name in _SCRIPTS)
    licence = _read(static / "vendor" / "uPlot-LICENSE.txt")
    return f"/*\n{licence}*/\n{_read(static / 'vendor' / 'uPlot.iife.min.js')}\n{_BEGIN}{own}{_END}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a policy calls an inline text, which a browser reads with its line ends as they are."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
