"""Schemas that hold together, as one shape, with their alternatives chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.definitions import AT, REF
from ..schemas.shape import Shape, merge_shapes
from ..schemas.shape_reader import read_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..schemas.definitions import Definitions, Schema
    from .choices import Choices

    # A schema, which lives as long as its id is in use, and its shape.
    Part = tuple[Schema, Shape[Schema]]

# Combinators nest by references; a chain that is longer than this holds itself.
_LONGEST_CHAIN = 100
# From this try on, more options of a oneOf match than the one that was chosen.
_OTHERS_MATCH = 3
# Schemas are known by identity, so those made here live as long as the program.
_OF_TYPE: dict[str, Schema] = {name: {"type": [name]} for name in ("null", "boolean", "string")}


class DeadEndError(Exception):
    """The choices made so far admit no value; others may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Schemas all of which hold, with the alternatives that were chosen among them.

    Attributes:
        shape: What they say together.
        parts: The schemas and their shapes, by the schemas' ids.
        is_chosen: Whether there were alternatives.
    """

    shape: Shape[Schema]
    parts: Mapping[int, Part]
    is_chosen: bool


class Selector:
    """Chooses among the alternatives of schemas; remembers schemas in which nothing had to be chosen."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[tuple[int, ...], Selection] = {}
        self._read: dict[int, Part] = {}
        self._heights = self._measure()

    def follow(self, schema: Schema) -> Schema:
        """Return the schema, or the one that it stands for."""
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(schema, dict):
                return schema
            if REF in schema:
                schema = self._definitions[schema[REF]]
            elif len(schema.get("allOf", ())) == 1 and schema.keys() <= {"allOf", AT}:
                schema = schema["allOf"][0]  # how a reference is given a description
            else:
                return schema
        raise DeadEndError

    def select(self, schemas: Sequence[Schema], choices: Choices, *, shallow: bool) -> Selection:
        """Let all of the schemas hold; with `shallow`, by the alternatives that end soonest.

        Raises:
            DeadEndError: The schemas exclude one another.
        """
        key = tuple([id(schema) for schema in schemas])
        known = self._known.get(key)
        if known is None:
            known = self._collect({}, schemas, choices, shallow=shallow)
            if not known.is_chosen:
                self._known[key] = known
        return known

    def extend(self, selection: Selection, schema: Schema, choices: Choices) -> Selection:
        """Let another schema hold as well.

        Raises:
            DeadEndError: The schema excludes what held before.
        """
        return self._collect(dict(selection.parts), [schema], choices, shallow=False)

    def _collect(
        self,
        parts: dict[int, Part],
        schemas: Sequence[Schema],
        choices: Choices,
        *,
        shallow: bool,
    ) -> Selection:
        is_chosen = False
        waiting = [(schema, 0) for schema in schemas][::-1]
        while waiting:
            schema, chain = waiting.pop()
            schema = self.follow(schema)
            if schema is True:
                continue
            if not isinstance(schema, dict) or chain > _LONGEST_CHAIN:
                raise DeadEndError
            if id(schema) in parts:  # a schema that is shared many times says nothing new
                continue
            parts[id(schema)] = self._part(schema)
            chosen = list(self._chosen(schema, choices, shallow=shallow))
            is_chosen = is_chosen or bool(chosen)
            waiting += [(inner, chain + 1) for inner in (*schema.get("allOf", ()), *chosen)][::-1]
        shape = merge_shapes([shape for _, shape in parts.values()]) if parts else Shape()
        if shape.types == () or shape.values == ():
            raise DeadEndError
        return Selection(shape=shape, parts=parts, is_chosen=is_chosen)

    def _part(self, schema: dict[str, Any]) -> Part:
        known = self._read.get(id(schema))
        if known is None:
            known = schema, read_shape(schema)
            if AT in schema:  # of a document, not made for one value
                self._read[id(schema)] = known
        return known

    def _chosen(self, schema: dict[str, Any], choices: Choices, *, shallow: bool) -> Iterator[Schema]:
        """Yield the alternatives that are to hold with a schema."""
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                option = self._option(schema[keyword], choices, shallow=shallow)
                yield option
                if keyword == "oneOf" and choices.attempt >= _OTHERS_MATCH:
                    yield from self._contradictions(schema[keyword], option, choices)
        if "if" in schema:
            holds = choices.chance(1, 2)
            if holds:
                yield schema["if"]
            yield schema.get("then" if holds else "else", True)

    def _option(self, options: Sequence[Schema], choices: Choices, *, shallow: bool) -> Schema:
        if shallow:
            heights = [self.height(option) for option in options]
            lowest = min(heights)
            options = [option for option, height in zip(options, heights, strict=True) if height == lowest]
        return choices.pick(options)

    def _contradictions(
        self, options: Sequence[Schema], chosen: Schema, choices: Choices
    ) -> Iterator[Schema]:
        """Yield schemas of objects that miss the other options, by a property of another type."""
        for option in options:
            other = self.follow(option)
            properties = other.get("properties") if isinstance(other, dict) and option is not chosen else None
            if not properties:
                continue
            name = choices.pick(list(properties))
            wanted = self.follow(properties[name])
            types = wanted.get("type", ()) if isinstance(wanted, dict) else ()
            wrong = next((name for name in _OF_TYPE if types and name not in types), None)
            if wrong is not None:
                yield {"properties": {name: _OF_TYPE[wrong]}, "required": [name]}

    def height(self, schema: Schema) -> float:
        """Return roughly how deep the shallowest value is; infinite if every value holds another."""
        if not isinstance(schema, dict):
            return 0
        if REF in schema:
            return 1 + self._heights.get(schema[REF], math.inf)
        if "enum" in schema or "const" in schema:
            return 0
        parts = [self.height(branch) for branch in schema.get("allOf", ())]
        parts += [
            min(self.height(branch) for branch in schema[keyword])
            for keyword in ("anyOf", "oneOf")
            if keyword in schema
        ]
        types = schema.get("type")
        if types is None or set(types) <= {"object", "array"}:
            properties, items = schema.get("properties", {}), schema.get("items", True)
            own = [
                self.height(properties.get(name, schema.get("additionalProperties", True)))
                for name in schema.get("required", ())
            ]
            least = schema.get("minItems", 0)
            if types != ["object"] and least:
                own += [self.height(item) for item in (items[:least] if isinstance(items, list) else [items])]
            if types is None or len(types) == 1 or own:
                parts += [1 + height for height in own]
        return max(parts, default=0)

    def _measure(self) -> dict[str, float]:
        self._heights = {}
        changed = True
        while changed:
            changed = False
            for name, schema in self._definitions.items():
                height = self.height(schema)
                if height < self._heights.get(name, math.inf):
                    self._heights[name] = height
                    changed = True
        return self._heights
