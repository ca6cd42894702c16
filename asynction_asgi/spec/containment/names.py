"""The names that members of an object may have: declared, by pattern, or any other."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ..patterns import UndecidedError, find_word
from ..schemas.children import children
from ..schemas.matchers import compile_pattern
from .facts import read_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .obligation import Obligation
    from .proving import Proving
    from .universe import Universe

_MOST_PATTERNS = 6
_USUAL = 100
OPENING = ("additionalProperties", "patternProperties", "propertyNames", "minProperties")


class Members:
    """The names that members of an object may have by some schemas.

    Attributes:
        declared: Those that the inner schemas name, alternatives too.
        named: Those that any of the schemas names, also what an outer one denies or asks first.
        is_silent: Whether the inner schemas name members and say nothing of any others.
    """

    def __init__(self, prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts) -> None:
        self._prover = prover
        self._parts = parts
        self._facts = facts
        self.declared: dict[str, None] = {}
        is_open, has_names = False, False
        for part in in_place(prover.universe, parts):
            self.declared.update(dict.fromkeys((*part.get("properties", ()), *part.get("required", ()))))
            has_names |= "properties" in part
            is_open |= not part.keys().isdisjoint(OPENING)
        own = (name for part in parts for name in (*part.get("properties", ()), *part.get("required", ())))
        self.named = dict.fromkeys((*self.declared, *own))
        self.is_silent = has_names and not is_open

    @property
    def is_closed(self) -> bool:
        """Whether members that are not declared are taken not to be there."""
        return self.is_silent and self._prover.reads_closed

    def schemas(self, name: str) -> list[Schema]:
        """All schemas that hold for a member."""
        return schemas_of_member(self._parts, name)

    def can_have(self, name: str) -> bool:
        """Return whether an object may have a member of that name."""
        facts = self._facts
        if name in facts.required:
            return True
        if name in facts.forbidden or (self.is_closed and name not in self.declared):
            return False
        if facts.most["maxProperties"] <= len(facts.required) or self._is_false(name):
            return False
        return all(self._prover.universe.accepts(schema, name) for schema in self.names())

    def is_refused(self, name: str) -> bool:
        """Return whether it is proved that no member may have that name."""
        return (
            name in self._facts.forbidden
            or self._is_false(name)
            or not all(self._prover.universe.accepts(schema, name) for schema in self.names())
        )

    def names(self) -> list[Schema]:
        """All schemas of names."""
        return [part["propertyNames"] for part in self._parts if "propertyNames" in part]

    def _is_false(self, name: str) -> bool:
        return self._prover.is_nothing(self.schemas(name))

    def mark(self, obligation: Obligation, name: str) -> Obligation:
        """Say of an obligation whether it takes a member that nothing is said of."""
        return obligation.marked("name") if self.is_silent and name not in self.declared else obligation

    def count(self) -> float:
        """How many members there can be at most."""
        most = self._facts.most["maxProperties"]
        try:
            has_others = next(self.others(self._parts), None) is not None
        except UndecidedError:
            has_others = True
        names = dict(self.named)
        parts = self._prover.universe.together(self.names())
        listed = None if parts is None else self._prover.facts(parts).values
        if listed is not None:
            has_others = False
            names.update(dict.fromkeys(name for name in listed if isinstance(name, str)))
        return most if has_others else min(most, sum(map(self.can_have, names)))

    def others(self, schemas: Sequence[dict[str, Any]]) -> Iterator[str]:
        """Yield a name for each way in which one that is not named may match the patterns of schemas.

        Raises:
            UndecidedError: The names can't be told apart.
        """
        if self.is_closed:
            return
        declared = {name for schema in schemas for name in schema.get("properties", ())}
        declared |= self.named.keys()
        patterns = list(
            dict.fromkeys(pattern for schema in schemas for pattern in schema.get("patternProperties", ()))
        )
        if len(patterns) > _MOST_PATTERNS:
            raise UndecidedError
        for count in range(len(patterns) + 1):
            for matched in combinations(patterns, count):
                missed_patterns = [pattern for pattern in patterns if pattern not in matched]
                name = self._name(matched, missed_patterns, declared)
                if name is not None and not self._is_false(name):
                    yield name

    def _name(self, matching: Sequence[str], missing: Sequence[str], declared: set[str]) -> str | None:
        """Return a name of a kind that is not declared, or None if it is proved that there is none."""
        universe = self._prover.universe
        parts = universe.together(self.names())
        if parts is None:
            return None
        facts = read_facts(parts)
        if "string" not in facts.types:
            return None
        listed = facts.values
        if listed is not None:
            kind = [
                name
                for name in listed
                if isinstance(name, str)
                and name not in declared
                and all(_matches(pattern, name) for pattern in matching)
                and not any(_matches(pattern, name) for pattern in missing)
            ]
            return next((name for name in kind if self.can_have(name)), None)
        name = _new_name([*matching, *facts.patterns], missing, declared, facts)
        if name is not None and not all(universe.accepts(schema, name) for schema in parts):
            raise UndecidedError  # another one of the kind may be admitted
        return name


def in_place(universe: Universe, schemas: Iterable[Schema]) -> Iterator[dict[str, Any]]:
    """Yield the inner schemas that may be about the same value, alternatives too."""
    seen: set[int] = set()
    waiting = list(schemas)
    while waiting:
        schema = universe.resolve(waiting.pop())
        if not isinstance(schema, dict) or id(schema) in seen or universe.is_outer(schema):
            continue
        seen.add(id(schema))
        yield schema
        waiting += [
            child.schema for child in children(schema) if child.kind == "same" and child.keyword != "not"
        ]


def schemas_of_member(parts: Sequence[dict[str, Any]], name: str) -> list[Schema]:
    """All schemas that hold for a member of that name."""
    found: list[Schema] = []
    for part in parts:
        matched = [part["properties"][name]] if name in part.get("properties", ()) else []
        patterns = part.get("patternProperties", {})
        matched += [schema for pattern, schema in patterns.items() if _matches(pattern, name)]
        found += matched or [part.get("additionalProperties", True)]
    return [schema for schema in found if schema is not True]


def _matches(pattern: str, name: str) -> bool:
    return bool(compile_pattern(pattern).matches(name))


def _new_name(
    matching: Sequence[str], missing: Sequence[str], declared: set[str], facts: Facts
) -> str | None:
    least, most = facts.least["minLength"], facts.most["maxLength"]
    if not matching and not missing and most > _USUAL:
        names = (f"other{number or ''}".ljust(least, "r") for number in range(len(declared) + 1))
        return next(name for name in names if name not in declared)
    for length in (least, max(least, max(map(len, declared), default=0) + 1)):
        name = find_word(matching, missing, least=length, most=None if math.isinf(most) else int(most))
        if name not in declared:
            break
    if name in declared or (name is None and length > least):
        raise UndecidedError  # those that are declared stand in the way
    return name
