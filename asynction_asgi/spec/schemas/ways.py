"""Dynamic references: what they mean depends on the resources that were entered on the way to them.

A way says, for each name that a dynamic reference may look up, the first resource entered that has it. So a
schema becomes one definition for each way to it, and at run time every reference is an ordinary call.

Source: JSON Schema 2020-12 (core), section 8.2.3.2; 2019-09 (core), section 8.2.4.2.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..text.reference_faults import ReferenceFault
from .children import children

if TYPE_CHECKING:
    from ..text.document import Document, Node
    from ..text.references import Resolver
    from .identifiers import Resource
    from .resources import Resources

    Place = tuple[Document, str]
    Way = tuple[tuple[str, Resource], ...]

DYNAMIC = ("$dynamicRef", "$recursiveRef")
_NOTHING: frozenset[str] = frozenset()


class Ways:
    """Follows the references of scanned schemas, dynamic ones too."""

    def __init__(self, resources: Resources, resolver: Resolver) -> None:
        self._resources = resources
        self._resolver = resolver

    def follow(self, node: Node, way: Way) -> tuple[Node, Way]:
        """Return the schema that a reference means, and the way to it; any other schema is returned itself.

        Of references that lead back to themselves, one is returned: its definition applies itself.
        """
        if not self._needed and self._bare(node) is None:
            return self._resolver.follow(node), way
        seen = set()
        while True:
            way = self._enter(node, way)
            if (node.identity, way) in seen:
                return node, way
            seen.add((node.identity, way))
            beside = self._bare(node)
            if beside is not None:
                node = beside
            if not self._resolver.is_reference(node):
                return node, way
            node = self._step(node, way)

    def _bare(self, node: Node) -> Node | None:
        """Return the dynamic reference that is all that a schema says, or None."""
        value = node.value
        if not isinstance(value, dict) or all(keyword not in value for keyword in DYNAMIC):
            return None
        dialect = self._resources.dialect(node)
        said = [key for key in value if key in dialect.keywords or key == "$ref"]
        if said != [dialect.dynamic]:
            return None
        return next(child.schema for child in children(node, dialect.holders) if child.keyword == said[0])

    def _enter(self, node: Node, way: Way) -> Way:
        """Add what the resource of a schema is the first to name, and leave out what is of no use from here on."""
        needed = self._needed.get(node.identity, _NOTHING)
        if not needed:
            return ()
        known = dict(way)
        scope = self._resources.scope(node)
        if scope is not None:
            known = {**dict.fromkeys(scope.resource.dynamic, scope.resource), **known}
        return tuple((name, known[name]) for name in sorted(needed) if name in known)

    def _step(self, node: Node, way: Way) -> Node:
        target = self._resolver.step(node)
        name = self.looked_up(node, target)
        resource = dict(way).get(name) if name is not None else None
        return target if resource is None or name is None else resource.dynamic[name]

    def looked_up(self, node: Node, target: Node) -> str | None:
        """Return the name that a reference looks up on the way to it, or None if it just leads to `target`."""
        name = self._resources.dynamic.get(target.identity)
        keyword = node.pointer.rpartition("/")[2]
        if name is None or keyword not in DYNAMIC:
            return None
        return name if node.value["$ref"].partition("#")[2] == name else None

    @cached_property
    def _needed(self) -> dict[Place, frozenset[str]]:
        """The names that may be looked up from each schema on, by its place; found once all are scanned."""
        resources = self._resources
        if not resources.dynamic:
            return {}
        holders: dict[Place, list[Place]] = {}
        named: dict[str, list[Place]] = {}
        for place, name in resources.dynamic.items():
            named.setdefault(name, []).append(place)
        needed: dict[Place, set[str]] = {}
        for node in resources.scanned:
            if not isinstance(node.value, dict):
                continue
            held = [child.schema.identity for child in children(node, resources.dialect(node).holders)]
            if "$ref" in node.value and not resources.combines(node):
                try:
                    target = self._resolver.step(node)
                except ReferenceFault:
                    continue
                held.append(target.identity)
                looked_up = self.looked_up(node, target)
                if looked_up is not None:
                    needed.setdefault(node.identity, set()).add(looked_up)
                    held += named[looked_up]
            for place in held:
                holders.setdefault(place, []).append(node.identity)
        waiting = list(needed)
        while waiting:
            place = waiting.pop()
            for holder in holders.get(place, ()):
                known = needed.setdefault(holder, set())
                if not needed[place] <= known:
                    known |= needed[place]
                    waiting.append(holder)
        return {place: frozenset(names) for place, names in needed.items()}
