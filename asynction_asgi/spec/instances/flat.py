"""Schemas that hold together, as one: what a value of one type must meet, alternatives chosen."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ..schemas.normalise import AT, REF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..schemas.normalise import Definitions, Schema
    from .choices import Choices

__all__ = ["DeadEndError", "Flat", "Flattener", "admits"]

# Combinators nest by references; a chain that is longer than this holds itself.
_LONGEST_CHAIN = 100
# From this try on, more options of a oneOf match than the one that was chosen.
_OTHERS_MATCH = 3
# Schemas are known by identity, so those made here live as long as the program.
_OF_TYPE: dict[str, Schema] = {one: {"type": [one]} for one in ("null", "boolean", "string")}
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HINTS = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties", "propertyNames"),
    "array": ("items", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": (*_LOWER[:2], *_UPPER[:2], "multipleOf"),
}  # fmt: skip

_CLASSES: dict[str, type] = {
    "string": str,
    "null": type(None),
    "object": dict,
    "array": list,
    "binary": bytes,
}


class DeadEndError(Exception):
    """The choices made so far admit no value; others may."""


@dataclass(slots=True)
class Flat:
    """The keywords of several schemas, all of which hold.

    Attributes:
        types: In the order of the document; None is any.
        denied: Types that are left out.
        kinds: Types that the keywords are about, for when `types` leaves it open.
        values: The only ones admitted, from ``enum`` and ``const``; None is any.
        bounds: The strictest of each of the keywords that limit from below or above.
        objects: Schemas with ``properties``, ``patternProperties`` or ``additionalProperties``.
        arrays: Schemas with ``items``.
        held: The schemas themselves, by their ids.
    """

    types: list[str] | None = None
    denied: set[str] = field(default_factory=set)
    kinds: list[str] = field(default_factory=list)
    values: list[Any] | None = None
    bounds: dict[str, float] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    arrays: list[dict[str, Any]] = field(default_factory=list)
    required: dict[str, None] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    names: list[Schema] = field(default_factory=list)
    contains: list[Schema] = field(default_factory=list)
    dependencies: list[tuple[str, Schema]] = field(default_factory=list)
    unique: bool = False
    chosen: bool = False
    held: dict[int, Schema] = field(default_factory=dict)

    def copied(self) -> Flat:
        """Another, to which more can be added."""
        return Flat(**{one.name: copy.copy(getattr(self, one.name)) for one in fields(self)})


class Flattener:
    """Makes one of many schemas; remembers those in which nothing had to be chosen."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[tuple[int, ...], Flat] = {}
        self._heights = self._measure()

    def follow(self, schema: Schema) -> Schema:
        """The schema, or the one that it stands for."""
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

    def flatten(self, schemas: Sequence[Schema], choices: Choices, *, shallow: bool) -> Flat:
        """One for all; with `shallow`, by the alternatives that end soonest.

        Raises:
            DeadEndError: they exclude one another.
        """
        key = tuple([id(one) for one in schemas])
        known = self._known.get(key)
        if known is None:
            known = Flat()
            for schema in schemas:
                self.add(known, schema, choices, shallow=shallow)
            if not known.chosen:
                self._known[key] = known
        return known

    def add(self, flat: Flat, schema: Schema, choices: Choices, *, shallow: bool, chain: int = 0) -> None:
        """Let another schema hold as well.

        Raises:
            DeadEndError: it excludes what held before.
        """
        schema = self.follow(schema)
        if schema is True:
            return
        if schema is False or chain > _LONGEST_CHAIN or not isinstance(schema, dict):
            raise DeadEndError
        if id(schema) in flat.held:  # a schema that is shared many times says nothing new
            return
        flat.held[id(schema)] = schema
        _add_keywords(flat, schema)
        inner: list[Schema] = list(schema.get("allOf", ()))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                flat.chosen = True
                option = self._option(schema[keyword], choices, shallow=shallow)
                inner.append(option)
                if keyword == "oneOf" and choices.attempt >= _OTHERS_MATCH:
                    inner += self._contradictions(schema[keyword], option, choices)
        if "if" in schema:
            flat.chosen = True
            holds = choices.chance(1, 2)
            if holds:
                inner.append(schema["if"])
            inner.append(schema.get("then" if holds else "else", True))
        for one in inner:
            self.add(flat, one, choices, shallow=shallow, chain=chain + 1)

    def _option(self, options: Sequence[Schema], choices: Choices, *, shallow: bool) -> Schema:
        if shallow:
            heights = [self.height(one) for one in options]
            lowest = min(heights)
            options = [one for one, height in zip(options, heights, strict=True) if height == lowest]
        return choices.pick(options)

    def _contradictions(
        self, options: Sequence[Schema], chosen: Schema, choices: Choices
    ) -> Iterator[Schema]:
        """Schemas of objects that miss the other options, by a property of another type."""
        for one in options:
            other = self.follow(one)
            properties = other.get("properties") if isinstance(other, dict) and one is not chosen else None
            if not properties:
                continue
            name = choices.pick(list(properties))
            wanted = self.follow(properties[name])
            types = wanted.get("type", ()) if isinstance(wanted, dict) else ()
            wrong = next((one for one in _OF_TYPE if types and one not in types), None)
            if wrong is not None:
                yield {"properties": {name: _OF_TYPE[wrong]}, "required": [name]}

    def height(self, schema: Schema) -> float:
        """How deep the shallowest value is, roughly; infinite where every value holds another."""
        if not isinstance(schema, dict):
            return 0
        if REF in schema:
            return 1 + self._heights.get(schema[REF], math.inf)
        if "enum" in schema or "const" in schema:
            return 0
        parts = [self.height(one) for one in schema.get("allOf", ())]
        parts += [
            min(self.height(one) for one in schema[keyword])
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
                own += [self.height(one) for one in (items[:least] if isinstance(items, list) else [items])]
            if types is None or len(types) == 1 or own:
                parts += [1 + one for one in own]
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


def _add_keywords(flat: Flat, schema: dict[str, Any]) -> None:
    if "type" in schema:
        flat.types = _common(flat.types, schema["type"])
    for kind, keywords in _HINTS.items():
        if any(keyword in schema for keyword in keywords):
            flat.kinds.append(kind)
    if "const" in schema:
        _restrict(flat, [schema["const"]])
    if "enum" in schema:
        _restrict(flat, schema["enum"])
    for keyword in _LOWER:
        if keyword in schema:
            flat.bounds[keyword] = max(schema[keyword], flat.bounds.get(keyword, schema[keyword]))
    for keyword in _UPPER:
        if keyword in schema:
            flat.bounds[keyword] = min(schema[keyword], flat.bounds.get(keyword, schema[keyword]))
    if "multipleOf" in schema:
        flat.steps.append(schema["multipleOf"])
    if "pattern" in schema:
        flat.patterns.append(schema["pattern"])
    if "format" in schema:
        flat.formats.append(schema["format"])
    if schema.keys() & {"properties", "patternProperties", "additionalProperties"}:
        flat.objects.append(schema)
    if "items" in schema:
        flat.arrays.append(schema)
    flat.required.update(dict.fromkeys(schema.get("required", ())))
    if "propertyNames" in schema:
        flat.names.append(schema["propertyNames"])
    if "contains" in schema:
        flat.contains.append(schema["contains"])
    flat.dependencies += schema.get("dependencies", {}).items()
    flat.unique = flat.unique or schema.get("uniqueItems", False)
    denied = schema.get("not")
    if (
        isinstance(denied, dict)
        and len(denied.get("required", ())) == 1
        and denied.keys() <= {"required", AT}
    ):
        flat.forbidden.update(denied["required"])
    if isinstance(denied, dict) and denied.keys() <= {"type", AT}:
        flat.denied.update(denied.get("type", ()))
        if "number" in flat.denied:
            flat.denied.add("integer")


def _common(known: list[str] | None, types: list[str]) -> list[str]:
    if known is None:
        return types
    both = [one for one in known if one in types or (one == "integer" and "number" in types)]
    if "number" in known and "integer" in types and "integer" not in both:
        both.append("integer")
    if not both:
        raise DeadEndError
    return both


def _restrict(flat: Flat, values: list[Any]) -> None:
    flat.values = values if flat.values is None else [one for one in flat.values if one in values]
    if not flat.values:
        raise DeadEndError


def admits(flat: Flat, value: Any) -> bool:
    """Whether a listed value meets the keywords about its type; not those about what it holds."""
    bounds = flat.bounds
    if flat.types is not None and not any(_is_of_type(value, one) for one in flat.types):
        return False
    if isinstance(value, str):
        return bounds.get("minLength", 0) <= len(value) <= bounds.get("maxLength", math.inf)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    return (
        bounds.get("minimum", -math.inf) <= value <= bounds.get("maximum", math.inf)
        and bounds.get("exclusiveMinimum", -math.inf) < value < bounds.get("exclusiveMaximum", math.inf)
    )  # fmt: skip


def _is_of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, int | float):
        return name == "number" or (name == "integer" and value == int(value))
    return name in _CLASSES and isinstance(value, _CLASSES[name])
