"""What the author of a faulty keyword may have meant, in words for a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..text.hints import did_you_mean
from .keywords import TYPES

if TYPE_CHECKING:
    from collections.abc import Container

_FOREIGN_TYPES = {  # as Python, Java and their like call them
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("str", "text", "date", "datetime", "uuid"), "string"),
    **dict.fromkeys(("list", "tuple", "set"), "array"),
    **dict.fromkeys(("dict", "map", "struct"), "object"),
    **dict.fromkeys(("none", "nil"), "null"),
    "bool": "boolean",
}


def kind_of(value: Any) -> str:
    """Return the kind of a value that is not a schema, with its article."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "a list"
    return "a string" if isinstance(value, str) else "a number"


def hint_for(key: str, value: Any, known: Container[str]) -> str:
    """Return what to write in place of a value that a keyword does not take, or ``""``.

    Args:
        key: The keyword.
        value: What it was given.
        known: The keywords of the dialect.
    """
    if key in ("exclusiveMinimum", "exclusiveMaximum"):
        other = key[9:].lower()
        if isinstance(value, bool):
            return f"; since draft-06 it replaces {other}"
        return f"; before draft-06, it stands beside {other}, which is the limit"
    if key == "items" and isinstance(value, list):
        return "; use prefixItems" if "prefixItems" in known else "; a tuple can't be described here"
    if key == "required" and isinstance(value, bool):
        return "; it stands beside properties and lists their names"
    if key == "type":
        names = [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)]
        unknown = next((name for name in names if name not in TYPES), None)
        if unknown is not None:
            return did_you_mean(_FOREIGN_TYPES.get(unknown.lower(), unknown), TYPES)
    return ""
