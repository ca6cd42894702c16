"""Values at the edges of schemas: each bound exactly, each value of an enum, each branch, each member left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..schemas import Mismatch
from .build import Build
from .choices import Choices
from .failures import Failures
from .selection import DeadEndError
from .texts import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..schemas.definitions import Schema
    from .generator import Instances

_LONG_TEXT = "a" * 300
_LONGEST = 2000  # characters, of a text at its bound
_MOST_ITEMS = 50
_ITEMS = 3  # of a list that are looked into
_DEEPEST = 8
_EXCLUSIVE = (("exclusiveMinimum", 1), ("exclusiveMaximum", -1))


class Edges:
    """Makes values that differ from one value at one place, by what the schemas of this place say.

    Many of them are not accepted by the whole schema: check them. What was made at a place before is not
    made there again.

    Args:
        instances: Makes parts that a value lacks.
    """

    UNDECLARED: ClassVar[str] = "undeclaredMember"

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._seen: set[tuple[Any, ...]] = set()

    def of(self, value: Any, schemas: Sequence[Schema]) -> Iterator[Any]:
        """Yield the values near `value`, which all of `schemas` accept."""
        return self._near(value, schemas, (), 0)

    def _near(
        self,
        value: Any,
        schemas: Sequence[Schema],
        place: tuple[Any, ...],
        depth: int,
        *,
        branches: bool = True,
    ) -> Iterator[Any]:
        known = self._applicable(schemas)
        if depth > _DEEPEST:
            return
        for literal in self._literals(value, known):
            if self._is_new((*place, type(literal).__name__, repr(literal))):
                yield literal
        for branch in (branch for schema in known if branches for branch in _branches(schema)):
            if self._is_new((*place, "branch", id(branch))):
                for other in self._made(branch):
                    yield other
                    yield from self._near(other, schemas, (*place, id(branch)), depth + 1, branches=False)
        if isinstance(value, dict):
            yield from self._near_object(value, known, place, depth)
        elif isinstance(value, list):
            yield from self._near_list(value, known, place, depth)

    def _near_object(
        self, value: dict[str, Any], known: Sequence[dict[str, Any]], place: tuple[Any, ...], depth: int
    ) -> Iterator[Any]:
        declared = {name for schema in known for name in schema.get("properties", ())}
        # Members mean different things in different branches, which constants tell apart.
        tag = tuple(
            (name, member)
            for name, member in value.items()
            if isinstance(member, str) and any(_is_tag(schema, name) for schema in known)
        )
        for name, member in value.items():
            if self._is_new((*place, tag, name, "left out")):
                yield {key: other for key, other in value.items() if key != name}
            inner = list(_of_member(known, name))
            for edge in self._near(
                member, inner, (*place, tag, name if name in declared else "…"), depth + 1
            ):
                yield {**value, name: edge}
        for name in sorted(declared - value.keys()):
            if self._is_new((*place, tag, name, "put in")):
                inner = list(_of_member(known, name))
                for made in self._made(*inner):
                    yield {**value, name: made}
                    for edge in self._near(made, inner, (*place, tag, name), depth + 1):
                        yield {**value, name: edge}
        if self._is_new((*place, tag, "undeclared")):
            yield {**value, self.UNDECLARED: "undeclared"}

    def _near_list(
        self, value: list[Any], known: Sequence[dict[str, Any]], place: tuple[Any, ...], depth: int
    ) -> Iterator[Any]:
        counts = [schema[word] for schema in known for word in ("minItems", "maxItems") if word in schema]
        for count in (0, 1, 2, *counts):
            if count <= _MOST_ITEMS and self._is_new((*place, "items", count)):
                yield [*value[:count], *([value[-1]] * (count - len(value)) if value else ())]
        for index, item in enumerate(value[:_ITEMS]):
            inner = list(_of_item(known, index))
            at = index if any(isinstance(schema.get("items"), list) for schema in known) else "items"
            for edge in self._near(item, inner, (*place, at), depth + 1):
                yield [*value[:index], edge, *value[index + 1 :]]

    def _literals(self, value: Any, known: Sequence[dict[str, Any]]) -> Iterator[Any]:
        for schema in known:
            yield from schema.get("enum", ())
            if "const" in schema:
                yield schema["const"]
            if "null" in schema.get("type", ()):
                yield None
        types = {name for schema in known for name in schema.get("type", ())}
        if isinstance(value, bool) or "boolean" in types:
            yield from (False, True)
        if types & {"integer", "number"} or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield from _numbers(known)
        if isinstance(value, str) or "string" in types:
            lengths = [
                schema[word] for schema in known for word in ("minLength", "maxLength") if word in schema
            ]
            yield from ("a" * length for length in lengths if length <= _LONGEST)
            yield from ("", "a", _LONG_TEXT)

    def _made(self, *schemas: Schema) -> Iterator[Any]:
        """Yield a value of the schemas, if one is found without search."""
        choices = Choices.seeded(0)
        for attempt in range(4):
            choices.attempt = attempt
            try:
                yield Build(self._instances, choices, Failures()).value(schemas or (True,))
            except (DeadEndError, Mismatch, RecursionError):
                continue
            return

    def _applicable(self, schemas: Iterable[Schema]) -> list[dict[str, Any]]:
        """Return the schemas of a place with those within them that may hold for the same value."""
        found: dict[int, dict[str, Any]] = {}
        waiting = list(schemas)[::-1]
        while waiting:
            try:
                schema = self._instances.selector.follow(waiting.pop())
            except DeadEndError:
                continue
            if not isinstance(schema, dict) or id(schema) in found:
                continue
            found[id(schema)] = schema
            waiting += [
                *schema.get("allOf", ()),
                *_branches(schema),
                *(schema[word] for word in ("if", "then", "else") if word in schema),
            ]
        return list(found.values())

    def _is_new(self, key: tuple[Any, ...]) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _numbers(known: Sequence[dict[str, Any]]) -> Iterator[Any]:
    bounds = [
        schema[word] for schema in known for word in ("minimum", "maximum", "multipleOf") if word in schema
    ]
    for schema in known:
        for word, step in _EXCLUSIVE:
            if word in schema:
                bounds.append(schema[word] + step)
                yield math.nextafter(schema[word], math.inf * step)
    yield from bounds
    # Some languages write a fraction of zero with whole numbers, and it is an integer to the contract.
    yield from (float(bound) for bound in (*bounds, 1) if isinstance(bound, int))
    yield from (0, -1, 1, 0.5, -0.5, 2**31, 2**53 - 1)


def _branches(schema: dict[str, Any]) -> Iterator[Schema]:
    for word in ("anyOf", "oneOf"):
        yield from schema.get(word, ())


def _is_tag(schema: dict[str, Any], name: str) -> bool:
    declared = schema.get("properties", {}).get(name)
    return isinstance(declared, dict) and ("const" in declared or "enum" in declared)


def _of_member(known: Sequence[dict[str, Any]], name: str) -> Iterator[Schema]:
    for schema in known:
        declared = schema.get("properties", {})
        found = [declared[name]] if name in declared else []
        patterns = schema.get("patternProperties", {})
        found += [inner for pattern, inner in patterns.items() if matches(pattern, name)]
        yield from found or ([schema["additionalProperties"]] if "additionalProperties" in schema else [])


def _of_item(known: Sequence[dict[str, Any]], index: int) -> Iterator[Schema]:
    for schema in known:
        items = schema.get("items", True)
        if not isinstance(items, list):
            yield items
        elif index < len(items):
            yield items[index]
        else:
            yield schema.get("additionalItems", True)
