"""Schemas as trees of rows. One that is used in several places stands once, and is linked to."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..spec.schemas.children import children
from ..spec.schemas.dialects import ASYNCAPI
from ..spec.schemas.resources import resources_of
from ..spec.schemas.shape_reader import read_shape
from ..spec.text.pointer import Pointer
from ..spec.text.reference_faults import ReferenceFault
from .elements import element
from .markdown import markdown
from .schema_words import rules_of, type_of
from .slugs import Slugs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from xml.etree.ElementTree import Element

    from ..spec.schemas.children import Child
    from ..spec.schemas.shape import Shape
    from ..spec.text.document import Document, Node
    from ..spec.text.references import Resolver

_CONTAINERS = re.compile(r"(?:^|/)(?:schemas|\$defs|definitions)/[^/]+$")
_DEEPEST = 24
_COMBINED = {"oneOf": "exactly one of", "anyOf": "at least one of", "allOf": "all of"}
_LABELLED = {
    "additionalProperties": "other properties",
    "propertyNames": "property names",
    "contains": "at least one item",
    "not": "but not",
    "if": "if",
    "then": "then",
    "else": "else",
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), "all of"),
    "unevaluatedProperties": "properties that nothing else describes",
    "unevaluatedItems": "items that nothing else describes",
}
_OF_THE_REST = frozenset({"additionalProperties", "unevaluatedProperties", "unevaluatedItems"})


class SchemaTrees:
    """The trees of one document.

    Attributes:
        shared: Schemas that several places use: name and anchor by identity, in order of use.
    """

    def __init__(self, roots: Iterable[Node], resolver: Resolver) -> None:
        self._resolver = resolver
        self._resources = resources_of((), resolver)
        self.shared: dict[tuple[Document, str], tuple[str, str, Node]] = {}
        slugs = Slugs()
        for node in self._used_often(roots):
            name = _name_of(node)
            self.shared[node.identity] = (name, f"schema.{slugs.take(name or 'schema')}", node)

    def listed(self) -> Iterator[tuple[str, str, Node, str]]:
        """Yield the shared schemas: name, anchor, schema, and its type in words."""
        for name, anchor, node in self.shared.values():
            yield name, anchor, node, type_of(node.value, self._resources.dialect(node))

    def row(self, node: Node, name: str = "", *, is_needed: bool | None = None, depth: int = 0) -> Element:
        """Describe one value: its name, type and rules, and below it what it holds."""
        target = self._follow(node)
        value = target.value if target is not None else True
        shared = self.shared.get(target.identity) if target is not None else None
        if shared is not None:
            kind = element("a", shared[0], href=f"#{shared[1]}", class_="type ref")
            return element("li", *_head(name, kind, is_needed, _flags(value)))
        kind = element("span", type_of(value, self._resources.dialect(target or node)), class_="type")
        known_as = ""
        if target is not None and (target.identity != node.identity or _CONTAINERS.search(target.pointer)):
            known_as = _name_of(target)
        return element(
            "li",
            *_head(name, kind, is_needed, _flags(value), known_as=known_as),
            *self.body(target, depth),
        )

    def body(self, target: Node | None, depth: int = 0) -> Iterator[Element | None]:
        """Yield the rules of a value, its description, and the rows of what it holds."""
        if target is None or not isinstance(target.value, dict):
            return
        rules = list(rules_of(target.value))
        scope = self._resources.scope(target)
        if scope is not None and scope.dialect is not ASYNCAPI and scope.own.identity == target.identity:
            rules.append(f"read as {scope.dialect.name}")
        if rules:
            yield element("span", " · ".join(rules), class_="rules")
        described = markdown(target.value.get("description"))
        if not isinstance(described, str):
            yield described
        if depth >= _DEEPEST:
            yield element("span", "and more, see the document", class_="rules")
            return
        rows = list(self._rows(target, depth + 1))
        if rows:
            yield element("ul", *rows)

    def _rows(self, node: Node, depth: int) -> Iterator[Element]:
        shape = read_shape(node)
        yield from self._members(shape, depth)
        yield from self._items(shape, depth)
        held: dict[str, list[Child[Node]]] = {}
        for child in children(node):
            held.setdefault(child.keyword, []).append(child)
        for keyword, label in _COMBINED.items():
            if keyword in held:
                options = [
                    self.row(child.schema, f"option {index}" if keyword != "allOf" else "", depth=depth)
                    for index, child in enumerate(held[keyword], 1)
                ]
                yield element("li", element("span", label, class_="label"), element("ul", *options))
        for keyword, label in _LABELLED.items():
            for child in held.get(keyword, ()):
                if keyword not in _OF_THE_REST or not isinstance(child.schema.value, bool):
                    yield self.row(child.schema, label, depth=depth)
        for keyword in ("dependencies", "dependentSchemas"):
            for child in held.get(keyword, ()):
                yield self.row(child.schema, f"with {child.key}", depth=depth)

    def _members(self, shape: Shape[Node], depth: int) -> Iterator[Element]:
        properties = shape.properties
        for name, schema in properties.items():
            yield self.row(schema, name, is_needed=name in shape.required, depth=depth)
        for name in shape.required:
            if name not in properties:
                yield element("li", *_head(name, element("span", "any", class_="type"), True, ()))
        for members in shape.objects:
            for pattern, schema in members.patterns.items():
                yield self.row(schema, f"properties like {pattern}", depth=depth)

    def _items(self, shape: Shape[Node], depth: int) -> Iterator[Element]:
        positions, rest = shape.positions or (), shape.rest
        for index, schema in enumerate(positions, 1):
            yield self.row(schema, f"item {index}", depth=depth)
        if rest is not None and not (positions and rest.value is False):
            yield self.row(rest, "further items" if positions else "each item", depth=depth)
        elif rest is not None:
            yield element("li", element("span", "no further items", class_="rules"))

    def _follow(self, node: Node) -> Node | None:
        try:
            return self._resolver.follow(node)
        except ReferenceFault:  # within a schema in a format that is not validated
            return None

    def _used_often(self, roots: Iterable[Node]) -> Iterator[Node]:
        """Yield schemas with more than one use that are worth a place of their own."""
        uses: Counter[tuple[Document, str]] = Counter()
        seen: dict[tuple[Document, str], Node] = {}
        referred: set[tuple[Document, str]] = set()
        waiting = [(root, False) for root in roots][::-1]
        while waiting:
            node, by_reference = waiting.pop()
            target = self._follow(node)
            if target is None or not isinstance(target.value, dict):
                continue
            uses[target.identity] += 1
            if by_reference or target.identity != node.identity:
                referred.add(target.identity)
            if target.identity not in seen:
                seen[target.identity] = target
                waiting += [(inner, "$ref" in inner.value) for inner in _inner(target)][::-1]
        for identity, node in seen.items():
            is_named = identity in referred or _CONTAINERS.search(node.pointer) is not None
            if uses[identity] > 1 and is_named and any(True for _ in _inner(node)):
                yield node


def _name_of(node: Node) -> str:
    """Return what a schema is called: its key where schemas have names, else its title or its key."""
    token = Pointer.parse(node.pointer).last
    title = node.value.get("title") if isinstance(node.value, dict) else None
    return token if _CONTAINERS.search(node.pointer) or not isinstance(title, str) else title


def _inner(node: Node) -> Iterator[Node]:
    return (child.schema for child in children(node) if isinstance(child.schema.value, dict))


def _flags(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, word in (
            ("deprecated", "deprecated"),
            ("readOnly", "read only"),
            ("writeOnly", "write only"),
        ):
            if value.get(key) is True:
                yield word


def _head(
    name: str,
    kind: Element,
    is_needed: bool | None,  # noqa: FBT001  # three states of one word
    flags: Iterable[str],
    *,
    known_as: str = "",
) -> Iterator[Element | str]:
    if name:
        yield element("code", name, class_="name")
        yield " "
    if known_as and known_as != name:
        yield element("span", known_as, class_="of")
        yield " "
    yield kind
    if is_needed is not None:
        yield " "
        yield element("b", "required" if is_needed else "optional", class_="need" if is_needed else "may")
    for word in flags:
        yield " "
        yield element("em", word)
    yield " "
