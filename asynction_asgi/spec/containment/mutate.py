"""Values near a value: one place changed, left out, doubled, or put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..instances.paths import replaced, walk
from ..schemas.children import inner_schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..schemas.definitions import Schema

_COMMON: tuple[Any, ...] = (None, True, False, 0, 1, -1, 0.5, "", "a", [], {}, b"")
_MOST_PLACES = 80
_MOST_LITERALS = 60
_LONGEST = 2_000
_LENGTHS = ("minLength", "maxLength")
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def neighbours(value: Any, literals: Sequence[Any], names: Sequence[str]) -> Iterator[Any]:
    """Yield values that differ from a value at one place.

    Args:
        value: Of JSON, or bytes in it.
        literals: What to put in place of others.
        names: Of members that may be missing.
    """
    places = [place for place, _ in zip(walk(value), range(_MOST_PLACES), strict=False)]
    for path, inner in places:
        if isinstance(inner, dict):
            for name in inner:
                yield replaced(value, path, {key: member for key, member in inner.items() if key != name})
        elif isinstance(inner, list):
            for index in range(len(inner)):
                yield replaced(value, path, inner[:index] + inner[index + 1 :])
            if inner:
                yield replaced(value, path, [*inner, inner[-1]])
                yield replaced(value, path, [inner[0], *inner])
    for path, inner in places:
        for literal in literals:
            yield replaced(value, path, literal)
        for literal in (literals if isinstance(inner, list) else ())[:12]:
            yield replaced(value, path, [*inner, literal])
        for name in names if isinstance(inner, dict) else ():
            if name not in inner:
                for literal in literals[:12]:
                    yield replaced(value, path, {**inner, name: literal})


def literals_of(schemas: Iterable[Schema]) -> tuple[list[Any], list[str]]:
    """Return values at and beside the limits of schemas and of those within them, and names of members."""
    found: list[Any] = []
    names: dict[str, None] = {}
    seen: set[int] = set()
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        waiting += inner_schemas(schema)
        found += schema.get("enum", ())
        found += [schema["const"]] if "const" in schema else []
        for keyword in _LIMITS:
            if keyword in schema:
                found += [schema[keyword], schema[keyword] + 1, schema[keyword] - 1]
        for keyword in _LENGTHS:
            if keyword in schema and schema[keyword] < _LONGEST:
                length = schema[keyword]
                found += ["a" * count for count in (length, length + 1, length - 1) if count >= 0]
        names.update(dict.fromkeys((*schema.get("properties", ()), *schema.get("required", ()))))
        names.update(dict.fromkeys(schema.get("dependencies", ())))
    unique = {(type(literal).__name__, repr(literal)): literal for literal in (*found, *_COMMON)}
    return list(unique.values())[:_MOST_LITERALS], list(names)[:_MOST_LITERALS]
