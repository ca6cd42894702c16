"""What a schema says beside its type, in the words of a comment."""

from __future__ import annotations

import json
from typing import Any

from .tree import Notes

_MOST_EXAMPLES = 3
_LONGEST = 200
_RANGES = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
)
_COUNTS = (("Length", "character"), ("Items", "item"), ("Properties", "property"))


def read_notes(schema: Any) -> Notes:
    """Return the notes of a schema as written; none of a schema that is not an object."""
    if not isinstance(schema, dict):
        return Notes()
    description = schema.get("description")
    examples = schema.get("examples")
    return Notes(
        description=description if isinstance(description, str) else "",
        rules=tuple(_rules(schema)),
        default=_as_json(schema["default"]) if "default" in schema else None,
        examples=tuple(map(_as_json, examples[:_MOST_EXAMPLES])) if isinstance(examples, list) else (),
        deprecated=schema.get("deprecated") is True,
    )


def _rules(schema: dict[str, Any]) -> list[str]:
    found = [
        words.format(_as_json(schema[key]))
        for key, words in _RANGES
        if isinstance(schema.get(key), int | float) and not isinstance(schema[key], bool)
    ]
    for key, unit in _COUNTS:
        words = _count(schema.get(f"min{key}"), schema.get(f"max{key}"), unit)
        found += [words] if words else []
    if schema.get("uniqueItems") is True:
        found.append("no item twice")
    for key in ("format", "pattern"):
        value = schema.get(key)
        if isinstance(value, str) and value != "binary":
            found.append(f"{key} {value[:_LONGEST]}")
    return found


def _count(least: Any, most: Any, unit: str) -> str:
    least = least if isinstance(least, int) and not isinstance(least, bool) and least > 0 else None
    most = most if isinstance(most, int) and not isinstance(most, bool) else None
    if least is None and most is None:
        return ""
    amount = (
        f"at most {most}"
        if least is None
        else f"at least {least}"
        if most is None
        else f"{least}"
        if least == most
        else f"{least} to {most}"
    )
    if (least if most is None else most) == 1:
        return f"{amount} {unit}"
    return f"{amount} {'properties' if unit == 'property' else f'{unit}s'}"


def _as_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
