"""``unevaluatedProperties`` and ``unevaluatedItems``: what other keywords look at is found at start-up.

A claim says which members or items a schema at the same place looks at. One that always holds becomes part
of a plain schema. One that depends on whether another schema accepts the value is kept beside the keyword,
as ``{if: that schema, then: the claim}``, where every schema within the claim is true.

Source: JSON Schema 2020-12 (core), section 11; 2019-09 (core), section 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .children import ITEM_CLAIMS, MEMBER_CLAIMS
from .definitions import AS, AT, REF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .definitions import Definitions, Schema

    Condition = tuple[Schema, ...]

_KEYWORDS = ("unevaluatedProperties", "unevaluatedItems")


@dataclass(slots=True)
class _Claim:
    """What is looked at, of an object and of an array.

    Attributes:
        names: Members.
        patterns: Members by pattern.
        all_members: Whether it is every member.
        count: The number of first items.
        all_items: Whether it is every item.
        containing: Items that these accept.
    """

    names: dict[str, None] = field(default_factory=dict)
    patterns: dict[str, None] = field(default_factory=dict)
    all_members: bool = False
    count: int = 0
    all_items: bool = False
    containing: list[Schema] = field(default_factory=list)

    def add(self, other: _Claim) -> None:
        """Claim what another one does, too."""
        self.names |= other.names
        self.patterns |= other.patterns
        self.all_members |= other.all_members
        self.count = max(self.count, other.count)
        self.all_items |= other.all_items
        self.containing += [
            schema for schema in other.containing if all(schema is not known for known in self.containing)
        ]


_Claims = dict[tuple[int, ...], tuple["Condition", _Claim]]


def settle_claims(
    schemas: Iterable[dict[str, Any]], definitions: Definitions, counts: Callable[[Schema], bool]
) -> None:
    """Replace the unevaluated keywords of schemas by plain ones as far as that can be.

    Args:
        schemas: Those with such a keyword, in definitions.
        definitions: All; what conditions need by name is added.
        counts: Whether items that the ``contains`` of a schema accepts are looked at.
    """
    reader = _Reader(definitions, counts)
    read = [(schema, reader.claims(schema)) for schema in schemas]
    for schema, claims in read:
        certain = claims.pop((), ((), _Claim()))[1]
        if "unevaluatedProperties" in schema:
            _settle_members(schema, certain, claims.values(), reader)
        if "unevaluatedItems" in schema:
            _settle_items(schema, certain, claims.values(), reader)


class _Reader:
    """Reads the claims of schemas; each once."""

    def __init__(self, definitions: Definitions, counts: Callable[[Schema], bool]) -> None:
        self._definitions = definitions
        self._counts = counts
        self._known: dict[int, _Claims] = {}
        self._named: dict[int, str] = {}
        self._kept: list[Schema] = []  # their ids are in use

    def claims(self, schema: dict[str, Any]) -> _Claims:
        """Return what is claimed at the place of a schema with an unevaluated keyword, by conditions."""
        return self._of({key: value for key, value in schema.items() if key not in _KEYWORDS})

    def named(self, schema: Schema) -> Schema:
        """Return a reference to a schema, so that it stands in one place of all definitions only."""
        if isinstance(schema, bool) or REF in schema:
            return schema
        name = self._named.get(id(schema))
        if name is None:
            name = self._named[id(schema)] = f"c{len(self._named)}"
            self._definitions[name] = schema
        return {REF: name, AT: schema[AT]}

    def _of(self, schema: Schema) -> _Claims:
        while isinstance(schema, dict) and REF in schema:
            schema = self._definitions[schema[REF]]
        if isinstance(schema, bool):
            return {}
        if id(schema) not in self._known:
            self._kept.append(schema)
            claims: _Claims = {(): ((), self._own(schema))}
            for condition, inner in self._applied(schema):
                for conditions, claim in self._of(inner).values():
                    together = (*condition, *conditions)
                    key = tuple(dict.fromkeys(map(id, together)))
                    claims.setdefault(key, (together, _Claim()))[1].add(claim)
            self._known[id(schema)] = claims
        return self._known[id(schema)]

    def _applied(self, schema: dict[str, Any]) -> Iterator[tuple[Condition, Schema]]:
        """Yield the schemas that apply to the same value, and when they count."""
        for inner in schema.get("allOf", ()):
            yield (), inner
        for keyword in ("anyOf", "oneOf"):
            for branch in schema.get(keyword, ()):
                yield (branch,), branch
        if "if" in schema:
            yield (schema["if"],), schema["if"]
            if "then" in schema:
                yield (schema["if"],), schema["then"]
            if "else" in schema:
                yield (self._made({"not": schema["if"], AT: schema[AT]}),), schema["else"]
        for name, inner in schema.get("dependencies", {}).items():
            yield (self._made({"type": ["object"], "required": [name], AT: schema[AT]}),), inner

    def _made(self, schema: dict[str, Any]) -> Schema:
        self._kept.append(schema)
        return schema

    def _own(self, schema: dict[str, Any]) -> _Claim:
        items = schema.get("items")
        is_tuple = isinstance(items, list)
        return _Claim(
            names=dict.fromkeys(schema.get("properties", ())),
            patterns=dict.fromkeys(schema.get("patternProperties", ())),
            all_members="additionalProperties" in schema or "unevaluatedProperties" in schema,
            count=len(items) if isinstance(items, list) else 0,
            all_items=(items is not None and not is_tuple)
            or (is_tuple and "additionalItems" in schema)
            or "unevaluatedItems" in schema,
            containing=[schema["contains"]] if "contains" in schema and self._counts(schema) else [],
        )


def _settle_members(
    schema: dict[str, Any], certain: _Claim, claims: Iterable[tuple[Condition, _Claim]], reader: _Reader
) -> None:
    rest = schema["unevaluatedProperties"]
    kept = [
        (conditions, claim)
        for conditions, claim in claims
        if claim.all_members
        or not (
            claim.names.keys() <= certain.names.keys() and claim.patterns.keys() <= certain.patterns.keys()
        )
    ]
    if certain.all_members or rest is True:
        del schema["unevaluatedProperties"]
    elif kept:
        schema[MEMBER_CLAIMS] = [
            {**_members(certain), AT: schema[AT]},
            *(_conditional(conditions, _members(claim), schema, reader) for conditions, claim in kept),
        ]
    else:
        closed = {**_members(certain), "additionalProperties": schema.pop("unevaluatedProperties")}
        _also(schema, {**closed, AT: schema[AT], AS: "unevaluatedProperties"})


def _settle_items(
    schema: dict[str, Any], certain: _Claim, claims: Iterable[tuple[Condition, _Claim]], reader: _Reader
) -> None:
    rest = schema["unevaluatedItems"]
    kept = [
        (conditions, claim)
        for conditions, claim in claims
        if claim.all_items or claim.count > certain.count or claim.containing
    ]
    if certain.all_items or rest is True:
        del schema["unevaluatedItems"]
    elif kept:
        schema[ITEM_CLAIMS] = [
            {**_items(certain, reader), AT: schema[AT]},
            *(_conditional(conditions, _items(claim, reader), schema, reader) for conditions, claim in kept),
        ]
    else:
        beyond = schema.pop("unevaluatedItems")
        if certain.containing:
            options = [*map(reader.named, certain.containing), *([] if beyond is False else [beyond])]
            beyond = {"anyOf": options, AT: schema[AT], AS: "unevaluatedItems"}
        positions: dict[str, Any] = {"items": beyond}
        if certain.count:
            positions = {"items": [True] * certain.count, "additionalItems": beyond}
        _also(schema, {**positions, AT: schema[AT], AS: "unevaluatedItems"})


def _members(claim: _Claim) -> dict[str, Any]:
    if claim.all_members:
        return {"additionalProperties": True}
    parts = {"properties": claim.names, "patternProperties": claim.patterns}
    return {keyword: dict.fromkeys(names, True) for keyword, names in parts.items() if names}


def _items(claim: _Claim, reader: _Reader) -> dict[str, Any]:
    if claim.all_items:
        return {"items": True}
    items: dict[str, Any] = {"items": [True] * claim.count} if claim.count else {}
    if claim.containing:
        items["anyOf"] = [*map(reader.named, claim.containing)]
    return items


def _conditional(
    conditions: Condition, claim: dict[str, Any], schema: dict[str, Any], reader: _Reader
) -> dict[str, Any]:
    once = {id(condition): condition for condition in conditions}.values()
    tests = [reader.named(condition) for condition in once]
    test = tests[0] if len(tests) == 1 else {"allOf": tests, AT: schema[AT]}
    return {"if": test, "then": {**claim, AT: schema[AT]}, AT: schema[AT]}


def _also(schema: dict[str, Any], other: dict[str, Any]) -> None:
    schema["allOf"] = [*schema.get("allOf", ()), other]
