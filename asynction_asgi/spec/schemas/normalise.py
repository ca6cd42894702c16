"""Schemas as authors write them, made uniform for the generator.

Every schema that the roots reach becomes one definition ``s<N>``: references are local, annotations
are gone, later drafts' keywords are draft-07's, and nothing is nested deeply. Recursion stays recursion.
A definition is a plain mapping with these liberties:

* ``$at`` holds the `Node` that it was made from, so that an error knows its place;
* ``type`` is always a list, in which ``binary`` means bytes;
* ``dependencies`` holds schemas only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import CHILDREN, children, inner_schemas
from .keywords import ASSERTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..text.document import Document, Node
    from ..text.references import Resolver

__all__ = ["AT", "REF", "Definitions", "Normaliser", "Schema", "places", "reachable"]

AT = "$at"
REF = "$ref"

# Python's compiler refuses more than twenty blocks within each other; a level takes up to three.
_DEEPEST = 4
_NOT_STRINGS = ["null", "boolean", "number", "array", "object", "binary"]
_COPIED = frozenset(
    {
        *("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        *("pattern", "uniqueItems", "required", "enum", "const"),
    }
)
_OF_TEXT = frozenset({"maxLength", "minLength", "pattern"})
_COUNTS = frozenset({"maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"})

Schema = dict[str, Any] | bool
Definitions = dict[str, dict[str, Any]]


class Normaliser:
    """Turns schemas that passed the linter into definitions.

    Args:
        resolver: Follows references.
        written: Whether the values are those that a document holds, in which text may stand for bytes.

    Attributes:
        definitions: By name, filled by `run`.
    """

    def __init__(self, resolver: Resolver, *, written: bool = False) -> None:
        self.definitions: Definitions = {}
        self._written = written
        self._resolver = resolver
        self._names: dict[tuple[Document, str], str] = {}
        self._waiting: list[tuple[str, Node]] = []

    def run(self, roots: Iterable[Node]) -> dict[tuple[Document, str], str]:
        """Normalise everything that `roots` reach; the name of each root, by its identity."""
        entries: dict[tuple[Document, str], str] = {}
        for root in roots:
            target = self._resolver.follow(root)
            entries[root.identity] = entries[target.identity] = self._name(target)
        while self._waiting:
            name, node = self._waiting.pop()
            schema = self._convert(node, 0)
            if isinstance(schema, bool):
                schema = {AT: node} if schema else {"enum": [], AT: node}
            self.definitions[name] = schema
        return entries

    def _name(self, node: Node) -> str:
        name = self._names.get(node.identity)
        if name is None:
            name = self._names[node.identity] = f"s{len(self._names)}"
            self._waiting.append((name, node))
        return name

    def _inner(self, node: Node, depth: int) -> Schema:
        """Convert a schema within a schema: in place, or by name if it is a reference or too deep."""
        if isinstance(node.value, bool):
            return node.value
        target = self._resolver.follow(node)
        if isinstance(target.value, bool):
            return target.value
        is_leaf = not any(True for _ in children(target))
        if is_leaf or (target is node and depth < _DEEPEST):
            return self._convert(target, depth + 1)
        return {REF: self._name(target), AT: target}

    def _convert(self, node: Node, depth: int) -> Schema:
        value = node.value
        if isinstance(value, bool):
            return value
        schema: dict[str, Any] = {}
        text_for_bytes = self._written and value.get("format") == "binary"
        for key in value:
            if text_for_bytes and key in _OF_TEXT:
                continue
            if key in _COPIED:
                schema[key] = value[key]
            elif key in _COUNTS:
                schema[key] = int(value[key])
            elif key in ASSERTIONS:
                self._structure(schema, node, key, depth)
        if "if" in schema and not schema.keys() & {"then", "else"}:
            del schema["if"]
        if schema.get("uniqueItems") is False:
            del schema["uniqueItems"]
        if not schema:
            return True
        schema[AT] = node
        return schema

    def _structure(self, schema: dict[str, Any], node: Node, key: str, depth: int) -> None:
        value = node.value
        held = node.child(key)
        if key == "type":
            types = [held.value] if isinstance(held.value, str) else list(held.value)
            binary = value.get("format") == "binary"
            schema["type"] = ["binary" if binary and name == "string" else name for name in types]
            if self._written and "binary" in schema["type"]:
                schema["type"].append("string")
        elif key == "format":
            if held.value == "binary" and self._written:
                pass
            elif held.value == "binary":
                schema.setdefault("type", list(_NOT_STRINGS))
            else:
                schema["format"] = held.value
        elif key in ("items", "prefixItems", "additionalItems"):
            self._items(schema, node, depth)
        elif key in ("dependencies", "dependentSchemas", "dependentRequired"):
            self._dependencies(schema, held, depth)
        elif CHILDREN[key].listed is not None:
            schema[key] = [self._inner(element, depth) for element in held.elements()]
        elif CHILDREN[key].named is not None:
            schema[key] = {name: self._inner(inner, depth) for name, inner in held.items()}
        elif key not in ("then", "else") or "if" in value:
            schema[key] = self._inner(held, depth)

    def _items(self, schema: dict[str, Any], node: Node, depth: int) -> None:
        """Move positions to ``items`` and all others to ``additionalItems``, as draft-07 has it."""
        if "items" in schema:
            return
        prefix, items, rest = (node.get(key) for key in ("prefixItems", "items", "additionalItems"))
        if prefix is not None:
            rest = items
        elif items is not None and isinstance(items.value, list):
            prefix = items
        else:
            rest = items
        if prefix is not None and prefix.value:
            schema["items"] = [self._inner(element, depth) for element in prefix.elements()]
            if rest is not None:
                schema["additionalItems"] = self._inner(rest, depth)
        elif rest is not None:
            schema["items"] = self._inner(rest, depth)

    def _dependencies(self, schema: dict[str, Any], held: Node, depth: int) -> None:
        table = schema.setdefault("dependencies", {})
        for name, inner in held.items():
            needs: Schema = (
                {"required": inner.value, AT: held}
                if isinstance(inner.value, list)
                else self._inner(inner, depth)
            )
            table[name] = {"allOf": [table[name], needs], AT: held} if name in table else needs


def reachable(schemas: Iterable[Schema], definitions: Definitions) -> Definitions:
    """Return the definitions that schemas refer to, and those that these refer to."""
    found: Definitions = {}
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        name = schema.get(REF)
        if name is not None and name not in found:
            found[name] = definitions[name]
            waiting.append(found[name])
        waiting += inner_schemas(schema)
    return found


def places(schemas: Iterable[Schema]) -> Iterator[dict[str, Any]]:
    """Yield every schema that a value of its own is made for, within others too."""
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict):
            yield schema
            waiting += [
                child.schema for child in children(schema) if child.keyword not in ("not", "dependencies")
            ]
