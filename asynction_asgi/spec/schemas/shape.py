"""The flat shape of a value: what one schema, or several that hold together, say of it.

Readers of schemas as written and of definitions share it. What a shape leaves out (alternatives,
conditions) makes it wider, never wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SchemaT = TypeVar("SchemaT")

# Keywords that limit a value from below and above.
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_CLASSES: dict[str, type] = {
    "string": str,
    "null": type(None),
    "object": dict,
    "array": list,
    "binary": bytes,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Members(Generic[SchemaT]):
    """What one schema says of the members of an object.

    Attributes:
        properties: The schema of each declared property; None if the schema has no ``properties``.
        patterns: The schemas of members by pattern.
        others: The schema of all other members, or None.
    """

    properties: Mapping[str, SchemaT] | None
    patterns: Mapping[str, SchemaT]
    others: SchemaT | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements(Generic[SchemaT]):
    """What one schema says of the items of an array.

    Attributes:
        positions: The schemas of the first items; None if it is not a tuple.
        rest: The schema of all items, or of those after the first ones; None if there is none.
    """

    positions: tuple[SchemaT, ...] | None
    rest: SchemaT | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Generic[SchemaT]):
    """What schemas that hold together say of a value.

    Attributes:
        types: JSON types that are left, in the order of the document; None is any.
        denied: Types that are left out.
        about: Types that the keywords of schemas without ``type`` are about.
        values: The values left of ``enum`` and ``const``; None is any.
        bounds: The strictest of each keyword that limits from below or above.
        steps: Every ``multipleOf``.
        patterns: Every ``pattern``.
        formats: Every ``format``.
        objects: What each schema says of members, if it does.
        arrays: What each schema says of items, if it does.
        required: Names of properties, in the order of the document.
        forbidden: Names of properties that may not be there.
        names: Schemas of the names of all members.
        contains: Schemas that one item each must match.
        dependencies: Schemas that hold if a property is there, with its name.
        unique: Whether no two items are equal.
        choices: The branches of every ``oneOf`` and ``anyOf``.
    """

    types: tuple[str, ...] | None = None
    denied: frozenset[str] = frozenset()
    about: tuple[str, ...] = ()
    values: tuple[Any, ...] | None = None
    bounds: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[float, ...] = ()
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    objects: tuple[Members[SchemaT], ...] = ()
    arrays: tuple[Elements[SchemaT], ...] = ()
    required: tuple[str, ...] = ()
    forbidden: frozenset[str] = frozenset()
    names: tuple[SchemaT, ...] = ()
    contains: tuple[SchemaT, ...] = ()
    dependencies: tuple[tuple[str, SchemaT], ...] = ()
    unique: bool = False
    choices: tuple[tuple[SchemaT, ...], ...] = ()

    @property
    def properties(self) -> dict[str, SchemaT]:
        """Every declared property with its schema; the first schema, where several declare it."""
        declared: dict[str, SchemaT] = {}
        for members in reversed(self.objects):
            declared.update(members.properties or {})
        return declared

    @property
    def positions(self) -> tuple[SchemaT, ...] | None:
        """The schemas of an array's first items, or None if no schema is a tuple."""
        return next((array.positions for array in self.arrays if array.positions is not None), None)

    @property
    def rest(self) -> SchemaT | None:
        """The schema of an array's items, or of those after the first ones; None if there is none."""
        return next((array.rest for array in self.arrays if array.rest is not None), None)

    @property
    def is_binary(self) -> bool:
        """Whether strings of a schema as written are bytes."""
        return "binary" in self.formats

    def admits(self, value: Any) -> bool:
        """Return whether a listed value fits the types and bounds; not what is said of its contents."""
        bounds = self.bounds
        if self.types is not None and not any(_is_of_type(value, name) for name in self.types):
            return False
        if isinstance(value, str):
            return bounds.get("minLength", 0) <= len(value) <= bounds.get("maxLength", math.inf)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return True
        return (
            bounds.get("minimum", -math.inf) <= value <= bounds.get("maximum", math.inf)
            and bounds.get("exclusiveMinimum", -math.inf) < value < bounds.get("exclusiveMaximum", math.inf)
        )  # fmt: skip


def merge_shapes(shapes: Iterable[Shape[SchemaT]]) -> Shape[SchemaT]:
    """Return what holds where all of the shapes hold; `types` or `values` are empty if nothing can."""
    parts = tuple(shapes)
    if len(parts) == 1:
        return parts[0]
    bounds: dict[str, float] = {}
    for part in parts:
        for key, limit in part.bounds.items():
            strictest: Callable[[float, float], float] = max if key in LOWER else min
            bounds[key] = strictest(limit, bounds.get(key, limit))
    return Shape(
        types=reduce(_common_types, (part.types for part in parts), None),
        denied=frozenset().union(*(part.denied for part in parts)),
        about=tuple(kind for part in parts for kind in part.about),
        values=reduce(_common_values, (part.values for part in parts), None),
        bounds=bounds,
        steps=tuple(step for part in parts for step in part.steps),
        patterns=tuple(pattern for part in parts for pattern in part.patterns),
        formats=tuple(name for part in parts for name in part.formats),
        objects=tuple(members for part in parts for members in part.objects),
        arrays=tuple(array for part in parts for array in part.arrays),
        required=tuple(dict.fromkeys(name for part in parts for name in part.required)),
        forbidden=frozenset().union(*(part.forbidden for part in parts)),
        names=tuple(schema for part in parts for schema in part.names),
        contains=tuple(schema for part in parts for schema in part.contains),
        dependencies=tuple(pair for part in parts for pair in part.dependencies),
        unique=any(part.unique for part in parts),
        choices=tuple(choice for part in parts for choice in part.choices),
    )


def _common_types(some: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the types that both admit; every integer is a number."""
    if some is None or others is None:
        return others if some is None else some
    both = [kind for kind in some if kind in others or (kind == "integer" and "number" in others)]
    if "number" in some and "integer" in others and "integer" not in both:
        both.append("integer")
    return tuple(both)


def _common_values(some: tuple[Any, ...] | None, others: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if some is None or others is None:
        return others if some is None else some
    return tuple(value for value in some if value in others)


def _is_of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, int | float):
        return name == "number" or (name == "integer" and value == int(value))
    return name in _CLASSES and isinstance(value, _CLASSES[name])
