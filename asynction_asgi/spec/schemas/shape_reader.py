"""Reads the shapes of schemas, as written and of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..text.document import Node
from ..text.reference_faults import ReferenceFault
from .children import children
from .definitions import AT
from .dialects import ASYNCAPI
from .keywords import ANNOTATIONS, holds_bytes
from .resources import resources_of
from .shape import LOWER, UPPER, Elements, Members, Shape, merge_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..text.document import Document
    from ..text.references import Resolver
    from .dialects import Dialect

_ABOUT = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties", "propertyNames"),
    "array": ("items", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": (*LOWER[:2], *UPPER[:2], "multipleOf"),
}  # fmt: skip

_MOST_NEEDED = 50  # items of one kind


class Shapes:
    """The shapes of schemas as written; each read once, since many schemas may share it.

    Args:
        resolver: Follows references.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._resources = resources_of((), resolver)
        self._known: dict[tuple[Document, str], Shape[Node]] = {}

    def follow(self, node: Node) -> Node | None:
        """Resolve a reference, or return None if it is unresolvable in a schema that is not validated."""
        try:
            return self._resolver.follow(node)
        except ReferenceFault:
            return None

    def of(self, node: Node) -> Shape[Node]:
        """Return the shape of a schema, with references followed and every ``allOf`` merged."""
        target = self.follow(node)
        if target is None or not isinstance(target.value, dict):
            return Shape()
        known = self._known.get(target.identity)
        if known is None:
            parts: dict[tuple[Document, str], Node] = {}
            waiting = [target]
            while waiting:
                part = self.follow(waiting.pop())
                if part is None or not isinstance(part.value, dict) or part.identity in parts:
                    continue
                parts[part.identity] = part
                waiting += [child.schema for child in children(part) if child.keyword in ("allOf", "$ref")][
                    ::-1
                ]
            known = self._known[target.identity] = merge_shapes(
                [read_shape(part, self._resources.dialect(part)) for part in parts.values()]
            )
        return known


def is_never(value: Any) -> bool:
    """Return whether a schema's value says that nothing matches."""
    return value is False or value in ({"not": {}}, {"not": True})


def read_shape(schema: Node | Mapping[str, Any], dialect: Dialect = ASYNCAPI) -> Shape[Any]:
    """Return what the keywords of one schema say by themselves.

    Args:
        schema: A schema as written, or a definition of the normaliser's. Faulty values, as in a schema
            that is not validated, are passed over.
        dialect: Of a schema as written.
    """
    value: Any = schema.value if isinstance(schema, Node) else schema
    if not isinstance(value, dict):
        return Shape()
    if isinstance(schema, Node) and dialect is not ASYNCAPI:
        value = {key: value[key] for key in value if key in dialect.keywords or key in ANNOTATIONS}
    held: dict[str, dict[Any, Any]] = {}
    for child in children(schema, dialect.holders) if isinstance(schema, Node) else children(schema):
        held.setdefault(child.keyword, {})[child.key] = child.schema
    types = value.get("type")
    types = [types] if isinstance(types, str) else types if isinstance(types, list) else None
    if types is not None and dialect.has_nullable and value.get("nullable") is True:
        types = [*types, "null"]
    array = read_elements(schema)
    denied, forbidden = _denied(value.get("not"))
    least = value.get("minContains", 1)
    needed = min(int(least), _MOST_NEEDED) if type(least) in (int, float) else 1
    return Shape(
        types=None if types is None else tuple(dict.fromkeys(map(str, types))),
        denied=denied,
        about=() if types is not None else _about(value),
        values=_values(value),
        bounds={key: value[key] for key in (*LOWER, *UPPER) if type(value.get(key)) in (int, float)},
        steps=(value["multipleOf"],) if "multipleOf" in value else (),
        patterns=(value["pattern"],) if "pattern" in value else (),
        formats=("binary",) if holds_bytes(value) else (value["format"],) if "format" in value else (),
        objects=_members(value, held),
        arrays=() if array is None else (array,),
        required=_names(value.get("required")),
        forbidden=forbidden,
        names=tuple(held.get("propertyNames", {}).values()),
        contains=tuple(held.get("contains", {}).values()) * needed,
        dependencies=(*held.get("dependencies", {}).items(), *held.get("dependentSchemas", {}).items()),
        unique=value.get("uniqueItems") is True,
        choices=tuple(tuple(held[keyword].values()) for keyword in ("oneOf", "anyOf") if keyword in held),
    )


def _about(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(kind for kind, words in _ABOUT.items() if not schema.keys().isdisjoint(words))


def _values(schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    listed = schema["enum"] if isinstance(schema.get("enum"), list) else None
    if "const" in schema:
        return (schema["const"],) if listed is None or schema["const"] in listed else ()
    return None if listed is None else tuple(listed)


def _members(value: Mapping[str, Any], held: Mapping[str, Mapping[Any, Any]]) -> tuple[Members[Any], ...]:
    properties = held.get("properties", {}) if isinstance(value.get("properties"), dict) else None
    patterns = held.get("patternProperties", {})
    others = held.get("additionalProperties", {}).get(None)
    left = held.get("unevaluatedProperties", {}).get(None)
    if others is None and isinstance(left, Node) and left.value is False and not _is_open(value):
        others = left
    if properties is None and not patterns and others is None:
        return ()
    return (Members(properties=properties, patterns=patterns, others=others),)


def _is_open(schema: Mapping[str, Any]) -> bool:
    """Return whether alternatives or conditions may look at members beside those of a schema as written."""
    return any(key in schema for key in ("anyOf", "oneOf", "if", "dependentSchemas", "dependencies"))


def read_elements(schema: Node | Mapping[str, Any]) -> Elements[Any] | None:
    """Return what a schema, which is an object, says of the items of an array, or None if it says nothing."""
    prefix, items, beyond = (schema.get(key) for key in ("prefixItems", "items", "additionalItems"))
    positions = _listed(prefix)
    if positions is not None:
        return Elements(positions=positions, rest=items)
    positions = _listed(items)
    if positions is not None:
        return Elements(positions=positions, rest=beyond)
    return None if items is None else Elements(positions=None, rest=items)


def _listed(held: Any) -> tuple[Any, ...] | None:
    if isinstance(held, Node):
        return tuple(held.elements()) if isinstance(held.value, list) else None
    return tuple(held) if isinstance(held, list) else None


def _denied(schema: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the types, and the names of members, that a schema under ``not`` excludes by itself."""
    if not isinstance(schema, dict):
        return frozenset(), frozenset()
    keywords = schema.keys() - {AT}
    if keywords == {"type"}:
        types = schema["type"]
        denied = frozenset([types] if isinstance(types, str) else _names(types))
        return denied | {"integer"} if "number" in denied else denied, frozenset()
    required = _names(schema.get("required"))
    return frozenset(), frozenset(required if keywords == {"required"} and len(required) == 1 else ())


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()
