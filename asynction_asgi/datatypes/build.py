"""DataTypes of schemas, each made once, and the definitions of those that have a name."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..spec.schemas.shape import merge_shapes
from ..spec.schemas.shape_reader import Shapes, is_never
from .members import implied_types, is_closed, other_members, pattern_members, types_beside
from .names import Names, pascal
from .notes import read_notes
from .own_names import LONGEST_NAME, MOST_CHOICES, name_or_message, own_name
from .tree import (
    Anything,
    Bytes,
    Field,
    List,
    Literals,
    Named,
    Never,
    Notes,
    Null,
    Object,
    Scalar,
    Tuple,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..spec.schemas.shape import Shape
    from ..spec.text.document import Document, Node
    from ..spec.text.references import Resolver
    from .tree import DataType

_DEEPEST = 12
# In the order in which a reader expects them.
_ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")
_OBJECT = frozenset({"object"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A datatype under a name, with what the schema says beside it."""

    datatype: DataType
    notes: Notes


@dataclass(frozen=True, slots=True)
class Positions:
    """One form of an array.

    Attributes:
        fields: Its first items; a name is that of the document, ``""`` if it has none.
        rest: The type of all items after them; None if there may be none.
        least: Fewest items.
        most: Most items; None is unbounded.
    """

    fields: tuple[Field, ...]
    rest: DataType | None
    least: int
    most: int | None


class DataTypes:
    """Makes datatypes of the schemas of one document.

    Args:
        resolver: Follows the document's references.
        taken: Names that no definition may have.
    """

    def __init__(self, resolver: Resolver, taken: Iterable[str] = ()) -> None:
        self._schemas = Shapes(resolver)
        self._names = Names(taken)
        self._known: dict[tuple[Document, str], DataType] = {}
        self._open: set[tuple[Document, str]] = set()
        self._waiting: deque[tuple[str, Node]] = deque()
        self._definitions: dict[str, Definition] = {}

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """Every definition that the datatypes made so far refer to, in the order of first use."""
        return self._definitions

    def of(self, node: Node, context: str) -> DataType:
        """Return the datatype of a schema's values.

        Args:
            node: The schema.
            context: What to call parts that need a name and have none in the document, in PascalCase.
        """
        datatype = self._datatype(node, context, 0)
        while self._waiting:
            name, waiting = self._waiting.popleft()
            self._open.add(waiting.identity)
            shape = self._schemas.of(waiting)
            made = self._of_shape(shape, name, 0)
            self._open.discard(waiting.identity)
            self._definitions[name] = Definition(made, read_notes(waiting.value))
        return datatype

    def positions(self, node: Node, context: str) -> tuple[Positions, ...]:
        """Return the forms of an array schema: one for each branch of a ``oneOf`` or ``anyOf``, else one."""
        own = self._schemas.of(node)
        if not own.choices or own.positions is not None:
            return (self._positions(own, context),)
        branches = [self._schemas.of(branch) for branch in own.choices[0]]
        shapes = [merge_shapes([replace(own, choices=()), branch]) for branch in branches]
        return tuple(self._positions(shape, f"{context}{index + 1}") for index, shape in enumerate(shapes))

    def _positions(self, shape: Shape[Node], context: str) -> Positions:
        fields = []
        for index, place in enumerate(shape.positions or ()):
            own = self.name_of(place)
            wanted = pascal(f"{context} {own}", context) if own else f"{context}{index + 1}"
            fields.append(Field(own, self.of(place, wanted), required=True, notes=self.notes_of(place)))
        rest: DataType | None = Anything()
        if shape.rest is not None:
            rest = None if is_never(shape.rest.value) else self.of(shape.rest, f"{context}Item")
        most = shape.bounds.get("maxItems")
        return Positions(
            tuple(fields), rest, int(shape.bounds.get("minItems", 0)), None if most is None else int(most)
        )

    def name_of(self, node: Node) -> str:
        """Return what the document calls a schema, as a component or by its title; ``""`` for neither."""
        return own_name(self._schemas.follow(node))

    def notes_of(self, node: Node) -> Notes:
        """Return the notes of a schema, its reference followed."""
        target = self._schemas.follow(node)
        return Notes() if target is None else read_notes(target.value)

    # -- datatypes ----------------------------------------------------------------------------

    def _datatype(self, node: Node, context: str, depth: int) -> DataType:
        target = self._schemas.follow(node)
        if target is not None and is_never(target.value):
            return Never()
        if target is None or not isinstance(target.value, dict):
            return Anything()
        known = self._known.get(target.identity)
        if known is not None:
            return known
        own = name_or_message(target)
        wanted = pascal(own, "Payload") if own and len(own) <= LONGEST_NAME else context
        # What others may refer to is written once; so is what contains itself or would nest too deep.
        if own or target.identity != node.identity or target.identity in self._open or depth > _DEEPEST:
            return self._later(target, wanted)
        self._open.add(target.identity)
        found = self._of_shape(self._schemas.of(target), context, depth)
        self._open.discard(target.identity)
        return self._known.setdefault(target.identity, found)

    def _later(self, target: Node, wanted: str) -> DataType:
        """Return a name for a schema, and define it when the datatype at hand is done."""
        name = self._names.take(wanted)
        self._known[target.identity] = Named(name)
        # The place is taken now, so that definitions stand in the order of first use.
        self._definitions[name] = Definition(Anything(), Notes())
        self._waiting.append((name, target))
        return Named(name)

    def _of_shape(self, shape: Shape[Node], context: str, depth: int) -> DataType:
        if shape.values is not None:
            values = [value for value in shape.values if shape.admits(value)]
            return Literals.of(values) if values else Never()
        if shape.choices:
            chosen = self._chosen(shape, context, depth)
            if not isinstance(chosen, Anything):
                return chosen
        types = shape.types if shape.types is not None else implied_types(shape)
        if types is None:
            return Anything()
        return one_of(self._of_type(kind, shape, context, depth) for kind in _ORDER if kind in types)

    def _chosen(self, shape: Shape[Node], context: str, depth: int) -> DataType:
        """Return one of several: alone, or each together with the keywords beside it."""
        branches = shape.choices[0]
        if len(branches) > MOST_CHOICES and shape.properties:
            return Anything()
        own = replace(shape, choices=())
        if not (shape.objects or shape.required or shape.positions):
            chosen = one_of(
                self._datatype(branch, f"{context}{index + 1}", depth + 1)
                for index, branch in enumerate(branches)
            )
            is_open = isinstance(chosen, Anything)
            beside = () if is_open else types_beside(shape, self._schemas)
            return one_of(
                (chosen, *(self._of_type(kind, own, context, depth) for kind in _ORDER if kind in beside))
            )
        options: list[DataType] = []
        for branch in branches:
            target = self._schemas.follow(branch)
            if target is None or is_never(target.value):
                continue
            merged = replace(merge_shapes([own, self._schemas.of(branch)]), choices=())
            options.append(self._of_shape(merged, context, depth + 1))
        return one_of(options)

    def _of_type(self, kind: str, shape: Shape[Node], context: str, depth: int) -> DataType:
        if kind == "null":
            return Null()
        if kind == "string":
            return Bytes() if shape.is_binary else Scalar("string")
        if kind == "integer":
            return Scalar("integer")
        if kind == "number":
            return Scalar("number")
        if kind == "boolean":
            return Scalar("boolean")
        if kind == "array":
            return self._array(shape, context, depth)
        return self._object(shape, context, depth)

    def _array(self, shape: Shape[Node], context: str, depth: int) -> DataType:
        item = f"{context}Item"
        rest = Anything() if shape.rest is None else self._datatype(shape.rest, item, depth + 1)
        if shape.positions is None:
            return List(rest)
        items = tuple(
            self._datatype(place, f"{item}{index + 1}", depth + 1)
            for index, place in enumerate(shape.positions)
        )
        return Tuple(
            items,
            min(int(shape.bounds.get("minItems", 0)), len(items)),
            None if isinstance(rest, Never) else rest,
        )

    def _object(self, shape: Shape[Node], context: str, depth: int) -> DataType:
        fields = [
            Field(
                key,
                self._datatype(schema, pascal(f"{context} {key}", context), depth + 1),
                required=key in shape.required,
                notes=self.notes_of(schema),
            )
            for key, schema in shape.properties.items()
        ]
        others = self._others(shape, context, depth)
        fields += [
            Field(key, Anything() if others is None else others, required=True)
            for key in sorted(set(shape.required) - shape.properties.keys())
        ]
        return Object(tuple(fields), others)

    def _others(self, shape: Shape[Node], context: str, depth: int) -> DataType | None:
        """Return the datatype of undeclared properties; None if no schema speaks of them."""
        patterns, others = pattern_members(shape), other_members(shape)
        if others is None and not patterns:
            return Never() if is_closed(shape) and not shape.properties else None
        if others is None and not is_closed(shape):
            return Anything()  # some by their pattern, and any other
        schemas = [*patterns, *([others] if others is not None else [])]
        return one_of(self._datatype(schema, f"{context}Value", depth + 1) for schema in schemas)
