"""Which branches of ``oneOf`` or ``anyOf`` a value can still match, from its type or from one property.

What is found here is implied by the schemas, so that leaving out the other branches changes no
verdict: a branch is left out only for values that it could never accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .normalise import REF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .normalise import Definitions, Schema

__all__ = ["KINDS", "Case", "plan_dispatch", "tag_values"]

# "other" are values that JSON doesn't have; only a schema without a type accepts them.
KINDS = frozenset({"null", "boolean", "number", "string", "array", "object", "binary", "other"})


@dataclass(frozen=True, slots=True)
class Case:
    """The branches left for some kinds of value.

    Attributes:
        kinds: Of the value.
        branches: Those that may accept it.
        tag: Objects only: a property that every branch requires, each with other values.
        values: The tag's values, branch by branch.
    """

    kinds: frozenset[str]
    branches: tuple[Schema, ...]
    tag: str | None = None
    values: tuple[tuple[str, ...], ...] = ()


def plan_dispatch(schemas: Sequence[Schema], kinds: frozenset[str], definitions: Definitions) -> list[Case]:
    """Cases that cover `kinds`; where there are several, the last holds the kinds without a test."""
    admitted = [_kinds(schema, definitions, frozenset()) for schema in schemas]
    groups: dict[tuple[int, ...], set[str]] = {}
    for kind in sorted(kinds):
        candidates = tuple(index for index, admits in enumerate(admitted) if kind in admits)
        groups.setdefault(candidates, set()).add(kind)
    cases = [
        _case(frozenset(group), tuple(schemas[index] for index in candidates), definitions)
        for candidates, group in groups.items()
    ]
    return sorted(cases, key=lambda case: ("other" in case.kinds, not case.branches))


def _case(kinds: frozenset[str], branches: tuple[Schema, ...], definitions: Definitions) -> Case:
    if kinds == {"object"} and len(branches) > 1:
        found = tag_values(branches, definitions)
        if found is not None:
            return Case(kinds, branches, *found)
    return Case(kinds, branches)


def tag_values(
    branches: Sequence[Schema], definitions: Definitions
) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
    """A property whose value names the branch, with each branch's values; None where there is none."""
    pins = [_pinned(branch, definitions, frozenset()) for branch in branches]
    required = [_required(branch, definitions, frozenset()) for branch in branches]
    for tag in pins[0]:
        if not all(tag in pin and tag in names for pin, names in zip(pins, required, strict=True)):
            continue
        values = [tuple(sorted(pin[tag])) for pin in pins]
        every = [value for one in values for value in one]
        if all(values) and len(set(every)) == len(every):
            return tag, tuple(values)
    return None


def _parts(
    schema: Schema, definitions: Definitions, seen: frozenset[str]
) -> list[tuple[dict[str, Any], frozenset[str]]]:
    """The schemas that all apply to a value of `schema`: itself, its reference's target, its allOf."""
    if isinstance(schema, bool):
        return []
    if REF in schema:
        name = schema[REF]
        if name in seen:
            return []
        return _parts(definitions[name], definitions, seen | {name})
    parts = [(schema, seen)]
    for inner in schema.get("allOf", ()):
        parts += _parts(inner, definitions, seen)
    return parts


def _kinds(schema: Schema, definitions: Definitions, seen: frozenset[str]) -> frozenset[str]:
    """Every kind of value that could match; more than could is safe, fewer is not."""
    if schema is False:
        return frozenset()
    kinds = KINDS
    for part, beyond in _parts(schema, definitions, seen):
        if "type" in part:
            kinds &= {"number" if one == "integer" else one for one in part["type"]}
        for key in ("enum", "const"):
            if key in part:
                kinds &= {_kind(value) for value in (part[key] if key == "enum" else [part[key]])}
        for key in ("anyOf", "oneOf"):
            if key in part:
                kinds &= frozenset[str]().union(*(_kinds(one, definitions, beyond) for one in part[key]))
    return kinds


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _required(schema: Schema, definitions: Definitions, seen: frozenset[str]) -> set[str]:
    return {name for part, _ in _parts(schema, definitions, seen) for name in part.get("required", ())}


def _pinned(schema: Schema, definitions: Definitions, seen: frozenset[str]) -> dict[str, frozenset[str]]:
    """Properties that can hold nothing but some strings."""
    pins: dict[str, frozenset[str]] = {}
    for part, beyond in _parts(schema, definitions, seen):
        for name, inner in part.get("properties", {}).items():
            values = _strings(inner, definitions, beyond)
            if values is not None:
                pins[name] = values & pins.get(name, values)
    return pins


def _strings(schema: Schema, definitions: Definitions, seen: frozenset[str]) -> frozenset[str] | None:
    for part, _ in _parts(schema, definitions, seen):
        for key in ("const", "enum"):
            if key in part:
                values = [part[key]] if key == "const" else part[key]
                if all(isinstance(value, str) for value in values):
                    return frozenset(values)
    return None
