"""What checking a value costs at most, in nanoseconds per byte of the values that are worst for a schema.

The estimate is an upper bound for one place of a value: it counts all schemas that apply to this place,
including undecided alternatives and conditions, but not the schemas of its items and members. The figures
are of generated code on one core of about 2020.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from .children import ITEM_CLAIMS, MEMBER_CLAIMS
from .containers import FEW_ENTRIES
from .definitions import REF
from .dispatch import KINDS, plan_dispatch
from .matchers import SLOW, compile_pattern
from .recursion import in_place_order
from .scalars import FEW_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .definitions import Definitions, Schema
    from .dispatch import Case

    Cost = Counter[tuple[str, str]]

# Bytes of the smallest value with the comma after it, and of the smallest member of an object.
_SMALLEST = {
    "null": 5,
    "boolean": 5,
    "number": 2,
    "string": 3,
    "array": 3,
    "object": 3,
    "binary": 30,
    "other": 30,  # placeholders of attachments
}
_SMALLEST_MEMBER = 5
# Nanoseconds.
CHECK = 40
_CALL, _REMEMBERED_CALL = 2 * CHECK, 9 * CHECK
_SEARCH = 4 * CHECK
_COMPARISON = 3 * CHECK  # to an array or object
# Nanoseconds per byte.
_ALTERNATIVE = SLOW // 17 + 1  # or pattern of names; seventeen are too many, whatever they hold
_MULTIPLE = 400
_HASHING = 450  # of all that is within an array or object
_FORMATS = {
    "hostname": 600,
    "idn-hostname": 600,
    "email": 400,
    "idn-email": 600,
    "regex": 900,
    **dict.fromkeys(("uri", "uri-reference", "iri", "iri-reference"), 400),
}
_FORMAT = 150  # any other

_KINDS_OF = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), "number"),
    **dict.fromkeys(("minLength", "maxLength"), "string"),
    **dict.fromkeys(("minItems", "maxItems"), "array"),
    **dict.fromkeys(("minProperties", "maxProperties", "required"), "object"),
}


class Costs:
    """The costs of schemas within definitions, each computed once.

    Args:
        definitions: All definitions, by name.
        names: Definitions to compute first, as their references may form long chains at one place.
        risky: Names of definitions that keep a memo of values.
    """

    def __init__(self, definitions: Definitions, names: Iterable[str], risky: frozenset[str]) -> None:
        self.definitions = definitions
        self._risky = risky
        self._known: dict[int, Cost] = {}
        self._cases: dict[int, list[Case]] = {}
        self._kinds: dict[int, frozenset[str]] = {}
        self._order = in_place_order({name: definitions[name] for name in names})
        for definition in self.in_order():  # however long a chain of references is, none is followed far
            self.of(definition)

    def in_order(self) -> Iterator[dict[str, Any]]:
        """Yield the named definitions, each after those that apply to the same place of a value."""
        return (self.definitions[name] for name in self._order)

    def of(self, schema: Schema) -> Cost:
        """Return the cost of a schema by kind of value, both for its smallest value and for each part of a longer one."""
        if isinstance(schema, bool):
            return Counter()
        if REF in schema:
            call = _REMEMBERED_CALL if schema[REF] in self._risky else _CALL
            return _every(call) + self.of(self.definitions[schema[REF]])
        cost = self._known.get(id(schema))
        if cost is None:
            cost = self._known[id(schema)] = self._whole(schema)
        return cost

    def together(self, applied: Iterable[tuple[dict[str, Any], int]]) -> Cost:
        """Return the cost of several schemas at one place, given how often each applies."""
        costs: Cost = Counter()
        for schema, count in applied:
            for cost in (self.of(schema), _every(CHECK)):
                for what, nanoseconds in cost.items():
                    costs[what] += count * nanoseconds
        return costs

    def is_slow(self, schema: Schema) -> bool:
        """Return whether a byte can cost more than a microsecond at the place of a schema alone."""
        return self.peak(schema) > SLOW

    def peak(self, schema: Schema) -> int:
        """Return the cost for the values that are worst, not counting the way to the schema."""
        if isinstance(schema, dict) and REF in schema:
            schema = self.definitions[schema[REF]]
        return max(self.of(schema).values(), default=0)

    def cases(self, branches: list[Schema]) -> list[Case]:
        """Return which alternatives remain for each kind of value."""
        cases = self._cases.get(id(branches))
        if cases is None:
            cases = self._cases[id(branches)] = plan_dispatch(branches, KINDS, self.definitions, self._kinds)
        return cases

    def certain(self, schema: dict[str, Any]) -> Iterator[Schema]:
        """Yield the schemas that apply to the same value, except alternatives."""
        yield from schema.get("allOf", ())
        yield from (schema[keyword] for keyword in ("not", "if", "then", "else") if keyword in schema)
        yield from schema.get("dependencies", {}).values()
        for keyword in (MEMBER_CLAIMS, ITEM_CLAIMS):
            yield from (claim["if"] for claim in schema.get(keyword, ()) if "if" in claim)

    def _whole(self, schema: dict[str, Any]) -> Cost:
        cost = own_cost(schema) + self._names(schema)
        for inner in self.certain({**schema, "dependencies": {}}):
            cost += self.of(inner)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                cost += self._alternatives(schema[keyword])
        dependent: Cost = Counter()
        for inner in schema.get("dependencies", {}).values():  # each takes a member more
            dependent |= self.of(inner)
        cost += dependent
        if "type" in schema:
            kinds = {"number" if name == "integer" else name for name in schema["type"]}
            cost = _only(cost, kinds) + _every(CHECK * len(schema["type"]))
        return cost

    def _alternatives(self, branches: list[Schema]) -> Cost:
        cost: Cost = Counter()
        for case in self.cases(branches):
            found: Cost = Counter()
            for branch in case.branches:
                if case.tag is not None:
                    found |= self.of(branch)
                elif len(case.branches) == 1:
                    found = self.of(branch)
                elif branch is not True:
                    found += self.of(branch) | Counter({(kind, "smallest"): _ALTERNATIVE for kind in KINDS})
            cost += _only(found, case.kinds)
        return cost

    def _names(self, schema: dict[str, Any]) -> Cost:
        """Return the cost of patterns of names, including those that find unevaluated members."""
        cost: Cost = Counter()
        claims = [claim.get("then", claim) for claim in schema.get(MEMBER_CLAIMS, ())]
        for part in (schema, *claims):
            for pattern in part.get("patternProperties", ()):
                cost["object", "member"] += _ALTERNATIVE
                cost["object", "name"] += _of_pattern(pattern)
        cost["object", "member"] += len(claims) * CHECK // _SMALLEST_MEMBER
        return cost


def own_cost(schema: dict[str, Any]) -> Cost:
    """Return the cost of a schema's keywords, except those that hold schemas for the same place."""
    cost: Cost = Counter()

    def add(kind: str, nanoseconds: int) -> None:
        cost[kind, "smallest"] += nanoseconds // _SMALLEST[kind]

    for keyword in schema.keys() & _KINDS_OF.keys():
        add(_KINDS_OF[keyword], CHECK)
    for values in (schema.get("enum"), [schema["const"]] if "const" in schema else None):
        if values is not None:
            cost += _every(CHECK)
            containers = sum(isinstance(value, dict | list) for value in values)
            for kind in ("array", "object"):
                add(kind, min(containers, FEW_VALUES) * _COMPARISON)
                cost[kind, "content"] += _HASHING if containers > FEW_VALUES else 0
    if "multipleOf" in schema:
        cost["number", "smallest"] += _MULTIPLE
    if "pattern" in schema:
        add("string", _SEARCH)
        cost["string", "character"] += _of_pattern(schema["pattern"])
    if "format" in schema:
        add("string", _SEARCH)
        cost["string", "character"] += _FORMATS.get(schema["format"], _FORMAT)
    if "uniqueItems" in schema:
        add("array", _SEARCH)
        cost["array", "content"] += _HASHING
    for keyword in schema.keys() & {"items", "contains", "additionalItems"}:
        positions = len(schema[keyword]) if isinstance(schema[keyword], list) else 1
        add("array", min(positions, FEW_ENTRIES) * CHECK)
    for keyword in schema.keys() & {"properties", "dependencies"}:
        optional = len(schema[keyword].keys() - schema.get("required", ()))
        add("object", min(optional, FEW_ENTRIES) * CHECK)
    if "additionalProperties" in schema:
        add("object", 2 * CHECK)
        cost["object", "member"] += CHECK // _SMALLEST_MEMBER
    return cost


def _of_pattern(pattern: str) -> int:
    cost = round(compile_pattern(pattern).cost)
    return 0 if cost > SLOW else cost  # which has been reported


@cache
def _every(nanoseconds: int) -> Cost:
    return Counter({(kind, "smallest"): nanoseconds // size for kind, size in _SMALLEST.items()})


def _only(cost: Cost, kinds: frozenset[str] | set[str]) -> Cost:
    return Counter({key: nanoseconds for key, nanoseconds in cost.items() if key[0] in kinds})
