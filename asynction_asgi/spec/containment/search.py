"""The search for a value that one schema accepts and another refuses, led by what a proof left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..instances import Choices
from ..instances.build import Build
from ..instances.failures import Failures
from ..instances.selection import DeadEndError, Selector
from ..schemas import Mismatch
from ..schemas.children import children
from .mutate import literals_of, neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..instances import Providers
    from ..schemas import Check
    from ..schemas.definitions import Schema
    from .obligation import Obligation
    from .universe import Universe

NOTHING = object()
_SEEDS = 3
_ATTEMPTS = 6  # of each seed, each less set on what is plain
_INSTANCES = 12
_DRAWN, _DEAD_END = 4, 40  # tries that a made value counts for, and a vain attempt to make one
_COMPILED = 50  # schemas that are compiled for the price of a try
_MOST_COMPILED = 10_000
_RISKY = frozenset({"oneOf", "anyOf", "not", "if", "contains", "dependencies", "patternProperties", "propertyNames", "uniqueItems"})  # fmt: skip


class Search:
    """Makes values of an inner schema of a universe.

    Args:
        universe: Holds the schemas.
        inner: What every value should meet.
        outer: What a value that is found misses.
        tries: How many values may be tried.
        seed: The same values for the same number.
    """

    providers: Providers | None = None

    def __init__(self, universe: Universe, inner: Schema, outer: Schema, *, tries: int, seed: int) -> None:
        self._universe = universe
        self._inner = inner
        self._outer = outer
        self._seed = seed
        self.tries = tries
        self.selector = Selector(universe.reachable([inner, outer]))
        self._failures = Failures()
        self._checks: dict[int, tuple[Schema, Check | None]] = {}

    def examples(self, _: Schema) -> list[Any]:
        """Return no example: what authors wrote is not asked for."""
        return []

    def check_of(self, schema: Schema) -> Check | None:
        """Return the check of a schema whose keywords alone don't ensure that a value holds."""
        known = self._checks.get(id(schema))
        if known is None:
            is_risky = isinstance(schema, dict) and self._is_risky(schema, 0)
            check = None
            if is_risky and isinstance(schema, dict):
                self._charge(schema)
                check = self._universe.check(schema)
            known = self._checks[id(schema)] = schema, check
        return known[1]

    def _charge(self, schema: dict[str, Any]) -> None:
        """Count the tries that compiling a schema is worth, by the schemas in it: a shared one each time.

        Raises:
            DeadEndError: There are too many of them, or no tries are left.
        """
        size, waiting = 0, [schema]
        while waiting and size < _MOST_COMPILED:
            size += 1
            waiting += [
                child.schema
                for child in children(waiting.pop())
                if isinstance(child.schema, dict) and child.kind != "name"
            ]
        self.tries -= 1 + size // _COMPILED
        if waiting or self.tries <= 0:
            raise DeadEndError

    def _is_risky(self, schema: dict[str, Any], depth: int) -> bool:
        if not schema.keys().isdisjoint(_RISKY):
            return True
        inner = [self._universe.resolve(part) for part in schema.get("allOf", ())]
        return depth < _ATTEMPTS and any(
            self._is_risky(part, depth + 1) for part in inner if isinstance(part, dict)
        )

    def run(self, obligations: Sequence[Obligation], shows: Callable[[Any], bool]) -> Any:
        """Return a value that shows what an obligation is about, or `NOTHING`.

        Args:
            obligations: What a proof left open.
            shows: Whether a value is accepted by the one schema and refused by the other.
        """
        made: list[Any] = []
        for value in self._drawn(obligations):
            if self.tries <= 0:
                return NOTHING
            self.tries -= _DRAWN
            if shows(value):
                return value
            if len(made) < _INSTANCES:
                made.append(value)
        made = made or [[]]
        literals, names = self._literals()
        shared = max(self.tries // len(made), 1)
        for instance in made:
            for value, _ in zip(neighbours(instance, literals, names), range(shared), strict=False):
                if shows(value):
                    return value
        return NOTHING

    def _drawn(self, obligations: Sequence[Obligation]) -> Iterator[Any]:
        for number in range(-1, _SEEDS):
            for obligation in obligations:
                if obligation.schema is True:
                    continue
                value = self._draw((self._inner, obligation.schema), number)
                if value is NOTHING:  # one of many alternatives is seldom drawn, and the obligation names it
                    value = self._draw((obligation.schema,), number)
                if value is not NOTHING:
                    yield value
            value = self._draw((self._inner,), number)
            if value is not NOTHING:
                yield value

    def _draw(self, schemas: tuple[Schema, ...], number: int) -> Any:
        choices = Choices.simplest() if number < 0 else Choices.seeded(f"{self._seed} {number}")
        for attempt in range(_ATTEMPTS):
            choices.attempt = attempt
            try:
                return Build(self, choices, self._failures, small=number < 1).value(schemas)
            except (DeadEndError, Mismatch, RecursionError):
                self.tries -= _DEAD_END
                if self.tries <= 0:
                    break
        return NOTHING

    def _literals(self) -> tuple[list[Any], list[str]]:
        universe = self._universe
        found = [*universe.reachable([self._outer, self._inner]).values(), self._outer, self._inner]
        return literals_of(found)
