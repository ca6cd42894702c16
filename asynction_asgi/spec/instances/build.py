"""One instance in the making: a value for schemas that hold together, chosen part by part."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Protocol

from ..schemas import Mismatch
from .flat import DeadEndError, admits
from .members import in_order, of_item, of_property
from .numbers import number
from .strings import binary, string
from .texts import matches, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..schemas import Check
    from ..schemas.normalise import Schema
    from .choices import Choices
    from .failures import Failures
    from .flat import Flat, Flattener
    from .strings import Providers

__all__ = ["Build", "Source"]

# Tries of a part that may miss, and parts altogether, before an instance is given up.
_LOCAL_ATTEMPTS = 12
_PARTS = 20_000
# Below this depth, and after this many parts, only what is required is made.
_DEEP = 5
_MANY = 120
# From this try on, what the author wrote as an example may be what doesn't fit.
_DOUBTED = 4
_STRING: Schema = {"type": ["string"]}
_USUAL_TYPES = ("string", "integer", "boolean", "number", "null")
_TYPES = (*_USUAL_TYPES, "object", "array")


class Source(Protocol):
    """What the schemas of a contract hold besides their keywords, the same for each instance."""

    @property
    def flattener(self) -> Flattener:
        """Merges the schemas that hold together."""
        ...

    @property
    def providers(self) -> Providers | None:
        """Texts for formats and properties that are not known here, or None."""
        ...

    def examples(self, schema: Schema) -> list[Any]:
        """Return those examples of the author's that the schema accepts."""
        ...

    def check_of(self, schema: Schema) -> Check | None:
        """Return the check of a schema whose keywords alone don't ensure a valid value, or None."""
        ...


class Build:
    """One instance in the making."""

    __slots__ = ("_choices", "_failures", "_flatten", "_makes", "_open", "_parts", "_small", "_source")

    def __init__(self, source: Source, choices: Choices, failures: Failures, *, small: bool = False) -> None:
        self._source = source
        self._failures = failures
        self._choices = choices
        self._flatten = source.flattener
        self._parts = 0
        self._small = small
        self._open: list[int] = []
        self._makes: Mapping[str, Callable[[Flat, int, str], Any]] = {
            "object": lambda flat, depth, _: self._object(flat, depth),
            "array": self._array,
            "string": lambda flat, _, about: string(flat, self._choices, about, source.providers),
            "binary": lambda flat, _, __: binary(flat, self._choices),
            "integer": lambda flat, _, __: number(flat, self._choices, whole=True),
            "number": lambda flat, _, __: number(flat, self._choices, whole=False),
            "boolean": lambda _, __, ___: self._choices.chance(1, 2),
            "null": lambda _, __, ___: None,
        }

    def value(self, schemas: tuple[Schema, ...], depth: int = 0, about: str = "") -> Any:
        """A value for all of `schemas`, which passes those of their checks that are needed.

        Args:
            schemas: All of them hold.
            depth: How many values hold this one.
            about: The property that it is for, or whose elements it is among.

        Raises:
            DeadEndError: none was found.
        """
        follow, choices, failures = self._flatten.follow, self._choices, self._failures
        schemas = tuple([follow(one) for one in schemas])
        if failures and failures.are_hopeless(schemas):
            raise DeadEndError
        if len(schemas) == 1 and choices.attempt < _DOUBTED:
            examples = self._source.examples(schemas[0])
            if examples:
                return copy.deepcopy(choices.pick(examples))
        checks = [check for one in schemas if (check := self._source.check_of(one)) is not None]
        before, opened = choices.attempt, len(self._open)
        short = not choices.nests and any(id(one) in self._open for one in schemas)
        self._open += [id(one) for one in schemas]
        try:
            for attempt in range(_LOCAL_ATTEMPTS if checks else 1):
                choices.attempt = before + attempt
                self._parts += 1
                if self._parts > _PARTS:
                    break
                try:
                    value = self._make(schemas, depth, about, short=short)
                    for check in checks:
                        check(value)
                except (DeadEndError, Mismatch):
                    if failures.add(schemas):
                        break
                    continue
                if failures:
                    failures.forget(schemas)
                return value
        finally:
            choices.attempt = before
            del self._open[opened:]
        raise DeadEndError

    def _make(self, schemas: tuple[Schema, ...], depth: int, about: str, *, short: bool) -> Any:
        flat = self._flatten.flatten(schemas, self._choices, shallow=short or self._is_deep(depth))
        if flat.values is not None:
            values = [one for one in flat.values if admits(flat, one)]
            if not values:
                raise DeadEndError
            return copy.deepcopy(self._choices.pick(values))
        kind = self._kind(flat, depth)
        if kind == "object" and flat.dependencies:
            flat = flat.copied()
        says_nothing = flat.types is None and not flat.kinds
        return self._makes[kind](flat, depth, "anything" if says_nothing else about)

    def _is_deep(self, depth: int) -> bool:
        return self._small or depth > _DEEP or self._parts > _MANY

    def _kind(self, flat: Flat, depth: int) -> str:
        if flat.types is None and flat.kinds:
            return flat.kinds[0]
        types = (_USUAL_TYPES if not flat.denied else _TYPES) if flat.types is None else flat.types
        types = [one for one in types if one not in flat.denied]
        admitted = [one for one in types if one != "null"]
        if len(admitted) > 1 and self._is_deep(depth):
            admitted = [one for one in admitted if one not in ("object", "array")] or admitted
        if "null" in types and (not admitted or not self._choices.chance(len(admitted), len(types))):
            return "null"
        if not admitted:
            raise DeadEndError
        return self._choices.pick(admitted)

    def _wants(self, flat: Flat, name: str, depth: int) -> bool:
        """Whether an object should have an optional property."""
        if self._is_deep(depth) or (not self._choices.nests and self._is_cut(of_property(flat, name))):
            return False
        return self._choices.chance(3, 4 + depth)

    def _is_cut(self, schemas: tuple[Schema, ...]) -> bool:
        """Whether a value is left out since it would be, or be a list, of what it stands in."""
        if self._choices.nests:
            return False
        for _ in range(3):
            schemas = tuple([self._flatten.follow(one) for one in schemas])
            if any(id(one) in self._open for one in schemas):
                return True
            lists = [one["items"] for one in schemas if isinstance(one, dict) and "items" in one]
            schemas = tuple([one for one in lists if not isinstance(one, list)])
        return False

    def _object(self, flat: Flat, depth: int) -> dict[str, Any]:
        least, most = int(flat.bounds.get("minProperties", 0)), flat.bounds.get("maxProperties", 1e9)
        names = dict(flat.required)
        self._depend(flat, names)
        optional = [name for one in flat.objects for name in one.get("properties", ()) if name not in names]
        for name in dict.fromkeys(optional):
            if (
                len(names) < most
                and name not in flat.forbidden
                and (len(names) < least or self._wants(flat, name, depth))
            ):
                names[name] = None
        self._depend(flat, names)
        if len(names) > most:
            raise DeadEndError
        result: dict[str, Any] = {}
        for name in in_order(flat, names):
            if name in flat.forbidden:
                raise DeadEndError
            try:
                result[name] = self.value(of_property(flat, name), depth + 1, name)
            except DeadEndError:
                if name in flat.required:
                    raise
        self._fill(flat, result, least, most, depth)
        return result

    def _depend(self, flat: Flat, names: dict[str, None]) -> None:
        """Let what present properties ask for hold as well."""
        done: set[int] = set()
        while True:
            due = [one for name, one in flat.dependencies if name in names and id(one) not in done]
            if not due:
                return
            for one in due:
                done.add(id(one))
                self._flatten.add(flat, one, self._choices, shallow=False)
            names.update(flat.required)

    def _fill(self, flat: Flat, result: dict[str, Any], least: int, most: float, depth: int) -> None:
        """Add properties that no name is declared of: as many as are asked for, or a few."""
        wanted = least
        dynamic = [one for one in flat.objects if one.get("patternProperties") or isinstance(one.get("additionalProperties"), dict)]  # fmt: skip
        if dynamic and not self._is_deep(depth):
            declared = any("properties" in one for one in flat.objects)
            shown = 0 if declared or self._is_cut(of_property(flat, "")) else 1
            wanted = max(least, min(int(most), len(result) + self._choices.count(0, 2, shown=shown)))
        for attempt in range(8 * (wanted - len(result)) if wanted > len(result) else 0):
            if len(result) >= wanted:
                return
            try:
                name = self._name(flat, attempt, depth)
                if name not in result and name not in flat.forbidden:
                    result[name] = self.value(of_property(flat, name), depth + 1, name)
            except DeadEndError:
                continue
        if len(result) < least:
            raise DeadEndError

    def _name(self, flat: Flat, attempt: int, depth: int) -> str:
        choices = self._choices
        if flat.names:
            before, choices.distinct = choices.distinct, attempt
            try:
                made = self.value((*flat.names, _STRING), depth + 1, "key")
            finally:
                choices.distinct = before
            if isinstance(made, str):
                return made
            raise DeadEndError
        word = f"{choices.word('key')}{attempt + 1 if attempt else ''}"
        patterns = [pattern for one in flat.objects for pattern in one.get("patternProperties", ())]
        closed = any(one.get("additionalProperties") is False for one in flat.objects)
        if patterns and (closed or choices.chance(3, 4)):
            pattern = choices.pick(patterns)
            name = matching(pattern, choices, 3)
            longer = f"{name}{word}"  # where the pattern is open at its end
            return longer if matches(pattern, longer) else name
        return word

    def _array(self, flat: Flat, depth: int, about: str) -> list[Any]:
        least, most = int(flat.bounds.get("minItems", 0)), int(min(flat.bounds.get("maxItems", 1e9), 1e9))
        if least > most:
            raise DeadEndError
        result: list[Any] = []
        seen: set[str] = set()
        wanted = [*flat.contains]
        count = min(most, max(self._count(flat, least, most, depth), len(wanted)))
        for index in range(count):
            schemas = of_item(flat, index)
            if wanted and count - index <= len(wanted):
                schemas = (*schemas, wanted.pop())
            try:
                result.append(
                    self._fresh(schemas, seen, depth, about)
                    if flat.unique
                    else self.value(schemas, depth + 1, about)
                )
            except DeadEndError:
                if index < least or wanted:
                    raise
                break
        return result

    def _count(self, flat: Flat, least: int, most: int, depth: int) -> int:
        """How many elements, those that ``contains`` asks for not counted."""
        if self._is_deep(depth):
            return least
        tuples = [len(one["items"]) for one in flat.arrays if isinstance(one["items"], list)]
        usual = max(tuples) if tuples else least + 3 - min(depth, 2)
        shown = usual if tuples else 1 if flat.arrays else 0
        if self._is_cut(of_item(flat, 0)):
            shown = 0
        return self._choices.count(least, max(least, min(most, usual)), shown=shown)

    def _fresh(self, schemas: tuple[Schema, ...], seen: set[str], depth: int, about: str) -> Any:
        """An element that is none of those before."""
        choices = self._choices
        before = choices.distinct
        try:
            for attempt in range(20):
                choices.distinct = len(seen) + attempt
                value = self.value(schemas, depth + 1, about)
                key = json.dumps(value, sort_keys=True, default=repr)
                if key not in seen:
                    seen.add(key)
                    return value
        finally:
            choices.distinct = before
        raise DeadEndError
