"""What one schema asks of a value, in words; what is in it is another module's business."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..spec.model import count_words
from ..spec.schemas.keywords import holds_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.schemas.dialects import Dialect

_LONGEST = 600
_EXCLUSIVE = str.maketrans("≥≤", "><")


def as_text(value: Any) -> str:
    """Write a value as JSON, shortened if it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def type_of(schema: Any, dialect: Dialect) -> str:
    """Return the types that a value may have, as one reads them."""
    if schema is False:
        return "never valid"
    if not isinstance(schema, dict):
        return "any"
    declared = schema.get("type")
    types = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
    if types and dialect.has_nullable and schema.get("nullable") is True:
        types = [*types, "null"]
    if holds_bytes(schema) and (not types or "string" in types):
        types = ["binary" if name == "string" else name for name in types or ["string"]]
    if types:
        return " or ".join(map(str, types))
    if "const" in schema or "enum" in schema:
        return "value"
    return "any"


def rules_of(schema: Any) -> Iterator[str]:
    """Yield every constraint on the value itself, one phrase each."""
    if not isinstance(schema, dict):
        return
    if "const" in schema:
        yield f"always {as_text(schema['const'])}"
    if isinstance(schema.get("enum"), list):
        yield f"one of {', '.join(map(as_text, schema['enum']))}"
    unit = "bytes" if holds_bytes(schema) else "characters"
    yield from _count(schema, "minLength", "maxLength", unit)
    if "pattern" in schema:
        yield f"matches {schema['pattern']}"
    if schema.get("format") not in (None, "binary"):
        yield f"format {schema['format']}"
    for key, sign in (
        ("minimum", "≥"),
        ("exclusiveMinimum", ">"),
        ("maximum", "≤"),
        ("exclusiveMaximum", "<"),
    ):
        limit = schema.get(key)
        is_exclusive = schema.get(f"exclusive{key.title()}") is True  # before draft-06
        if limit is not None and not isinstance(limit, bool):
            yield f"{sign.translate(_EXCLUSIVE) if is_exclusive else sign} {as_text(limit)}"
    if "multipleOf" in schema:
        yield f"a multiple of {as_text(schema['multipleOf'])}"
    yield from _count(schema, "minItems", "maxItems", "items")
    if schema.get("uniqueItems") is True:
        yield "no two items equal"
    yield from _count(schema, "minProperties", "maxProperties", "properties")
    if schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False:
        yield "no other properties"
    if schema.get("unevaluatedItems") is False:
        yield "no further items"
    if "contains" in schema and not schema.keys().isdisjoint(("minContains", "maxContains")):
        yield from _count({"minContains": 1, **schema}, "minContains", "maxContains", "items that match")
    for key in ("dependencies", "dependentRequired"):
        needs = schema.get(key)
        for name, names in needs.items() if isinstance(needs, dict) else ():
            if isinstance(names, list):
                yield f"with {as_text(name)} also {', '.join(map(as_text, names))}"
    if "default" in schema:
        yield f"default {as_text(schema['default'])}"


def _count(schema: Mapping[str, Any], least: str, most: str, unit: str) -> Iterator[str]:
    low, high = schema.get(least), schema.get(most)
    if low is not None or high is not None:
        yield f"{count_words(int(low or 0), None if high is None else int(high))} {unit}"
