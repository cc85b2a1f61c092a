"""Files of items: what a quality pass asks a model, with the right answers beside it. harness/protocol/README.md describes the form.

The harness is given the items only. The right answers, and how the items were made, stand in `FILE.farm.json`:

    {"farm_items": 1, "sha256": "...", "recipe": {...}, "targets": [3, 0, ...]}

targets has the place of each item's right answer in the model's output; for texts it is null, since their own tokens are the targets.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from farm.errors import ArtifactError
from farm.workloads import ItemKind, Items

VERSION = 1
_MAGIC = b"FARMITEM"
_HEAD = struct.Struct("<8s4Q")
_KINDS = {1: ItemKind.CLASSIFY, 2: ItemKind.TOKENS}
_WORD_BYTES = 8
_FEWEST_TOKENS = 2
_AGAIN = "make it again: farm artifacts items"


def classify_file(items: Sequence[Sequence[bytes]]) -> bytes:
    """Return the file of items that are the raw bytes of each input of a model's method, of the same sizes in every item."""
    sizes = {tuple(len(data) for data in item) for item in items}
    if len(sizes) != 1:
        raise ValueError("there is at least one item, and all have inputs of the same sizes")
    return _head(ItemKind.CLASSIFY, len(items), sizes.pop()) + b"".join(data for item in items for data in item)


def tokens_file(texts: Sequence[Sequence[int]]) -> bytes:
    """Return the file of texts, each of at least two token ids."""
    if not texts or min(len(text) for text in texts) < _FEWEST_TOKENS:
        raise ValueError("there is at least one text, and each has at least two tokens")
    return _head(ItemKind.TOKENS, len(texts), [len(text) for text in texts]) + b"".join(
        struct.pack(f"<{len(text)}q", *text) for text in texts
    )


def _head(kind: ItemKind, count: int, sizes: Sequence[int]) -> bytes:
    number = next(number for number, known in _KINDS.items() if known is kind)
    return _HEAD.pack(_MAGIC, VERSION, number, count, len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)


def read_head(file: BinaryIO, size_bytes: int) -> tuple[ItemKind, int, tuple[int, ...]]:
    """Return kind, number of items and sizes of a file that has so many bytes. Raises ValueError when it is no whole file of items."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise ValueError("is shorter than its header")
    magic, version, number, count, sizes_count = _HEAD.unpack(head)
    if magic != _MAGIC:
        raise ValueError("does not begin as one")
    if version != VERSION:
        raise ValueError(f"its version is {version}, this farm reads {VERSION}")
    if number not in _KINDS:
        raise ValueError(f"its kind {number} is not known")
    kind = _KINDS[number]
    if count == 0 or sizes_count == 0:
        raise ValueError("has no items")
    if kind is ItemKind.TOKENS and sizes_count != count:
        raise ValueError("does not tell the size of every text")
    rest = size_bytes - _HEAD.size - sizes_count * _WORD_BYTES
    if rest < 0:
        raise ValueError("is cut off")
    sizes = struct.unpack(f"<{sizes_count}Q", file.read(sizes_count * _WORD_BYTES))
    if min(sizes) < (_FEWEST_TOKENS if kind is ItemKind.TOKENS else 1):
        raise ValueError("an item of it is empty")
    stated = sum(sizes) * (_WORD_BYTES if kind is ItemKind.TOKENS else count)
    if stated != rest:
        raise ValueError("is cut off" if stated > rest else "is longer than its header says")
    return kind, count, sizes


def card_path(path: Path) -> Path:
    """Return where the right answers of a file of items stand."""
    return path.with_name(f"{path.name}.farm.json")


def write(path: Path, content: bytes, recipe: Mapping[str, Any], targets: Sequence[int] | None) -> tuple[Path, Path]:
    """Write a file of items with its right answers, and return where both are."""
    card = {"farm_items": VERSION, "sha256": hashlib.sha256(content).hexdigest(), "recipe": dict(recipe)}
    targets_text = "null" if targets is None else json.dumps(list(targets))  # on one line
    text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}") + f',\n "targets": {targets_text}\n}}\n'
    path.write_bytes(content)
    card_path(path).write_text(text, encoding="utf-8")
    return path, card_path(path)


def open_items(path: Path) -> Items:
    """Return the items of a file with their right answers. Raises ArtifactError, with one sentence, when one of the two is not whole."""
    try:
        with path.open("rb") as file:
            kind, count, sizes = read_head(file, path.stat().st_size)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ArtifactError(f"there is no {path}", hint="farm artifacts items makes the example ones") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ArtifactError(f"{path} is not a whole file of items: {_sentence(str(error))}", hint=_AGAIN) from error
    recipe, targets = _card(path, sha256)
    _check_targets(path, kind, count, targets)
    name = os.fsencode(path.name).decode(errors="replace")  # a name need not be UTF-8, and goes into a database that wants it
    return Items(sha256, name, path, kind, count, sizes, targets or (), recipe)


def _sentence(reason: str) -> str:
    return reason if reason.startswith(("its ", "an ")) else f"it {reason}"


def _card(path: Path, sha256: str) -> tuple[dict[str, Any] | None, tuple[int, ...] | None]:
    """Return the recipe and the targets that stand beside a file with this hash; a file of texts needs neither."""
    card = card_path(path)
    try:
        content = json.loads(card.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise ArtifactError(f"{card} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ArtifactError(f"{card} is not JSON", hint=_AGAIN) from error
    try:
        if content["farm_items"] != VERSION:
            raise ArtifactError(f"{card} is of version {content['farm_items']}, this farm reads {VERSION}", hint="update farm")
        if content["sha256"] != sha256:
            raise ArtifactError(f"{card} belongs to other bytes than {path.name}", hint=_AGAIN)
        recipe, targets = content["recipe"], content["targets"]
        if targets is not None and not all(type(target) is int and 0 <= target < 2**31 for target in targets):
            raise ValueError("a target is the place of the right answer, from 0")
        if recipe is not None and not isinstance(recipe, dict):
            raise ValueError("a recipe is an object")
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{card} is not of the form of right answers: {error}", hint=_AGAIN) from error
    return recipe, None if targets is None else tuple(targets)


def _check_targets(path: Path, kind: ItemKind, count: int, targets: tuple[int, ...] | None) -> None:
    if kind is ItemKind.TOKENS:
        if targets is not None:
            raise ArtifactError(f"{card_path(path)} has targets, and the targets of texts are their own tokens", hint=_AGAIN)
    elif targets is None:
        raise ArtifactError(f"the right answers to {path} are missing", hint=f"they stand in {card_path(path).name} beside it")
    elif len(targets) != count:
        raise ArtifactError(f"{card_path(path)} has {len(targets)} targets for {count} items", hint=_AGAIN)
