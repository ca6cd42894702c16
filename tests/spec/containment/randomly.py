"""Random schemas over few values, so that pairs of them often overlap, and random edits of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_NAMES = ("a", "b", "c")
_VALUES: tuple[Any, ...] = (None, True, False, 0, 1, 2, 1.0, 1.5, "", "a", "ab", "abc", [], [1], {}, {"a": 1})
_PATTERNS = ("^a", "b$", "^[ab]+$", "^a?b*$", ".", "^.{1,2}$", "c")
_FORMATS = ("date", "email", "ipv4", "colour")


def random_schema(random: Random, depth: int = 3) -> Any:
    """Return a schema of draft-07 whose references lead only to ``#/schema``."""
    if depth <= 0 or random.random() < 0.08:
        return random.choice((True, {}, {"type": random.choice(_TYPES)}, {"enum": _some(random, _VALUES)}))
    schema: dict[str, Any] = {}
    if random.random() < 0.8:
        schema["type"] = random.choice((random.choice(_TYPES), _some(random, _TYPES)))
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        _add(random, schema, depth)
    return schema


def edited(random: Random, schema: Any) -> Any:
    """Return the schema with one keyword added, removed or replaced."""
    result = copy.deepcopy(schema)
    places = [place for place in _schemas(result) if isinstance(place, dict)]
    if not places:
        return random_schema(random, 1)
    place = random.choice(places)
    keys = [key for key in place if key != "$ref"]
    if keys and random.random() < 0.5:
        key = random.choice(keys)
        value = place.pop(key)
        if isinstance(value, int) and not isinstance(value, bool) and random.random() < 0.7:
            place[key] = max(value + random.choice((-1, 1)), 0 if key.startswith(("min", "max")) else value)
            if key == "multipleOf":
                place[key] = value * 2
        elif isinstance(value, list) and len(value) > 1 and random.random() < 0.7:
            place[key] = value[:-1]
    else:
        _add(random, place, 1)
    return result


def _schemas(schema: Any) -> list[Any]:
    found = [schema]
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("properties", "patternProperties", "dependencies"):
                found += [place for inner in value.values() for place in _schemas(inner)]
            elif key in ("allOf", "anyOf", "oneOf") or (key == "items" and isinstance(value, list)):
                found += [place for inner in value for place in _schemas(inner)]
            elif key in (
                "items",
                "additionalItems",
                "additionalProperties",
                "not",
                "if",
                "then",
                "else",
                "contains",
            ):
                found += _schemas(value)
    return found


def _some(random: Random, values: tuple[Any, ...]) -> list[Any]:
    return random.sample(values, random.randint(1, 3))


def _add(random: Random, schema: dict[str, Any], depth: int) -> None:
    def inner() -> Any:
        return random_schema(random, depth - 1)

    def several() -> list[Any]:
        return [inner() for _ in range(random.randint(1, 3))]

    def members() -> dict[str, Any]:
        return {name: inner() for name in random.sample(_NAMES, random.randint(1, 2))}

    small = random.randint(0, 3)
    keyword = random.choice(tuple(_MAKES))
    schema.update(_MAKES[keyword](random, small, inner, several, members))


_MAKES: dict[str, Any] = {
    "enum": lambda random, *_: {"enum": _some(random, _VALUES)},
    "const": lambda random, *_: {"const": random.choice(_VALUES)},
    "limits": lambda random, small, *_: {
        random.choice(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")): random.choice(
            (small, -small, small + 0.5)
        )
    },
    "multipleOf": lambda random, *_: {"multipleOf": random.choice((0.5, 1, 2, 3))},
    "lengths": lambda random, small, *_: {random.choice(("minLength", "maxLength")): small},
    "pattern": lambda random, *_: {"pattern": random.choice(_PATTERNS)},
    "format": lambda random, *_: {"format": random.choice(_FORMATS)},
    "binary": lambda random, *_: {"type": ["string", "null"], "format": "binary"},
    "items": lambda random, _, inner, several, *__: {"items": random.choice((inner(), several()))},
    "additionalItems": lambda random, _, inner, several, *__: {
        "items": several(),
        "additionalItems": random.choice((False, inner())),
    },
    "counts": lambda random, small, *_: {
        random.choice(("minItems", "maxItems", "minProperties", "maxProperties")): small
    },
    "uniqueItems": lambda *_: {"uniqueItems": True},
    "contains": lambda random, _, inner, *__: {"contains": inner()},
    "properties": lambda random, _, __, ___, members: {"properties": members()},
    "closed": lambda random, _, inner, __, members: {
        "properties": members(),
        "additionalProperties": random.choice((False, inner())),
    },
    "patternProperties": lambda random, _, inner, *__: {
        "patternProperties": {random.choice(_PATTERNS): inner()},
        **({"additionalProperties": False} if random.random() < 0.5 else {}),
    },
    "required": lambda random, *_: {"required": random.sample(_NAMES, random.randint(1, 2))},
    "propertyNames": lambda random, *_: {
        "propertyNames": random.choice(({"pattern": random.choice(_PATTERNS)}, {"enum": ["a", "b"]}))
    },
    "dependencies": lambda random, _, inner, *__: {
        "dependencies": {random.choice(_NAMES): random.choice((["b"], inner()))}
    },
    "allOf": lambda _, __, ___, several, *____: {"allOf": several()},
    "anyOf": lambda _, __, ___, several, *____: {"anyOf": several()},
    "oneOf": lambda _, __, ___, several, *____: {"oneOf": several()},
    "not": lambda random, _, inner, *__: {"not": inner()},
    "if": lambda random, _, inner, *__: {"if": inner(), "then": inner(), "else": inner()},
    "recursion": lambda *_: {"items": {"$ref": "#/schema"}},
    "recursive member": lambda *_: {"properties": {"a": {"$ref": "#/schema"}}},
}
