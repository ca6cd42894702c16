"""Every place in the values of a schema, with each schema that says something of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.children import children
from ..schemas.definitions import AT
from .choices import Choices
from .selection import DeadEndError
from .texts import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..schemas.children import Child
    from ..schemas.definitions import Schema
    from .paths import Path

    Hold = Callable[[Schema], Schema]

_DEEPEST = 8  # steps from the root
_MOST = 400
# Keywords whose schemas hold at the same place, where the value is made for it.
_APPLYING = frozenset({"allOf", "anyOf", "oneOf", "then", "else", "dependencies"})
_OTHER = "other"  # the name of a member of which only ``additionalProperties`` speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place, and one of the schemas that hold there.

    Attributes:
        path: From the root to the place.
        schema: It has keywords of its own.
        hold: Makes of a schema for the place one for the root: of roots that have the place, where this
            schema holds. True stands for no further demand.
    """

    path: Path
    schema: dict[str, Any]
    hold: Hold


def with_member(name: str, schema: Schema) -> dict[str, Any]:
    """Return a schema of objects that have a member of that name, for which a schema holds."""
    return {"type": ["object"], "properties": {name: schema}, "required": [name]}


def with_item(index: int, schema: Schema) -> dict[str, Any]:
    """Return a schema of arrays that have an item at that index, for which a schema holds."""
    before: list[Schema] = [True] * index
    return {"type": ["array"], "items": [*before, schema], "minItems": index + 1}


def sites_of(root: Schema, follow: Callable[[Schema], Schema]) -> Iterator[Site]:
    """Yield the places of a schema's values from the outside inward, at most 400, those of recursion once.

    Args:
        root: Of the values.
        follow: Resolves a schema that only refers to another.
    """
    waiting: deque[tuple[Path, Schema, Hold, frozenset[int]]] = deque([((), root, _itself, frozenset())])
    seen: set[tuple[Path, int]] = set()
    while waiting and len(seen) < _MOST:
        path, schema, hold, above = waiting.popleft()
        try:
            schema = follow(schema)
        except DeadEndError:
            continue
        if not isinstance(schema, dict) or (path, id(schema)) in seen or id(schema) in above:
            continue
        seen.add((path, id(schema)))
        if schema.keys() - {AT}:
            yield Site(path=path, schema=schema, hold=hold)
        above |= {id(schema)}
        for child in children(schema):
            step, inner_hold = _below(schema, child)
            if inner_hold is not None and len(path) + len(step) <= _DEEPEST:
                waiting.append((path + step, child.schema, _composed(hold, inner_hold), above))


def _itself(schema: Schema) -> Schema:
    return schema


def _composed(outer: Hold, inner: Hold) -> Hold:
    return lambda schema: outer(inner(schema))


def _below(schema: dict[str, Any], child: Child[Any]) -> tuple[Path, Hold | None]:
    """Return the steps to the place of a schema within another, and what makes a value have it.

    The latter is None for a schema that speaks of no single place.
    """
    key = child.key
    if child.kind == "same":
        return (), _in_place(schema, child)
    if child.kind in ("member", "matched", "others"):
        name = str(key) if child.kind == "member" else _name(schema, key)
        return (name,), lambda inner: with_member(name, inner)
    if child.kind in ("item", "items", "rest"):
        positions = schema.get("items")
        index = key if isinstance(key, int) else len(positions) if isinstance(positions, list) else 0
        return (index,), lambda inner: with_item(index, inner)
    return (), None


def _in_place(schema: dict[str, Any], child: Child[Any]) -> Hold | None:
    if child.keyword not in _APPLYING:
        return None
    demands: list[Schema] = [child.schema]
    if child.keyword == "then":
        demands.append(schema["if"])
    elif child.keyword == "dependencies":
        demands.append(with_member(str(child.key), True))
    elif child.keyword == "allOf":
        demands = []  # it holds anyway
    return lambda inner: {"allOf": [*demands, inner]} if demands else inner


def _name(schema: dict[str, Any], pattern: str | int | None) -> str:
    """Return a name that a pattern matches, or one that is not declared."""
    if isinstance(pattern, str):
        return matching(pattern, Choices.simplest(), 3)
    declared = schema.get("properties", ())
    return next(
        name for number in range(len(declared) + 1) if (name := f"{_OTHER}{number or ''}") not in declared
    )
