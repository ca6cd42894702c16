"""What the shape of a value means for its Python type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spec.schemas.shape_reader import is_never

if TYPE_CHECKING:
    from ..spec.schemas.shape import Shape
    from ..spec.schemas.shape_reader import Shapes
    from ..spec.text.document import Document, Node

_DEEPEST = 12  # alternatives within alternatives that are asked


def pattern_members(shape: Shape[Node]) -> tuple[Node, ...]:
    """Return the schemas of members by pattern, whatever the pattern."""
    return tuple(schema for members in shape.objects for schema in members.patterns.values())


def other_members(shape: Shape[Node]) -> Node | None:
    """Return the schema of members that are not declared, or None if none says anything of them."""
    schemas = [members.others for members in shape.objects if members.others is not None]
    return next((schema for schema in schemas if isinstance(schema.value, dict) and schema.value), None)


def is_closed(shape: Shape[Node]) -> bool:
    """Return whether members that are not declared are forbidden."""
    return any(members.others is not None and is_never(members.others.value) for members in shape.objects)


def is_typed_dict(shape: Shape[Node]) -> bool:
    """Return whether the names of an object's members are known, and a TypedDict may have them."""
    if "" in (*shape.properties, *shape.required):
        return False
    if shape.properties:
        return True
    return bool(shape.required) and not pattern_members(shape) and other_members(shape) is None


def implied_types(shape: Shape[Node]) -> tuple[str, ...] | None:
    """Return the only type that the keywords of a schema without a type are about, or None."""
    found = {
        "object": bool(shape.properties or pattern_members(shape) or other_members(shape) is not None),
        "array": bool(shape.arrays),
        "string": shape.is_binary,
    }
    kinds = tuple(kind for kind, is_about in found.items() if is_about)
    return kinds if len(kinds) == 1 else None


def types_beside(shape: Shape[Node], shapes: Shapes) -> tuple[str, ...]:
    """Return the types of a schema that an alternative does not restrict, as its keywords are about another.

    Such as null of ``{type: [object, null], oneOf: [{properties: ...}]}``.
    """
    silent = _Silent(shapes)
    return tuple(
        kind
        for kind in shape.types or ()
        if any(silent.admits(branch, kind, 0) for branch in shape.choices[0])
    )


class _Silent:
    """Which types alternatives admit without a word; each is asked once, however they refer to one another."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._known: dict[tuple[Document, str, str], bool] = {}

    def admits(self, branch: Node, kind: str, depth: int) -> bool:
        """Return whether an alternative does, and with it one of each choice that it holds."""
        target = self._shapes.follow(branch)
        if target is None:
            return True
        mark = (*target.identity, kind)
        if mark not in self._known:
            self._known[mark] = False  # what contains itself adds nothing
            self._known[mark] = depth <= _DEEPEST and self._is_open(target, kind, depth)
        return self._known[mark]

    def _is_open(self, target: Node, kind: str, depth: int) -> bool:
        shape = self._shapes.of(target)
        if is_never(target.value) or shape.types is not None or shape.values is not None:
            return False
        if kind in shape.denied or kind in (implied_types(shape) or ()):
            return False
        return all(any(self.admits(inner, kind, depth + 1) for inner in choice) for choice in shape.choices)


def only_reference(node: Node) -> Node | None:
    """Return the reference that is all that an ``allOf`` holds, or None if the schema says more."""
    held = node.get("allOf")
    if held is None or not isinstance(held.value, list) or len(held.value) != 1:
        return None
    beside = node.value.keys() - {"allOf", "title", "description", "examples", "deprecated"}
    only = held.value[0]
    return held.child(0) if not beside and isinstance(only, dict) and "$ref" in only else None
