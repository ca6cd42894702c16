"""What a violation says: made at load from the document alone, bounded, fit for a peer's eyes."""

from __future__ import annotations

import json
from typing import Any

from ...errors import shorten

_LONGEST = 160
_NAMES = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "an array",
    "object": "an object",
    "binary": "binary",
}


def quoted(value: Any) -> str:
    """Write a value of the document as JSON, shortened if it is long."""
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """Return a text of the document, cut to what a message can hold."""
    return shorten(text, _LONGEST)


def counted(number: int, unit: str) -> str:
    """Write a count with its noun: ``1 item``, ``2 items``."""
    return f"{number} {unit}{'' if number == 1 else 's'}"


def listed(values: list[Any]) -> str:
    """List values of the document, as many as fit."""
    shown = ""
    for value in values:
        more = f", {quoted(value)}" if shown else quoted(value)
        if len(shown) + len(more) > _LONGEST:
            return f"{shown}, …"
        shown += more
    return shown


def type_names(types: list[str]) -> str:
    """Write types in words, such as ``a string, an integer or null``."""
    names = [_NAMES[name] for name in types]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
