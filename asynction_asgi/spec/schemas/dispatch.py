"""Which branches of ``oneOf`` or ``anyOf`` a value can still match, from its type or from one property.

What is found here is implied by the schemas, so that leaving out the other branches changes no
verdict: a branch is left out only for values that it could never accept. References are followed
without a guard, as schemas that refer to themselves in place have been refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .definitions import REF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .definitions import Definitions, Schema

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


def plan_dispatch(
    schemas: Sequence[Schema],
    kinds: frozenset[str],
    definitions: Definitions,
    known: dict[int, frozenset[str]] | None = None,
) -> list[Case]:
    """Return cases that cover `kinds`; if there are several, the last holds the kinds without a test.

    Args:
        schemas: The branches.
        kinds: What the value can be.
        definitions: What references lead to.
        known: What `kinds_of` has found before.
    """
    known = {} if known is None else known
    admitted = [kinds_of(schema, definitions, known) for schema in schemas]
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
    """Return a property whose value names the branch and each branch's values, or None if there is none."""
    pins = [_pinned(branch, definitions) for branch in branches]
    required = [_required(branch, definitions) for branch in branches]
    for tag in pins[0]:
        if not all(tag in pin and tag in names for pin, names in zip(pins, required, strict=True)):
            continue
        values = [tuple(sorted(pin[tag])) for pin in pins]
        every = [value for listed in values for value in listed]
        if all(values) and len(set(every)) == len(every):
            return tag, tuple(values)
    return None


def _parts(schema: Schema, definitions: Definitions) -> list[dict[str, Any]]:
    """Return all schemas that apply to a value: the schema, a reference's target, its allOf; each once."""
    found: dict[int, dict[str, Any]] = {}
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and REF in part:
            part = definitions[part[REF]]
        if isinstance(part, dict) and id(part) not in found:
            found[id(part)] = part
            waiting += reversed(part.get("allOf", ()))
    return list(found.values())


def kinds_of(schema: Schema, definitions: Definitions, known: dict[int, frozenset[str]]) -> frozenset[str]:
    """Return every kind of value that may match; too many are safe, too few are not.

    Args:
        schema: The schema.
        definitions: What references lead to.
        known: The answers so far, by the identity of schemas.
    """
    if schema is False:
        return frozenset()
    parts = _parts(schema, definitions)
    waiting = list(parts)  # a stack of our own: schemas may refer to one another further than Python recurses
    while waiting:
        part = waiting[-1]
        unknown = [] if id(part) in known else _unknown(part, definitions, known)
        if unknown:
            waiting += unknown
            continue
        if id(part) not in known:
            known[id(part)] = _own_kinds(part, definitions, known)
        waiting.pop()
    return KINDS.intersection(*(known[id(part)] for part in parts))


def _unknown(
    part: dict[str, Any], definitions: Definitions, known: dict[int, frozenset[str]]
) -> list[dict[str, Any]]:
    """Return the schemas that the kinds of `part` depend on and that are not known yet."""
    branches = [branch for key in ("anyOf", "oneOf") for branch in part.get(key, ())]
    return [inner for branch in branches for inner in _parts(branch, definitions) if id(inner) not in known]


def _own_kinds(
    part: dict[str, Any], definitions: Definitions, known: dict[int, frozenset[str]]
) -> frozenset[str]:
    """Return the kinds that a schema's keywords admit, leaving out its allOf."""
    kinds = KINDS
    if "type" in part:
        kinds &= {"number" if kind == "integer" else kind for kind in part["type"]}
    if "enum" in part:
        kinds &= {_kind(value) for value in part["enum"]}
    if "const" in part:
        kinds &= {_kind(part["const"])}
    for key in ("anyOf", "oneOf"):
        if key in part:
            kinds &= frozenset[str]().union(*(kinds_of(branch, definitions, known) for branch in part[key]))
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


def _required(schema: Schema, definitions: Definitions) -> set[str]:
    return {name for part in _parts(schema, definitions) for name in part.get("required", ())}


def _pinned(schema: Schema, definitions: Definitions) -> dict[str, frozenset[str]]:
    """Return the properties that can hold only certain strings, with the strings."""
    pins: dict[str, frozenset[str]] = {}
    for part in _parts(schema, definitions):
        for name, inner in part.get("properties", {}).items():
            values = _strings(inner, definitions)
            if values is not None:
                pins[name] = values & pins.get(name, values)
    return pins


def _strings(schema: Schema, definitions: Definitions) -> frozenset[str] | None:
    for part in _parts(schema, definitions):
        values = part.get("enum", [part["const"]] if "const" in part else None)
        if values is not None and all(isinstance(value, str) for value in values):
            return frozenset(values)
    return None
