"""What a payload schema says about the list of arguments on the wire.

A payload describes the argument list: a tuple schema means positional arguments, anything else
exactly one. The schema decides, never the number of arguments that happened to arrive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .model import ANY, Arguments
from .references import ReferenceFault, Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Node

__all__ = ["is_multi_format", "is_supported_format", "read_arguments"]

_SUPPORTED = re.compile(
    r"""application/(?:
        vnd\.aai\.asyncapi(?:\+(?:json|yaml))?(?:;version=\S+)?
      | schema(?:\+(?:json|yaml))?;version=draft-0?7
    )""",
    re.VERBOSE,
)


def is_supported_format(name: Any) -> bool:
    """Whether a schema of this ``schemaFormat`` can be enforced; None is AsyncAPI's own."""
    return name is None or bool(_SUPPORTED.fullmatch(re.sub(r"[\s\"']", "", str(name))))


def is_multi_format(value: Any) -> bool:
    """3.x: whether this is a Multi Format Schema Object rather than a schema.

    A schema can't have ``schemaFormat``; one with nothing but ``schema`` would say nothing.
    """
    if not isinstance(value, dict) or "schema" not in value:
        return False
    return "schemaFormat" in value or all(key == "schema" or key.startswith("x-") for key in value)


def read_arguments(
    payload: Node | None,
    resolver: Resolver,
    *,
    schema_format: str | None = None,
    positional: bool | None = None,
) -> Arguments:
    """The arguments that a payload stands for.

    Args:
        payload: As written, or None where there is none.
        resolver: For the references on the way.
        schema_format: 2.x: the message's ``schemaFormat``.
        positional: ``x-positional``, which overrules the look of the schema.

    Raises:
        ReferenceFault: the schema is a reference that leads nowhere.
    """
    if payload is None:
        return ANY
    if not is_supported_format(schema_format):
        return Arguments(kind="opaque", schema=payload)
    schema = resolver.follow(payload)
    wrappers = set()
    while is_multi_format(schema.value):
        if schema.identity in wrappers:
            raise ReferenceFault(
                [schema.diagnostic("error", "REF_CYCLE", "this schema wraps nothing but itself")]
            )
        wrappers.add(schema.identity)
        if not is_supported_format(schema.value.get("schemaFormat")):
            return Arguments(kind="opaque", schema=schema.child("schema"))
        schema = resolver.follow(schema.child("schema"))
    bounds = _tuple_bounds(schema, resolver, {})
    if positional is None:
        positional = bounds is not None
    if positional:
        ranges = sorted(
            bounds or {_list_bounds(schema.value)}, key=lambda each: (each[0], each[1] is None, each[1])
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


_Range = tuple[int, int | None]
_Bounds = frozenset[_Range]


def _tuple_bounds(schema: Node, resolver: Resolver, known: dict[Any, _Bounds | None]) -> _Bounds | None:
    """Return the fewest and most arguments of each branch of a tuple schema, or None if it is not one.

    Args:
        schema: With its reference followed.
        resolver: Follows those of its branches.
        known: What was found before, since many branches may share one; None while it is looked for.
    """
    if schema.identity not in known:
        known[schema.identity] = None
        known[schema.identity] = _read_tuple_bounds(schema, resolver, known)
    return known[schema.identity]


def _read_tuple_bounds(schema: Node, resolver: Resolver, known: dict[Any, _Bounds | None]) -> _Bounds | None:
    value = schema.value
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("prefixItems"), list):
        return frozenset({_bounds(value, value["prefixItems"], value.get("items", True))})
    if isinstance(value.get("items"), list):
        return frozenset({_bounds(value, value["items"], value.get("additionalItems", True))})
    if value.get("type") == "array" and value.get("maxItems") == 0:
        return frozenset({(0, 0)})
    for keyword in ("oneOf", "anyOf"):
        if isinstance(value.get(keyword), list) and value[keyword]:
            branches: set[_Range] = set()
            for branch in schema.child(keyword).elements():
                try:
                    found = _tuple_bounds(resolver.follow(branch), resolver, known)
                except ReferenceFault:
                    found = None
                if found is None:
                    return None
                branches |= found
            return frozenset(branches)
    return None


def _bounds(value: Mapping[str, Any], items: list[Any], rest: Any) -> _Range:
    minimum, maximum = _list_bounds(value)
    if rest in (False, {"not": {}}, {"not": True}):
        maximum = len(items) if maximum is None else min(maximum, len(items))
    return minimum, maximum


def _list_bounds(value: Any) -> _Range:
    """``minItems`` and ``maxItems``, as far as they are counts."""
    minimum, maximum = (
        (value.get("minItems"), value.get("maxItems")) if isinstance(value, dict) else (None, None)
    )
    return (
        minimum if isinstance(minimum, int) else 0,
        maximum if isinstance(maximum, int) else None,
    )
