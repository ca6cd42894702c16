"""What is legal in a schema, and can't be meant: misspelt or misplaced keywords, and what no value can meet.

Only certain findings are reported, each from one schema by itself: an author whose schema is right
must not have to defend it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..text.hints import closest, did_you_mean
from .children import OF_DEFINITIONS
from .formats import FORMATS
from .keywords import ASSERTIONS, BOOLEAN_LIMIT, KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .dialects import Dialect

# A misspelt annotation changes nothing, and other vocabularies have names much like theirs.
_ENFORCED = {**ASSERTIONS, "$ref": KEYWORDS["$id"]}
_LONG = 7  # letters; shorter words are too much like one another
BOUNDS = (
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
_NUMBERS = frozenset({"integer", "number"})
# What each keyword is about: draft-07 ignores it for values of other types.
_APPLIES = {
    **dict.fromkeys(("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"), "number"),
    **dict.fromkeys(("maxLength", "minLength", "pattern"), "string"),
    **dict.fromkeys(("items", "prefixItems", "additionalItems", "contains"), "array"),
    **dict.fromkeys(("maxItems", "minItems", "uniqueItems"), "array"),
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties", "propertyNames"), "object"),
    **dict.fromkeys(("required", "maxProperties", "minProperties"), "object"),
    **dict.fromkeys(("dependencies", "dependentRequired", "dependentSchemas"), "object"),
}
# What may stand beside the properties of an object, where an author forgot the keyword `properties`.
_BESIDE_PROPERTIES = frozenset(
    {"type", "required", "additionalProperties", "title", "description", "examples", "default"}
    | {"example", "$id", "$schema", "$comment", "deprecated", "externalDocs", "xml"}
)
# A slash before the start of the text, or after its end, can't match: it is a delimiter of JavaScript.
_LITERAL = re.compile(r"/(\^.*|.*(?<!\\)\$)/[dgimsuvy]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something in a schema that can't be meant.

    Attributes:
        keyword: The member of the schema that it is about.
        message: What is the matter.
        key: Whether it is about the keyword itself rather than its value.
        enforced: Whether the schema is still enforced as written, so that nothing is ignored.
    """

    keyword: str
    message: str
    key: bool = False
    enforced: bool = False


def find_suspicions(schema: Mapping[str, Any], dialect: Dialect) -> Iterator[Suspicion]:
    """Yield everything in this schema, not in those within it, that is legal and can't be meant."""
    misspelt = [suspicion for key in schema for suspicion in _misspelt(schema, key)]
    yield from misspelt
    if not misspelt:
        yield from _without_properties(schema)
    if dialect.has_discriminator == "name":
        yield from _discriminator_of_openapi(schema)
    keywords = dialect.keywords
    known = {
        key: value
        for key, value in schema.items()
        if key in keywords and keywords[key] is not BOOLEAN_LIMIT and keywords[key].admits(value)
    }
    if known.pop("nullable", False) and isinstance(known.get("type"), str):
        known["type"] = [known["type"], "null"]
    yield from _crossed(known)
    yield from _of_no_type(known)
    yield from _inapplicable(known)
    yield from _enumerated(known)
    yield from _impossible_members(known)
    yield from _too_short(known)


# --- spelling ------------------------------------------------------------------------------------


def _misspelt(schema: Mapping[str, Any], key: str) -> Iterator[Suspicion]:
    value = schema[key]
    if key == "format" and isinstance(value, str) and value not in FORMATS:
        near = closest(value, FORMATS, cutoff=0.86)  # not uid for uuid
        if near is not None:
            yield Suspicion(key, f"the format {value!r} is unknown and not enforced; did you mean {near!r}?")
    if key in KEYWORDS or key.startswith(("x-", "$")):
        return
    plain = key.replace("_", "").replace("-", "")
    near = closest(plain, _ENFORCED, cutoff=0.82)
    if near is None or near in schema:
        return
    if plain.lower() == near.lower() or _could_be(near, value) or _is_slip(plain, near):
        message = f"unknown JSON Schema keyword {key!r}, which is not enforced; did you mean {near!r}?"
        yield Suspicion(key, message, key=True)


def _is_slip(key: str, name: str) -> bool:
    """Return whether one slip of the fingers parts them, whatever the value: letters swapped, or one wrong.

    A word that is the other's beginning may be another word, such as require and contain.
    """
    if len(name) < _LONG or (name.islower() and (name.startswith(key) or key.startswith(name))):
        return False
    if len(key) == len(name):
        return sorted(key) == sorted(name) or sum(a != b for a, b in zip(key, name, strict=True)) == 1
    short, long = sorted((key, name), key=len)
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))


def _could_be(name: str, value: Any) -> bool:
    """Return whether the value is one for that keyword; not note, which is text, for not."""
    keyword = _ENFORCED[name]
    if name == "const":  # anything would do, a cost too
        return False
    holder = OF_DEFINITIONS.get(name)
    if holder is not None and holder.alone is not None:
        return isinstance(value, dict | bool) or (holder.listed is not None and isinstance(value, list))
    return keyword.admits(value)


# --- what stands in the wrong place --------------------------------------------------------------


def _without_properties(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Report the properties of an object that stand where keywords belong."""
    names = [key for key in schema if key not in _BESIDE_PROPERTIES and not key.startswith("x-")]
    if not names or schema.get("type", "object") != "object" or not all(map(_is_name, names)):
        return
    if all(_looks_like_schema(schema[name]) for name in names):
        shown = ", ".join(map(repr, names[:3])) + (", …" if len(names) > 3 else "")
        verb, noun = ("are", "keywords") if len(names) > 1 else ("is", "a keyword")
        message = (
            f"{shown} {verb} not {noun} and not enforced; to declare properties, put them under 'properties'"
        )
        yield Suspicion(names[0], message, key=True)


def _is_name(key: str) -> bool:
    return key not in KEYWORDS and key != "discriminator" and not key.startswith("$")


def _looks_like_schema(value: Any) -> bool:
    return isinstance(value, dict) and (
        ("type" in value and KEYWORDS["type"].admits(value["type"]))
        or isinstance(value.get("$ref"), str)
        or any(isinstance(value.get(key), list) for key in ("enum", "allOf", "anyOf", "oneOf"))
        or isinstance(value.get("properties"), dict)
    )


def _discriminator_of_openapi(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    value = schema.get("discriminator")
    if isinstance(value, dict):
        name = value.get("propertyName")
        instead = f"write {name!r} alone" if isinstance(name, str) else "write that name alone"
        message = f"an object is OpenAPI's discriminator; AsyncAPI's is the name of a property: {instead}"
        yield Suspicion("discriminator", message, enforced=True)


def without_slashes(pattern: str) -> str | None:
    """Return a pattern written as a literal of JavaScript without its delimiters; None for any other.

    Only patterns that match nothing as they are written: ``/api/`` may be meant.
    """
    match = _LITERAL.fullmatch(pattern)
    return match[1] if match else None


def _inapplicable(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Report keywords that the types beside them rule out, once for each type that they are about."""
    if "type" not in schema:
        return
    types = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    kinds = types | {"number"} if types & _NUMBERS else types
    idle: dict[str, list[str]] = {}
    for key, value in schema.items():
        if key in _APPLIES and _APPLIES[key] not in kinds and not _says_nothing(key, value):
            idle.setdefault(_APPLIES[key], []).append(key)
    for kind, keys in idle.items():
        verb = "applies" if len(keys) == 1 else "apply"
        message = (
            f"{', '.join(keys)} {verb} to type {kind} only, and the type is {' or '.join(sorted(types))}"
        )
        if types == {"array"} and kind == "object":
            message += "; to describe the elements, move this under 'items'"
        else:
            message += f"; remove {'it' if len(keys) == 1 else 'them'} or change the type"
        yield Suspicion(keys[0], message, key=True)


def _says_nothing(key: str, value: Any) -> bool:
    """Return whether a keyword restricts no value of any type, as generators of schemas write it."""
    if key.startswith("additional") or key in ("items", "propertyNames"):
        return value is True or value == {}
    return not value and key.startswith(("min", "unique", "required", "pattern", "prop", "dep"))


# --- what no value can meet ----------------------------------------------------------------------


def _crossed(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    for low, high in BOUNDS:
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
        if key in schema and values and all(types.isdisjoint(types_of(value)) for value in values):
            what = "no value of the enum" if key == "enum" else "the const"
            verb = "is" if key == "enum" else "is not"
            yield Suspicion(key, f"{what} {verb} of type {' or '.join(sorted(types))}, so nothing matches")


def _enumerated(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    values = schema.get("enum")
    if values is None:
        return
    if not values:
        yield Suspicion("enum", "the enum is empty, so nothing matches; list its values or remove it")
    seen: set[tuple[str, Any]] = set()
    doubles: dict[tuple[str, Any], Any] = {}
    for value in values:
        known = mark(value)
        if known in seen:
            doubles.setdefault(known, value)
        seen.add(known)
    if doubles:
        shown = ", ".join(json.dumps(value, ensure_ascii=False) for value in list(doubles.values())[:3])
        message = f"the enum lists {shown} more than once; remove what is doubled, or correct it"
        yield Suspicion("enum", message, enforced=True)


def mark(value: Any) -> tuple[str, Any]:
    """Return a key that only equal values of JSON share; 1 is 1.0, and not true."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", value
    if isinstance(value, str):
        return "string", value
    return "other", json.dumps(value, sort_keys=True)


def types_of(value: Any) -> frozenset[str]:
    """Return the types of a schema that admit a value."""
    if isinstance(value, float):
        return frozenset({"number", "integer"} if value.is_integer() else {"number"})
    return _JSON_TYPES[type(value)]


def _impossible_members(schema: Mapping[str, Any]) -> Iterator[Suspicion]:
    ruled_out = [
        name for name in schema.get("required", ()) if schema.get("properties", {}).get(name) is False
    ]
    if ruled_out:
        message = f"{ruled_out[0]!r} is required, and its schema is false, so nothing matches"
        yield Suspicion("required", message)
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
