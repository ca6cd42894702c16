"""What a payload schema says about the list of arguments on the wire.

A payload describes the argument list: a tuple schema means positional arguments, anything else
exactly one. The schema decides, never the number of arguments that happened to arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import ANY, Arguments
from ..schemas.multi_format import is_multi_format, read_format
from ..schemas.resources import resources_of
from ..schemas.shape_reader import is_never, read_elements
from ..text.reference_faults import ReferenceFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..schemas.multi_format import SchemaFormat
    from ..text.document import Node
    from ..text.references import Resolver


def read_arguments(
    payload: Node | None,
    resolver: Resolver,
    *,
    schema_format: str | None = None,
    positional: bool | None = None,
) -> Arguments:
    """Return the arguments that a payload stands for.

    Args:
        payload: As written, or None if it is missing.
        resolver: For the references on the way.
        schema_format: 2.x: the message's ``schemaFormat``.
        positional: ``x-positional``, which overrules the look of the schema.

    Raises:
        ReferenceFault: The schema is a reference that leads nowhere.
    """
    if payload is None:
        return ANY
    read = read_format(schema_format)
    if read.dialect is None:
        return Arguments(kind="opaque", schema=payload)
    schema = _follow(payload, resolver, read)
    wrappers = set()
    while is_multi_format(schema.value):
        if schema.identity in wrappers:
            raise ReferenceFault(
                [schema.diagnostic("error", "REF_CYCLE", "this schema wraps nothing but itself")]
            )
        wrappers.add(schema.identity)
        read = read_format(schema.value.get("schemaFormat"))
        if read.dialect is None:
            return Arguments(kind="opaque", schema=schema.child("schema"))
        schema = _follow(schema.child("schema"), resolver, read)
    bounds = _tuple_bounds(schema, resolver)
    if positional is None:
        positional = bounds is not None
    if positional:
        ranges = sorted(
            bounds or {_list_bounds(schema.value)},
            key=lambda span: (span[0], span[1] is None, span[1]),
        )
        most = [high for _, high in ranges]
        return Arguments(
            kind="positional",
            minimum=ranges[0][0],
            maximum=None if None in most else max(high for high in most if high is not None),
            ranges=tuple(ranges),
            schema=schema,
        )
    return Arguments(kind="single", minimum=1, maximum=1, schema=schema)


def _follow(schema: Node, resolver: Resolver, read: SchemaFormat) -> Node:
    """Follow a reference as its dialect has it, which is news only of a schema that traits have changed."""
    if resolver.places is not None and not is_multi_format(schema.value):
        resources_of([schema], resolver, read.declared)
    return resolver.follow(schema)


_Range = tuple[int, int | None]
_Bounds = frozenset[_Range]


def _tuple_bounds(schema: Node, resolver: Resolver) -> _Bounds | None:
    """Return the fewest and most arguments of each branch of a tuple schema, or None if it is not one.

    Each alternative is read once, however many share it; one that leads back to itself is not a tuple.
    """
    known: dict[Any, _Bounds | None] = {}
    opened: set[Any] = set()
    waiting = [schema]
    while waiting:
        node = waiting[-1]
        branches = None if node.identity in known else _branches(node, resolver)
        if node.identity in known:
            waiting.pop()
        elif branches is None:
            known[waiting.pop().identity] = _own_bounds(node.value)
        elif node.identity in opened:
            known[waiting.pop().identity] = _union([known.get(branch.identity) for branch in branches])
        else:
            opened.add(node.identity)
            waiting += [branch for branch in branches if branch.identity not in opened]
    return known[schema.identity]


def _branches(schema: Node, resolver: Resolver) -> list[Node] | None:
    """Return the alternatives that may make a schema a tuple, with references followed, or None."""
    value = schema.value
    if not isinstance(value, dict) or _own_bounds(value) is not None:
        return None
    for keyword in ("oneOf", "anyOf"):
        if isinstance(value.get(keyword), list) and value[keyword]:
            try:
                return [resolver.follow(branch) for branch in schema.child(keyword).elements()]
            except ReferenceFault:
                return None
    return None


def _own_bounds(value: Any) -> _Bounds | None:
    """Return the bounds of a schema that is a tuple by itself, or None."""
    if not isinstance(value, dict):
        return None
    elements = read_elements(value)
    if elements is not None and elements.positions is not None:
        return frozenset({_bounds(value, elements.positions, elements.rest)})
    if value.get("type") == "array" and value.get("maxItems") == 0:
        return frozenset({(0, 0)})
    return None


def _union(bounds: list[_Bounds | None]) -> _Bounds | None:
    """Return the bounds of all alternatives, or None if one of them is not a tuple."""
    found = [ranges for ranges in bounds if ranges is not None]
    return frozenset().union(*found) if len(found) == len(bounds) else None


def _bounds(value: Mapping[str, Any], items: Sequence[Any], rest: Any) -> _Range:
    minimum, maximum = _list_bounds(value)
    if is_never(rest):
        maximum = len(items) if maximum is None else min(maximum, len(items))
    return minimum, maximum


def _list_bounds(value: Any) -> _Range:
    """Return ``minItems`` and ``maxItems``, as far as they are counts."""
    minimum, maximum = (
        (value.get("minItems"), value.get("maxItems")) if isinstance(value, dict) else (None, None)
    )
    return _count(minimum) or 0, _count(maximum)


def _count(value: Any) -> int | None:
    """Return a number that is a count, which JSON may write as ``2.0``, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None
