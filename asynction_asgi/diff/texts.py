"""What arrives as text, in a query, a header or an address, and is read by the type that a contract declares.

A number that one contract reads as a number is a text to another one. Schemas are brought to one reading
before they are compared: where the other contract takes the text as it is, so is every value taken here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..spec.containment.facts import type_of, types_of
from ..spec.model.coercion import text_of
from ..spec.model.handshake import HOP_BY_HOP
from ..spec.model.text_members import TextMember, TextMembers
from ..spec.schemas.definitions import AT, REF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..spec.model import Spec
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
    is_spelled = _reads_fewer(types, other)
    if (other and "string" not in other and not is_spelled) or not types or "string" in types:
        return schema
    if not types <= _PATTERNS.keys():
        return True if is_spelled else schema
    listed: list[str] = []
    if isinstance(schema, dict) and schema.keys() & {"enum", "const"}:
        values = schema.get("enum", [schema.get("const")])
        read = types_of(sorted(types))
        listed = [text for value in values if type_of(value) in read for text in _spellings(value, types)]
        if "number" not in types:
            return {AT: node, "enum": listed}
    texts: list[dict[str, Any]] = [
        {AT: node, "type": ["string"], "pattern": _PATTERNS[kind]} for kind in sorted(types)
    ]
    if listed:  # by the pattern it is more than these, and these are to be tried
        texts.insert(0, {AT: node, "enum": listed})
    return {AT: node, "anyOf": texts}


def _reads_fewer(types: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether one contract reads ``1.0`` and ``1e2`` as numbers, and the other only plain integers."""
    return "number" in types and "integer" in other and "number" not in other


def _spellings(value: Any, types: frozenset[str]) -> list[str]:
    """Return texts that are read as a value: all of them, unless one of the types is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = text_of(value)
        return [] if text is None else [text]
    if value != int(value):
        return [repr(value), *([] if "e" in repr(value) else [f"{value!r}0"])]
    whole = str(int(value))
    texts = [whole, "-0"] if whole == "0" else [whole]
    return [*texts, f"{whole}.0", f"{whole}e0"] if "number" in types else texts


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
                name: read(inner, own.of(name), {_member_of(name, theirs)})
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
            readings = {_member_of(name, theirs) for name in names}
            result["additionalProperties"] = read(result["additionalProperties"], own.others, readings)
        return result

    def read(schema: Schema, member: TextMember, readings: set[TextMember]) -> Schema:
        """Return the schema of a member as the other contract reads it, or True if that is not one way."""
        if len(readings) > 1:
            return True
        (others,) = readings
        if _reads_fewer(member.items, others.items):
            return True
        made = as_read_by(_follow(schema, spec.bundle.definitions), member.types, others.types, node)
        if not member.types or "string" in member.types:  # a text stays one; a list is repeated
            return {AT: node, "allOf": [{AT: node, "type": ["string", "array"]}, made]}
        return made

    return read_members(schema)


def _member_of(name: str | None, members: TextMembers | None) -> TextMember:
    """Return what a contract declares of a member, or of those without a name in it."""
    if members is None:
        return TextMember()
    return members.others if name is None else members.of(name)


def respelled(node: Node, spec: Spec) -> frozenset[str]:
    """Return headers, in lower case, that a schema declares in more than one spelling.

    A server reads such a header once for each of them, by what is declared of that one.
    """
    members = TextMembers(node, spec.resolver)
    names = [*members.declared, *(members.required if members.others != TextMember() else ())]
    counts = Counter(name.lower() for name in dict.fromkeys(names))
    return frozenset(name for name, count in counts.items() if count > 1)


def folded(schema: Schema, definitions: Definitions, unread: Mapping[str, Schema], depth: int = 0) -> Schema:
    """Return a schema of headers as a server reads it: names in lower case, others never refused.

    Args:
        schema: Uniform.
        definitions: What it refers to.
        unread: What stands for headers, by name, that no one schema describes.
        depth: How many schemas hold this one.
    """
    schema = _follow(schema, definitions)
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            members = {name.lower(): inner for name, inner in value.items()} | {
                name: unread[name] for name in map(str.lower, value) if name in unread
            }
            result[key] = {name: inner for name, inner in members.items() if name not in HOP_BY_HOP}
        elif key == "required":
            result[key] = _lower(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            result[key] = [folded(inner, definitions, unread, depth + 1) for inner in value]
        elif key != "additionalProperties" or value is not False:
            result[key] = value
    return result


def _lower(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.lower() for name in names))


def _follow(schema: Schema, definitions: Definitions) -> Schema:
    while isinstance(schema, dict) and REF in schema:
        schema = definitions[schema[REF]]
    return schema
