"""What arrives as text, in a query, a header or an address, and is read by the type that a contract declares.

A number that one contract reads as a number is a text to another one. Schemas are brought to one reading
before they are compared: where the other contract takes the text as it is, so is every value taken here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spec.containment.facts import type_of, types_of
from ..spec.model.coercion import text_of
from ..spec.model.handshake import HOP_BY_HOP
from ..spec.model.text_members import TextMembers
from ..spec.schemas.definitions import AT, REF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..spec.model import Spec
    from ..spec.schemas.definitions import Definitions, Schema
    from ..spec.text.document import Node

__all__ = ["as_read_by", "folded", "members_as_read_by"]

_WHOLE = "-?(?:0|[1-9][0-9]{0,17})"
_PATTERNS = {
    "integer": f"^{_WHOLE}$",
    "number": f"^{_WHOLE}(?:\\.[0-9]{{1,32}})?(?:[eE][+-]?[0-9]{{1,2}})?$",
    "boolean": "^(?:true|false)$",
    "null": "^$",
}
_DEEPEST = 5


def as_read_by(schema: Schema, types: frozenset[str], other: frozenset[str], node: Node) -> Schema:
    """Return a schema that holds the values that another contract reads where one reads those of `schema`.

    Args:
        schema: Uniform.
        types: Those that the contract of the schema declares.
        other: Those that the other contract declares; none leaves the text as it is.
        node: Where the schema is declared.
    """
    if (other and "string" not in other) or not types or "string" in types or not types <= _PATTERNS.keys():
        return schema
    if isinstance(schema, dict) and schema.keys() & {"enum", "const"}:
        values = schema.get("enum", [schema.get("const")])
        read = types_of(sorted(types))
        return {AT: node, "enum": [text_of(value) for value in values if type_of(value) in read]}
    return {
        AT: node,
        "anyOf": [{AT: node, "type": ["string"], "pattern": _PATTERNS[kind]} for kind in sorted(types)],
    }


def members_as_read_by(schema: Schema, node: Node, spec: Spec, other: tuple[Node | None, Spec]) -> Schema:
    """Return the schema of an object with each member as the other contract reads it.

    Args:
        schema: Uniform, of a query or of headers.
        node: As it is declared.
        spec: Its contract.
        other: The schema as the other contract declares it, or None, and that contract.
    """
    schema = _follow(schema, spec.bundle.definitions)
    if not isinstance(schema, dict) or "properties" not in schema:
        return schema
    members = {}
    own = TextMembers(node, spec.resolver)
    theirs = None if other[0] is None else TextMembers(other[0], other[1].resolver)
    for name, inner in schema["properties"].items():
        types = own.of(name).types
        others = frozenset[str]() if theirs is None else theirs.of(name).types
        member = as_read_by(_follow(inner, spec.bundle.definitions), types, others, node)
        if not types or "string" in types:  # a text stays one; a list is a parameter that is repeated
            member = {AT: node, "allOf": [{AT: node, "type": ["string", "array"]}, member]}
        members[name] = member
    return {**schema, "properties": members}


def folded(schema: Schema, definitions: Definitions, depth: int = 0) -> Schema:
    """Return a schema of headers as a server reads it: names in lower case, others never refused."""
    schema = _follow(schema, definitions)
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            members = {name.lower(): inner for name, inner in value.items()}
            result[key] = {name: inner for name, inner in members.items() if name not in HOP_BY_HOP}
        elif key == "required":
            result[key] = _lower(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            result[key] = [folded(inner, definitions, depth + 1) for inner in value]
        elif key != "additionalProperties" or value is not False:
            result[key] = value
    return result


def _lower(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.lower() for name in names))


def _follow(schema: Schema, definitions: Definitions) -> Schema:
    while isinstance(schema, dict) and REF in schema:
        schema = definitions[schema[REF]]
    return schema
