"""Values at and beside what a keyword demands, made of a value that meets it.

Which of them a schema accepts is not decided here: a limit met exactly is an edge, and one more is a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 20_000  # characters or bytes
_MOST = 500  # items or members
_ASTRAL = "\N{GRINNING FACE}"
_TEXTS = ("", "é", _ASTRAL)
_NUMBERS = (0, -1, 2**31, 2**53, 0.5)
_WRONG: dict[str, tuple[Any, ...]] = {
    "string": (1, None, ["text"], True),
    "binary": ("text", None, []),
    "integer": ("1", 1.5, None, True),
    "number": ("1.5", None, True),
    "boolean": ("true", 1, None),
    "null": (0, "", False),
    "array": ({}, None, "text"),
    "object": ([], None, "text"),
}
# What makes a value meet a limit exactly, for the generator.
_EXACT = {
    "maxLength": "minLength",
    "minLength": "maxLength",
    "maxItems": "minItems",
    "minItems": "maxItems",
    "maxProperties": "minProperties",
    "minProperties": "maxProperties",
}
_MOST_EXACT = 300


def demand(keyword: str, limit: Any) -> dict[str, Any] | None:
    """Return a schema of values near which a keyword is missed, or None if any value will do."""
    if keyword in _EXACT and limit <= _MOST_EXACT:
        return {_EXACT[keyword]: limit}
    return {"minItems": 2} if keyword == "uniqueItems" else None


def beside(keyword: str, limit: Any, value: Any) -> Iterator[Any]:
    """Yield values at and beside what a keyword demands, the nearest first; none if it can't be missed so.

    Args:
        keyword: Of a uniform schema.
        limit: What stands under it.
        value: Meets the schema.
    """
    make = _BESIDE.get(keyword)
    if make is not None:
        yield from make(limit, value)


def at_edges(value: Any) -> Iterator[Any]:
    """Yield values of the same type, and null, that programs treat apart."""
    if isinstance(value, str):
        yield from _TEXTS
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _NUMBERS
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, list):
        yield []
    elif isinstance(value, bytes):
        yield b""
    elif isinstance(value, dict):
        yield {}
    yield None


def _type_of(value: Any) -> str:
    """Return the type of a value, by the names that uniform schemas use."""
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    for kind, name in (
        (str, "string"),
        (bytes, "binary"),
        (int, "integer"),
        (float, "number"),
        (list, "array"),
    ):
        if isinstance(value, kind):
            return name
    return "object"


def _wrong_types(_: Any, value: Any) -> Iterator[Any]:
    yield from _WRONG[_type_of(value)]


def _other_values(listed: Any, value: Any) -> Iterator[Any]:
    yield from listed[:50]
    if isinstance(value, str):
        yield from (f"{value}x", value.swapcase(), "", None)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (value + 1, value - 1, str(value), None)
    else:
        yield from (None, "text", 1, {}, [])


def _numbers(limit: Any, _: Any) -> Iterator[Any]:
    yield from (limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5)


def _off_grid(step: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, int | float):
        yield from (value + step / 2, value + step, step)


def _lengths(limit: int, value: Any) -> Iterator[Any]:
    if not isinstance(value, str | bytes) or limit > _LONGEST:
        return
    for count in (limit, limit + 1, limit - 1):
        if count >= 0:
            yield _resized(value, count)
    if isinstance(value, str):  # of two units each where a string is one of UTF-16
        yield _ASTRAL * limit
        yield _ASTRAL * (limit + 1)


def _resized(value: Any, count: int) -> Any:
    filling = "a" if isinstance(value, str) else b"a"
    return value[:count] + filling * (count - len(value))


def _texts(_: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from ("", f"{value}!", f"!{value}", value[:-1], value.swapcase(), f"not this, {value}")


def _formats(name: Any, value: Any) -> Iterator[Any]:
    # Checkers differ in what they let pass, so only what none does.
    if isinstance(value, str):
        yield from ("", f"not a {name}", f" {value}")


def _counts(limit: int, value: Any) -> Iterator[Any]:
    if not isinstance(value, list) or limit > _MOST:
        return
    for count in (limit + 1, limit - 1, limit):
        if 0 <= count <= len(value):
            yield value[:count]
        elif count > len(value) and value:
            more = list(value)
            while len(more) < count:
                more.append(_another(more))
            yield more
    yield [*value, None]


def _another(items: list[Any]) -> Any:
    """Return an item like the last one that is not among them, or an equal one if that can't be made."""
    last, count = items[-1], len(items)
    for candidate in _likes(last, count):
        if candidate not in items:
            return candidate
    return last


def _likes(value: Any, count: int) -> Iterator[Any]:
    if isinstance(value, str):
        yield from (f"{value[:-1]}{letter}" for letter in "bcdefghijklmnop")
        yield f"{value}{count}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (value + 1, value - 1, value + count)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: like} for like in _likes(member, count))


def _with_another(_: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield [*value, None]


def _without_one(_: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        others: tuple[Any, ...] = (None, "text", 0, {})
        yield from ([other] * max(1, len(value)) for other in others)


def _doubled(_: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and value:
        yield [*value[:-1], value[0]] if len(value) > 1 else [*value, value[0]]
        yield [*value, value[0]]


def _without(names: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name in names:
            yield {key: member for key, member in value.items() if key != name}


def _with_more(_: Any, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (
            {**value, name: member} for name, member in (("unexpected", 1), ("", None), ("Ab c", "text"))
        )


def _member_counts(limit: int, value: Any) -> Iterator[Any]:
    if not isinstance(value, dict) or limit > _MOST:
        return
    members = list(value.items())
    for count in (limit + 1, limit - 1, limit):
        if 0 <= count <= len(members):
            yield dict(members[:count])
        elif count > 0:
            like = members[-1][1] if members else "text"
            yield {**value, **{f"other{number}": like for number in range(count - len(members))}}


def _any_values(_: Any, value: Any) -> Iterator[Any]:
    yield from (None, 1, "text", True, [], {}, [value])
    if isinstance(value, dict):
        yield from ({key: member for key, member in value.items() if key != name} for name in value)


def _denied(schema: Any, value: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield from [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())][:50]
        if isinstance(value, dict):
            yield {**value, **dict.fromkeys(schema.get("required", ()))}
    yield from _any_values(schema, value)


_BESIDE: dict[str, Callable[[Any, Any], Iterator[Any]]] = {
    "type": _wrong_types,
    "enum": _other_values,
    "const": lambda wanted, value: _other_values([wanted], value),
    "multipleOf": _off_grid,
    **dict.fromkeys(("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"), _numbers),
    **dict.fromkeys(("maxLength", "minLength"), _lengths),
    "pattern": _texts,
    "format": _formats,
    **dict.fromkeys(("maxItems", "minItems"), _counts),
    **dict.fromkeys(("additionalItems", "unevaluatedItems"), _with_another),
    "contains": _without_one,
    "uniqueItems": _doubled,
    "required": _without,
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "propertyNames"), _with_more),
    **dict.fromkeys(("maxProperties", "minProperties"), _member_counts),
    **dict.fromkeys(("anyOf", "oneOf", "if"), _any_values),
    "not": _denied,
}
