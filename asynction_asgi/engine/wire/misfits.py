"""Values that have no place in JSON, in words that say what to write instead."""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import math
import os
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from ...spec.text.pointer import Pointer

_BYTES = (bytes, bytearray, memoryview)
_KEYS = (str, int, float, type(None))  # which an encoder makes strings
_MOST = 200  # characters of a pointer
# By attribute, so that no package is imported for it.
_BY_ATTRIBUTE = {
    "model_dump": ".model_dump(mode='json')",
    "__struct_fields__": "msgspec.to_builtins(…)",
    "__attrs_attrs__": "attrs.asdict(…)",
    "__dataclass_fields__": "dataclasses.asdict(…)",
    "tolist": ".tolist()",
}
_BY_TYPE: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((dt.date, dt.time), ".isoformat()"),
    (dt.timedelta, ".total_seconds()"),
    (decimal.Decimal, "str(…) or float(…)"),
    ((UUID, os.PathLike), "str(…)"),
    (Enum, ".value"),
    (Mapping, "dict(…)"),
    (Iterable, "list(…)"),
)


def describe_misfit(value: Any, pointer: str = "") -> str | None:
    """Describe the first value that has no JSON form and say what to use instead, or return None.

    Bytes have their place in packets, UUIDs and the members of an Enum have a form.

    Args:
        value: What could not be encoded.
        pointer: The JSON Pointer of `value`, where it is a part of something.
    """
    inside: set[int] = set()
    done: set[int] = set()  # a value that several others share is looked at once
    todo: list[tuple[str, Any, bool]] = [(pointer, value, False)]
    while todo:
        place, child, leaving = todo.pop()
        if leaving:
            inside.discard(id(child))
            done.add(id(child))
            continue
        if isinstance(child, Enum):
            child = child.value  # which stands for it
        if not isinstance(child, dict | list | tuple):
            if not _has_form(child):
                return describe_one(child, place)
            continue
        if id(child) in inside:
            return f"the {type(child).__name__}{_at(place)} holds itself"
        if id(child) in done:
            continue
        inside.add(id(child))
        todo.append((place, child, True))
        if isinstance(child, dict):
            for key in child:
                if not isinstance(key, _KEYS):
                    return f"a key{_at(place)} is {_noun(key)}, not a string: use str(…)"
        todo.extend((below, inner, False) for below, inner in reversed(_children(child, place)))
    return None


def describe_one(value: Any, pointer: str) -> str:
    """Describe a value that is not one of JSON's and say what to use instead."""
    if isinstance(value, float):
        return f"{value}{_at(pointer)} is not JSON: use None"
    if isinstance(value, str):
        return f"the text{_at(pointer)} holds half a surrogate pair, which has no UTF-8"
    if isinstance(value, _BYTES):
        return f"{type(value).__name__}{_at(pointer)} is not JSON: declare 'format: binary', or use .decode()"
    return f"{_noun(value)}{_at(pointer)} is not JSON: {_cure(value)}"


def _has_form(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True
    return value is None or isinstance(value, (int, UUID, *_BYTES))


def _children(value: Any, place: str) -> list[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [(f"{place}/{Pointer.escape(str(key))}"[: _MOST + 1], inner) for key, inner in pairs]


def _cure(value: Any) -> str:
    if inspect.isawaitable(value):
        return "await it"
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        return "use .isoformat(), and give it a time zone for 'format: date-time'"
    if not isinstance(value, type):
        for attribute, cure in _BY_ATTRIBUTE.items():
            if hasattr(type(value), attribute):
                return f"use {cure}"
        for types, cure in _BY_TYPE:
            if isinstance(value, types):
                return f"use {cure}"
    return "use a dict, list, str, number, bool or None"


def _noun(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def _at(pointer: str) -> str:
    return f" at {pointer if len(pointer) <= _MOST else pointer[:_MOST] + '…'}" if pointer else ""
