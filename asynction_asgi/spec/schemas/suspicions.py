"""What is legal in a schema, and can't be meant: misspelt keywords, and what no value can meet.

Only what is certain is told, and one schema is looked at by itself: an author whose schema is right
must not have to defend it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..formats import FORMATS
from ..references import closest, did_you_mean
from .keywords import ASSERTIONS, IGNORED, KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Suspicion", "find_suspicions"]

# A misspelt annotation changes nothing, and other vocabularies have names much like theirs.
_ENFORCED = {**ASSERTIONS, "$ref": KEYWORDS["$id"]}
_LONG = 7  # letters; shorter words are too much like one another
_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
)
_JSON_TYPES: dict[type, frozenset[str]] = {
    type(None): frozenset({"null"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something in a schema that can't be meant.

    Attributes:
        keyword: The member of the schema that it is about.
        message: What is the matter.
        key: Whether it is about the keyword itself rather than its value.
    """

    keyword: str
    message: str
    key: bool = False


def find_suspicions(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Everything in this schema, not in those within it, that is legal and can't be meant."""
    for key in schema:
        yield from _misspelt(schema, key)
    known = {
        key: value for key, value in schema.items() if key in ASSERTIONS and ASSERTIONS[key].admits(value)
    }
    yield from _crossed(known)
    yield from _of_no_type(known)
    yield from _impossible_members(known)
    yield from _too_short(known)


# --- spelling ------------------------------------------------------------------------------------


def _misspelt(schema: Mapping[str, Any], key: str) -> Iterator[Suspicion]:
    value = schema[key]
    if key == "format" and isinstance(value, str) and value not in FORMATS:
        near = closest(value, FORMATS, cutoff=0.86)  # not uid for uuid
        if near is not None:
            yield Suspicion(key, f"the format {value!r} is unknown and not enforced; did you mean {near!r}?")
    if key in KEYWORDS or key in IGNORED or key.startswith(("x-", "$")):
        return
    plain = key.replace("_", "").replace("-", "")
    near = closest(plain, _ENFORCED, cutoff=0.82)
    if near is None or near in schema:
        return
    if plain.lower() == near.lower() or _could_be(near, value) or _is_slip(plain, near):
        message = f"{key} is no keyword of JSON Schema and is not enforced; did you mean {near!r}?"
        yield Suspicion(key, message, key=True)


def _is_slip(key: str, name: str) -> bool:
    """Whether one slip of the fingers parts them, whatever the value: letters swapped, or one wrong.

    A word that is the other's beginning may be another word, such as require and contain.
    """
    if len(name) < _LONG or (name.islower() and (name.startswith(key) or key.startswith(name))):
        return False
    if len(key) == len(name):
        return sorted(key) == sorted(name) or sum(a != b for a, b in zip(key, name, strict=True)) == 1
    short, long = sorted((key, name), key=len)
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))


def _could_be(name: str, value: Any) -> bool:
    """Whether the value is one for that keyword; not note, which is text, for not."""
    keyword = _ENFORCED[name]
    if name == "const":  # anything would do, a cost too
        return False
    if keyword.holds in ("schema", "items"):
        return isinstance(value, dict | bool) or (keyword.holds == "items" and isinstance(value, list))
    return keyword.admits(value)


# --- what no value can meet ----------------------------------------------------------------------


def _crossed(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    for low, high in _BOUNDS:
        if low not in schema or high not in schema:
            continue
        exclusive = low == "exclusiveMinimum" or high == "exclusiveMaximum"
        if schema[low] > schema[high] or (exclusive and schema[low] == schema[high]):
            message = f"nothing is within {low} {schema[low]} and {high} {schema[high]}"
            yield Suspicion(low, message)


def _of_no_type(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    if "type" not in schema:
        return
    types = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    for key, values in (("enum", schema.get("enum")), ("const", [schema.get("const")])):
        if key in schema and values and all(types.isdisjoint(_types(one)) for one in values):
            what = "no value of the enum" if key == "enum" else "the const"
            verb = "is" if key == "enum" else "is not"
            yield Suspicion(key, f"{what} {verb} of type {' or '.join(sorted(types))}, so nothing matches")


def _types(value: Any) -> frozenset[str]:
    if isinstance(value, float):
        return frozenset({"number", "integer"} if value.is_integer() else {"number"})
    return _JSON_TYPES[type(value)]


def _impossible_members(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    if schema.get("additionalProperties") is not False or schema.get("patternProperties"):
        return
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in properties:
            hint = did_you_mean(name, properties)
            message = (
                f"{name!r} is required, and not among the properties, which are all that there may be{hint}"
            )
            yield Suspicion("required", message)


def _too_short(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    least = schema.get("minItems", 0)
    for key, rest in (("prefixItems", "items"), ("items", "additionalItems")):
        items = schema.get(key)
        if isinstance(items, list) and schema.get(rest) is False and least > len(items):
            message = (
                f"minItems {least} is more than the {len(items)} that {key} has, and {rest} allows no others"
            )
            yield Suspicion("minItems", message)
