"""Which schemas can make a byte of a value cost more than a microsecond, and what to do about it.

Time stays linear; only the constant grows, and the author can reduce it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import inner_schemas
from .cost import Costs
from .definitions import AT, REF
from .overlaps import find_overlaps
from .upper_bounds import UpperBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..text.document import Node
    from .definitions import Definitions, Schema

# Without any of them, a schema has few keywords, each at a bounded cost.
_MARKS = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "dependencies", "patternProperties", "contains"})
_MANY = 16
_REMEDY = "give each alternative a type of its own, or require a property with a const"


def find_slow(
    definitions: Definitions, find_risky: Callable[[], frozenset[str]]
) -> Iterator[tuple[Node, str]]:
    """Yield every keyword under which too much is checked for one place, and what to do about it.

    Args:
        definitions: All definitions, by name.
        find_risky: Returns the names of those that keep a memo of values; called if a schema is in doubt.
    """
    bounds = UpperBounds(definitions)
    schemas: list[dict[str, Any]] = []
    names = []
    for name, definition in definitions.items():
        marked = [schema for schema in _within(definition) if _is_marked(schema)]
        doubtful = [schema for schema in marked if not bounds.is_cheap(schema)]
        if doubtful:
            schemas += doubtful
            names.append(name)
    if not schemas:
        return
    risky = find_risky()
    costs = Costs(definitions, names, risky)
    for schema in schemas:
        applied = (*costs.certain(schema), *schema.get("anyOf", ()), *schema.get("oneOf", ()))
        if costs.is_slow(schema) and not any(map(costs.is_slow, applied)):
            yield _reason(schema, costs)
    for schema in find_overlaps(schemas, costs, risky):
        message = (
            f"items or members are checked once for each of many alternatives or schemas here; {_REMEDY}"
        )
        yield schema[AT], message


def _is_marked(schema: dict[str, Any]) -> bool:
    return not _MARKS.isdisjoint(schema) or ("pattern" in schema and "format" in schema)


def _reason(schema: dict[str, Any], costs: Costs) -> tuple[Node, str]:
    for keyword in ("anyOf", "oneOf"):
        undecided = [len(case.branches) for case in costs.cases(schema.get(keyword, [])) if case.tag is None]
        count = max(undecided, default=0)
        if count > _MANY:
            message = (
                f"a value may be tried against {count} alternatives, one after the other, which takes long "
                f"for many values; {_REMEDY}"
            )
            return schema[AT].child(keyword), message
    count = len(schema.get("patternProperties", ()))
    if count > _MANY:
        message = f"each name is matched against {count} patterns, which takes long for many names; use fewer"
        return schema[AT].child("patternProperties"), message
    message = (
        "so much is checked at one place that a value can take more than a microsecond per byte; use fewer schemas in "
        "allOf, anyOf, oneOf, not and if, or simpler patterns"
    )
    return schema[AT], message


def _within(schema: Schema) -> Iterator[dict[str, Any]]:
    """Yield a schema and those within it, but for references and booleans."""
    if isinstance(schema, dict) and REF not in schema:
        yield schema
        for inner in inner_schemas(schema):
            yield from _within(inner)
