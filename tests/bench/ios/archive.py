"""NSKeyedArchiver's format, as far as the instruments speak it: a property list of objects that name each other by number."""

import plistlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_COCOA_EPOCH_S = 978_307_200.0  # 2001-01-01
_KINDS = {
    "array": ["NSArray", "NSObject"],
    "dictionary": ["NSDictionary", "NSObject"],
    "date": ["NSDate", "NSObject"],
    "error": ["NSError", "NSObject"],
}


@dataclass(frozen=True, slots=True)
class CocoaError:
    """An NSError."""

    domain: str
    code: int
    words: str


def archive(value: object) -> bytes:
    """Return an object and all it holds as an archive."""
    objects: list[Any] = ["$null"]
    root = _put(value, objects)
    top = {"$archiver": "NSKeyedArchiver", "$version": 100_000, "$top": {"root": root}, "$objects": objects}
    return plistlib.dumps(top, fmt=plistlib.FMT_BINARY)


def unarchive(data: bytes) -> Any:
    """Return what an archive holds, as Python's own values. Raises ValueError for anything else."""
    try:
        content = plistlib.loads(data)
        return _get(content["$top"]["root"], content["$objects"])
    except (KeyError, TypeError, IndexError, plistlib.InvalidFileException) as error:
        raise ValueError("this is no archive") from error


def _put(value: object, objects: list[Any]) -> plistlib.UID:
    if value is None:
        return plistlib.UID(0)
    place = len(objects)
    objects.append(None)
    objects[place] = _object(value, objects)
    return plistlib.UID(place)


def _object(value: object, objects: list[Any]) -> Any:
    match value:
        case bool() | int() | float() | str() | bytes():
            return value
        case dict():
            keys, values = ([_put(each, objects) for each in side] for side in (value.keys(), value.values()))
            return {"NS.keys": keys, "NS.objects": values, "$class": _class("dictionary", objects)}
        case list() | tuple():
            return {"NS.objects": [_put(each, objects) for each in value], "$class": _class("array", objects)}
        case datetime():
            return {"NS.time": value.timestamp() - _COCOA_EPOCH_S, "$class": _class("date", objects)}
        case CocoaError():
            told = _put({"NSLocalizedDescription": value.words}, objects)
            return {"NSDomain": _put(value.domain, objects), "NSCode": value.code, "NSUserInfo": told, "$class": _class("error", objects)}
        case _:
            raise TypeError(f"{type(value).__name__} cannot be archived")


def _class(kind: str, objects: list[Any]) -> plistlib.UID:
    wanted = {"$classname": _KINDS[kind][0], "$classes": _KINDS[kind]}
    if wanted not in objects:
        objects.append(wanted)
    return plistlib.UID(objects.index(wanted))


def _get(uid: Any, objects: list[Any]) -> Any:
    value = objects[uid.data] if isinstance(uid, plistlib.UID) else uid
    if value == "$null":
        return None
    if not isinstance(value, dict):
        return value
    name = objects[value["$class"].data]["$classname"]
    match name:
        case "NSDictionary" | "NSMutableDictionary":
            return {_get(key, objects): _get(each, objects) for key, each in zip(value["NS.keys"], value["NS.objects"], strict=True)}
        case "NSArray" | "NSMutableArray" | "NSSet" | "NSMutableSet":
            return [_get(each, objects) for each in value["NS.objects"]]
        case "NSString" | "NSMutableString":
            return _get(value["NS.string"], objects)
        case "NSData" | "NSMutableData":
            return _get(value["NS.data"], objects)
        case "NSDate":
            return datetime.fromtimestamp(value["NS.time"] + _COCOA_EPOCH_S, UTC)
        case "NSNull":
            return None
        case _:
            raise ValueError(f"{name} is not understood")
