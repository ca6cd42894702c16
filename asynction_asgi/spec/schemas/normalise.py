"""Schemas as authors write them, in any dialect, made uniform for the generator (see `definitions`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import CHILDREN, children
from .claims import settle_claims
from .definitions import AS, AT, DISCRIMINATOR, REF
from .discriminators import named_branches
from .keywords import holds_bytes
from .recursion import find_loops
from .resources import resources_of
from .ways import DYNAMIC, Ways

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..text.document import Document, Node
    from ..text.references import Resolver
    from .definitions import Definitions, Schema
    from .dialects import Dialect
    from .ways import Way

# Python's compiler refuses more than twenty blocks within each other; a level takes up to three.
_DEEPEST = 4
# Dynamic references can multiply definitions.
_MOST_DEFINITIONS = 10_000
_NOT_STRINGS = ["null", "boolean", "number", "array", "object", "binary"]
_COPIED = frozenset(
    {"multipleOf", "maximum", "minimum", "pattern", "uniqueItems", "required", "enum", "const"}
)
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_OF_TEXT = frozenset({"maxLength", "minLength", "pattern"})
_COUNTS = frozenset({"maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"})
_UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_DEPENDENT = frozenset({"dependencies", "dependentSchemas", "dependentRequired"})
_INTEGERS = {"int32": 2**31, "int64": 2**63}


class Normaliser:
    """Turns schemas that passed the linter into definitions.

    Args:
        resolver: Follows references.
        written: Whether the values are those that a document holds, in which text may stand for bytes.

    Attributes:
        definitions: By name, filled by `run`.
        faults: Schemas that turned out not to be usable, and why; in their place stands one that accepts
            everything.
    """

    def __init__(self, resolver: Resolver, *, written: bool = False) -> None:
        self.definitions: Definitions = {}
        self.faults: list[tuple[Node, str]] = []
        self._resolver = resolver
        self._resources = resources_of((), resolver)
        self._ways = Ways(self._resources, resolver)
        self._written = written
        self._names: dict[tuple[tuple[Document, str], Way], str] = {}
        self._waiting: list[tuple[str, Node, Way]] = []
        self._unevaluated: list[dict[str, Any]] = []
        self._idle: list[tuple[dict[str, Any], tuple[str, ...]]] = []

    def run(self, roots: Iterable[Node]) -> dict[tuple[Document, str], str]:
        """Normalise everything that `roots` reach; the name of each root, by its identity."""
        roots = tuple(roots)
        resources_of(roots, self._resolver)
        entries: dict[tuple[Document, str], str] = {}
        for root in roots:
            target, way = self._ways.follow(root, ())
            entries[root.identity] = entries[target.identity] = self._name(target, way)
        while self._waiting:
            name, node, way = self._waiting.pop()
            schema = self._convert(node, 0, way)
            if isinstance(schema, bool):
                schema = {AT: node} if schema else {"enum": [], AT: node}
            self.definitions[name] = schema
        if self._resources.dynamic:
            self._cut_loops()
        if self._unevaluated:
            settle_claims(
                self._unevaluated,
                self.definitions,
                lambda schema: self._resources.dialect(schema[AT]).contains_evaluates,  # type: ignore[index]
            )
        for schema, keywords in self._idle:
            for keyword in keywords:
                schema.pop(keyword, None)
        return entries

    def _cut_loops(self) -> None:
        for name in find_loops(self.definitions):
            node = self.definitions[name][AT]
            self.faults.append((node, "the schema refers to itself without descending into the value"))
            self.definitions[name] = {AT: node}

    def _name(self, node: Node, way: Way) -> str:
        key = node.identity, way
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"s{len(self._names)}"
            if way and len(self._names) > _MOST_DEFINITIONS:
                message = (
                    f"with its dynamic references, this schema stands for more than {_MOST_DEFINITIONS:,}"
                )
                self.faults.append((node, message))
                self.definitions[name] = {AT: node}
            else:
                self._waiting.append((name, node, way))
        return name

    def _inner(self, node: Node, depth: int, way: Way) -> Schema:
        """Convert a schema within a schema: in place, or by name if it is a reference or too deep."""
        if isinstance(node.value, bool):
            return node.value
        target, way = self._ways.follow(node, way)
        if isinstance(target.value, bool):
            return target.value
        is_leaf = not any(True for _ in children(target))
        if is_leaf or (target is node and depth < _DEEPEST):
            return self._convert(target, depth + 1, way)
        return {REF: self._name(target, way), AT: target}

    def _convert(self, node: Node, depth: int, way: Way) -> Schema:
        value = node.value
        if isinstance(value, bool):
            return value
        schema: dict[str, Any] = {}
        dialect = self._resources.dialect(node)
        text_for_bytes = self._written and holds_bytes(value)
        for key in value:
            if (key not in dialect.keywords and key != "$ref") or (text_for_bytes and key in _OF_TEXT):
                continue
            if key in _COPIED:
                schema[key] = value[key]
            elif key in _COUNTS:
                schema[key] = int(value[key])
            else:
                self._structure(schema, node, key, depth, way, dialect)
        if not schema:
            return True
        self._tidy(schema, value)
        schema[AT] = node
        return schema

    def _tidy(self, schema: dict[str, Any], value: dict[str, Any]) -> None:
        """Settle what depends on several keywords; what is of use to unevaluated keywords alone is left until then."""
        for exclusive, inclusive in _EXCLUSIVE.items():
            if schema.get(exclusive) is True and inclusive in schema:
                schema[exclusive] = schema.pop(inclusive)
            elif isinstance(schema.get(exclusive), bool):
                self._idle.append((schema, (exclusive,)))
        if "if" in schema and not schema.keys() & {"then", "else"}:
            self._idle.append((schema, ("if",)))
        if schema.get("uniqueItems") is False:
            del schema["uniqueItems"]
        if schema.get("minContains") == 0 and "maxContains" not in schema:
            self._idle.append((schema, ("contains", "minContains")))
        if schema.keys() & _UNEVALUATED:
            self._unevaluated.append(schema)
        if "discriminator" in value and (branches := named_branches(value)) is not None:
            schema[DISCRIMINATOR] = branches

    def _structure(
        self, schema: dict[str, Any], node: Node, key: str, depth: int, way: Way, dialect: Dialect
    ) -> None:
        value, held = node.value, node.child(key)
        if key == "type":
            schema["type"] = self._types(value, dialect)
        elif key == "format":
            self._format(schema, node)
        elif key in _EXCLUSIVE:
            schema[key] = held.value
        elif key in ("minContains", "maxContains"):
            if "contains" in value and (key, held.value) != ("minContains", 1):
                schema[key] = int(held.value)
        elif key in ("items", "prefixItems", "additionalItems"):
            self._items(schema, node, depth, way, dialect)
        elif key in _DEPENDENT:
            self._dependencies(schema, held, depth, way)
        elif key == "$ref" or key in DYNAMIC:
            reference = next(child for child in children(node, dialect.holders) if child.keyword == key)
            _also(schema, self._inner(reference.schema, depth, way))
        elif key == "allOf":
            schema["allOf"] = [
                *schema.get("allOf", ()),
                *(self._inner(element, depth, way) for element in held.elements()),
            ]
        elif key == "nullable":
            pass
        elif CHILDREN[key].listed is not None:
            schema[key] = [self._inner(element, depth, way) for element in held.elements()]
        elif CHILDREN[key].named is not None:
            schema[key] = {name: self._inner(inner, depth, way) for name, inner in held.items()}
        elif key not in ("then", "else") or "if" in value:
            schema[key] = self._inner(held, depth, way)

    def _types(self, value: dict[str, Any], dialect: Dialect) -> list[str]:
        types = [value["type"]] if isinstance(value["type"], str) else list(value["type"])
        if dialect.has_nullable and value.get("nullable") is True and "null" not in types:
            types.append("null")
        if not holds_bytes(value):
            return types
        types = ["binary" if name == "string" else name for name in types]
        return [*types, "string"] if self._written and "binary" in types else types

    def _format(self, schema: dict[str, Any], node: Node) -> None:
        name = node.value["format"]
        if name == "binary" and self._written:
            pass
        elif name == "binary":
            if "type" not in node.value:
                schema["type"] = list(_NOT_STRINGS)
        elif name in _INTEGERS:
            limit = _INTEGERS[name]
            _also(schema, {"minimum": -limit, "maximum": limit - 1, AT: node, AS: "format"})
        else:
            schema["format"] = name

    def _items(self, schema: dict[str, Any], node: Node, depth: int, way: Way, dialect: Dialect) -> None:
        """Move positions to ``items`` and all others to ``additionalItems``, as draft-07 has it."""
        if "items" in schema:
            return
        prefix, items, rest = (
            node.get(key) if key in dialect.keywords else None
            for key in ("prefixItems", "items", "additionalItems")
        )
        if prefix is not None:
            rest = items
        elif items is not None and isinstance(items.value, list):
            prefix = items
        else:
            rest = items
        if prefix is not None and prefix.value:
            schema["items"] = [self._inner(element, depth, way) for element in prefix.elements()]
            if rest is not None:
                schema["additionalItems"] = self._inner(rest, depth, way)
        elif rest is not None:
            schema["items"] = self._inner(rest, depth, way)

    def _dependencies(self, schema: dict[str, Any], held: Node, depth: int, way: Way) -> None:
        table = schema.setdefault("dependencies", {})
        for name, inner in held.items():
            needs: Schema = (
                {"required": inner.value, AT: held}
                if isinstance(inner.value, list)
                else self._inner(inner, depth, way)
            )
            table[name] = {"allOf": [table[name], needs], AT: held} if name in table else needs


def _also(schema: dict[str, Any], other: Schema) -> None:
    schema["allOf"] = [*schema.get("allOf", ()), other]
