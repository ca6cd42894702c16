"""What the shape of a value means for its Python type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spec.schemas.shape_reader import is_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..spec.schemas.shape import Shape
    from ..spec.text.document import Node


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


def types_beside(shape: Shape[Node], branches: Iterable[Shape[Node]]) -> tuple[str, ...]:
    """Return the types of a schema that an alternative admits without a word, as its keywords are about another.

    Such as null of ``{type: [object, null], oneOf: [{properties: ...}]}``.
    """
    open_ones = [branch for branch in branches if branch.types is None and branch.values is None]
    return tuple(
        kind
        for kind in shape.types or ()
        if any(kind not in (implied_types(branch) or ()) for branch in open_ones)
    )


def only_reference(node: Node) -> Node | None:
    """Return the reference that is all that an ``allOf`` holds, or None if the schema says more."""
    held = node.get("allOf")
    if held is None or not isinstance(held.value, list) or len(held.value) != 1:
        return None
    beside = node.value.keys() - {"allOf", "title", "description", "examples", "deprecated"}
    only = held.value[0]
    return held.child(0) if not beside and isinstance(only, dict) and "$ref" in only else None
