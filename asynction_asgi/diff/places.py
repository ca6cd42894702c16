"""Where in a document a value is refused, and where the other document speaks of the same value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spec.schemas.definitions import AT, REF
from ..spec.schemas.matchers import compile_pattern
from ..spec.text.pointer import Pointer
from .changes import Place, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..spec.model import Spec
    from ..spec.schemas import Mismatch
    from ..spec.schemas.definitions import Definitions, Schema
    from ..spec.text.document import Node


def place_of_rule(mismatch: Mismatch, spec: Spec) -> Place | None:
    """Return the place of the keyword that a value misses, or None if no keyword expresses it."""
    rule = mismatch.rule or ""
    for document in spec.resolver.files.documents:
        prefix = f"{document.name or ''}#"
        if rule.startswith(prefix):
            pointer = rule.removeprefix(prefix)
            line, column, source = document.place(pointer)
            return Place(file=document.name, pointer=pointer, line=line, column=column, source=source)
    return None


def place_along(schema: Schema, definitions: Definitions, pointer: str, fallback: Node) -> Place:
    """Return where a schema speaks of the value at a pointer, or of the nearest one that holds it.

    Args:
        schema: Of the whole value.
        definitions: What references lead to.
        pointer: RFC 6901.
        fallback: Where it is declared, if no schema speaks of it.
    """
    parts = list(_parts([schema], definitions))
    found = _node(parts)
    for name in Pointer.parse(pointer).tokens:
        parts = list(_parts([inner for part in parts for inner in _below(part, name)], definitions))
        found = _node(parts) or found
    return place_of(found or fallback)


def _node(parts: Sequence[dict[str, Any]]) -> Node | None:
    nodes = (part[AT] for part in parts)
    return next((node for node in nodes if node.document.value and node.pointer), None)


def _parts(schemas: Sequence[Schema], definitions: Definitions) -> Iterator[dict[str, Any]]:
    """Yield schemas and those that are about the same value."""
    waiting, seen = list(schemas)[::-1], set[int]()
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        if REF in schema:
            waiting.append(definitions[schema[REF]])
            continue
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += schema.get(keyword, ())[::-1]


def _below(schema: dict[str, Any], name: str) -> Iterator[Schema]:
    properties, items = schema.get("properties", {}), schema.get("items", True)
    if name in properties:
        yield properties[name]
    for pattern, inner in schema.get("patternProperties", {}).items():
        if compile_pattern(pattern).matches(name):
            yield inner
    if name.isdecimal():
        if not isinstance(items, list):
            yield items
        else:
            yield items[int(name)] if int(name) < len(items) else schema.get("additionalItems", True)
    if name not in properties:
        yield schema.get("additionalProperties", True)
