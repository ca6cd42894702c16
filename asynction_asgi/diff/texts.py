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
    from ..spec.model.text_members import TextMember
    from ..spec.schemas.definitions import Definitions, Schema
    from ..spec.text.document import Node

_WHOLE = "-?(?:0|[1-9][0-9]{0,17})"
_PATTERNS = {
    "integer": f"^{_WHOLE}$",
    "number": f"^{_WHOLE}(?:\\.[0-9]{{1,32}})?(?:[eE][+-]?[0-9]{{1,2}})?$",
    "boolean": "^(?:true|false)$",
    "null": "^$",
}
_DEEPEST = 5
# Of an object whose members the contracts read in different ways: what is compared all the same.
_KEPT = frozenset(
    {
        AT,
        "type",
        "properties",
        "required",
        "additionalProperties",
        "minProperties",
        "maxProperties",
        "propertyNames",
    }
)


def as_read_by(schema: Schema, types: frozenset[str], other: frozenset[str], node: Node) -> Schema:
    """Return a schema that holds the values that another contract reads where one reads those of `schema`.

    Args:
        schema: Uniform.
        types: Those that the contract of the schema declares.
        other: Those that the other contract declares; none leaves the text as it is.
        node: Where the schema is declared.
    """
    if ("array" in types) is not ("array" in other):
        return True  # what the one reads as a list of one text, the other reads as a text
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

    Where the contracts read a member in different ways, what combines schemas is left out, but for ``allOf``:
    the result then admits more, and what is proved of it holds.

    Args:
        schema: Uniform, of a query or of headers.
        node: As it is declared.
        spec: Its contract.
        other: The schema as the other contract declares it, or None, and that contract.
    """
    own = TextMembers(node, spec.resolver)
    theirs = None if other[0] is None else TextMembers(other[0], other[1].resolver)
    is_alike = theirs is not None and own.reads_as(theirs)

    def read_members(schema: Schema, depth: int = 0) -> Schema:
        schema = _follow(schema, spec.bundle.definitions)
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return schema if is_alike else True
        result = {key: value for key, value in schema.items() if is_alike or key in _KEPT}
        if "properties" in schema:
            result["properties"] = {
                name: read(inner, own.of(name), {_types_of(name, theirs)})
                for name, inner in schema["properties"].items()
            }
        if is_alike:
            return result
        if "allOf" in schema:
            result["allOf"] = [read_members(inner, depth + 1) for inner in schema["allOf"]]
        is_alone = depth == 0 and schema.keys() <= _KEPT
        if "patternProperties" in schema or (
            not is_alone and schema.get("additionalProperties") is not False
        ):
            result.pop("additionalProperties", None)  # it is also about members that others declare
        elif isinstance(result.get("additionalProperties"), dict):
            names = (None, *(() if theirs is None else theirs.declared.keys() - own.declared.keys()))
            readings = {_types_of(name, theirs) for name in names}
            result["additionalProperties"] = read(result["additionalProperties"], own.others, readings)
        return result

    def read(schema: Schema, member: TextMember, readings: set[frozenset[str]]) -> Schema:
        """Return the schema of a member as the other contract reads it, or True if that is not one way."""
        if len(readings) > 1:
            return True
        (others,) = readings
        made = as_read_by(_follow(schema, spec.bundle.definitions), member.types, others, node)
        if not member.types or "string" in member.types:  # a text stays one; a list is repeated
            return {AT: node, "allOf": [{AT: node, "type": ["string", "array"]}, made]}
        return made

    return read_members(schema)


def _types_of(name: str | None, members: TextMembers | None) -> frozenset[str]:
    """Return the types that a contract declares of a member, or of those without a name in it."""
    if members is None:
        return frozenset()
    return members.others.types if name is None else members.of(name).types


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
