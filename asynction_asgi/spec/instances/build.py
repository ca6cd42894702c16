"""One instance being built: a value for schemas that hold together, chosen part by part."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from ..schemas import Mismatch
from .members import in_order, of_item, of_property
from .numbers import number
from .selection import DeadEndError
from .strings import binary, string
from .texts import matches, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..schemas.definitions import Schema
    from ..schemas.shape import Shape
    from .choices import Choices
    from .failures import Failures
    from .selection import Selection
    from .source import Source

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


class Build:
    """One instance in the making."""

    __slots__ = ("_choices", "_failures", "_makes", "_open", "_parts", "_selector", "_small", "_source")

    def __init__(self, source: Source, choices: Choices, failures: Failures, *, small: bool = False) -> None:
        self._source = source
        self._failures = failures
        self._choices = choices
        self._selector = source.selector
        self._parts = 0
        self._small = small
        self._open: list[int] = []
        self._makes: Mapping[str, Callable[[Shape[Schema], int, str], Any]] = {
            "array": self._array,
            "string": lambda shape, _, about: string(shape, self._choices, about, source.providers),
            "binary": lambda shape, _, __: binary(shape, self._choices),
            "integer": lambda shape, _, __: number(shape, self._choices, whole=True),
            "number": lambda shape, _, __: number(shape, self._choices, whole=False),
            "boolean": lambda _, __, ___: self._choices.chance(1, 2),
            "null": lambda _, __, ___: None,
        }

    def value(self, schemas: tuple[Schema, ...], depth: int = 0, about: str = "") -> Any:
        """Make a value for all of `schemas` that passes those of their checks that are needed.

        Args:
            schemas: All of them hold.
            depth: How many values hold this one.
            about: The property that it is for, or whose elements it is among.

        Raises:
            DeadEndError: No value was found.
        """
        follow, choices, failures = self._selector.follow, self._choices, self._failures
        schemas = tuple([follow(schema) for schema in schemas])
        if failures and failures.are_hopeless(schemas):
            raise DeadEndError
        if len(schemas) == 1 and choices.attempt < _DOUBTED:
            examples = self._source.examples(schemas[0])
            if examples:
                return copy.deepcopy(choices.pick(examples))
        checks = [check for schema in schemas if (check := self._source.check_of(schema)) is not None]
        before, opened = choices.attempt, len(self._open)
        short = not choices.nests and any(id(schema) in self._open for schema in schemas)
        self._open += [id(schema) for schema in schemas]
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
        selection = self._selector.select(schemas, self._choices, shallow=short or self._is_deep(depth))
        shape = selection.shape
        if shape.values is not None:
            values = [value for value in shape.values if shape.admits(value)]
            if not values:
                raise DeadEndError
            return copy.deepcopy(self._choices.pick(values))
        kind = self._kind(shape, depth)
        if kind == "object":
            return self._object(selection, depth)
        says_nothing = shape.types is None and not shape.about
        return self._makes[kind](shape, depth, "anything" if says_nothing else about)

    def _is_deep(self, depth: int) -> bool:
        return self._small or depth > _DEEP or self._parts > _MANY

    def _kind(self, shape: Shape[Schema], depth: int) -> str:
        if shape.types is None and shape.about:
            return shape.about[0]
        known = (_USUAL_TYPES if not shape.denied else _TYPES) if shape.types is None else shape.types
        types = [name for name in known if name not in shape.denied]
        admitted = [name for name in types if name != "null"]
        if len(admitted) > 1 and self._is_deep(depth):
            admitted = [name for name in admitted if name not in ("object", "array")] or admitted
        if "null" in types and (not admitted or not self._choices.chance(len(admitted), len(types))):
            return "null"
        if not admitted:
            raise DeadEndError
        return self._choices.pick(admitted)

    def _wants(self, shape: Shape[Schema], name: str, depth: int) -> bool:
        """Return whether an object should have an optional property."""
        if self._is_deep(depth) or (not self._choices.nests and self._is_cut(of_property(shape, name))):
            return False
        return self._choices.chance(3, 4 + depth)

    def _is_cut(self, schemas: tuple[Schema, ...]) -> bool:
        """Return whether a value is left out since it would be, or be a list, of what it stands in."""
        if self._choices.nests:
            return False
        for _ in range(3):
            schemas = tuple([self._selector.follow(schema) for schema in schemas])
            if any(id(schema) in self._open for schema in schemas):
                return True
            lists = [schema["items"] for schema in schemas if isinstance(schema, dict) and "items" in schema]
            schemas = tuple([items for items in lists if not isinstance(items, list)])
        return False

    def _object(self, selection: Selection, depth: int) -> dict[str, Any]:
        shape = selection.shape
        least, most = int(shape.bounds.get("minProperties", 0)), shape.bounds.get("maxProperties", 1e9)
        names = dict.fromkeys(shape.required)
        selection = self._depend(selection, names)
        shape = selection.shape
        optional = [
            name for members in shape.objects for name in members.properties or () if name not in names
        ]
        for name in dict.fromkeys(optional):
            if (
                len(names) < most
                and name not in shape.forbidden
                and (len(names) < least or self._wants(shape, name, depth))
            ):
                names[name] = None
        shape = self._depend(selection, names).shape
        if len(names) > most:
            raise DeadEndError
        result: dict[str, Any] = {}
        for name in in_order(shape, names):
            if name in shape.forbidden:
                raise DeadEndError
            try:
                result[name] = self.value(of_property(shape, name), depth + 1, name)
            except DeadEndError:
                if name in shape.required:
                    raise
        self._fill(shape, result, least, most, depth)
        return result

    def _depend(self, selection: Selection, names: dict[str, None]) -> Selection:
        """Let what present properties ask for hold as well, and add what it requires to `names`."""
        done: set[int] = set()
        while True:
            due = [
                schema
                for name, schema in selection.shape.dependencies
                if name in names and id(schema) not in done
            ]
            if not due:
                return selection
            for schema in due:
                done.add(id(schema))
                selection = self._selector.extend(selection, schema, self._choices)
            names.update(dict.fromkeys(selection.shape.required))

    def _fill(
        self, shape: Shape[Schema], result: dict[str, Any], least: int, most: float, depth: int
    ) -> None:
        """Add properties that no name is declared of: as many as are asked for, or a few."""
        wanted = least
        dynamic = [
            members for members in shape.objects if members.patterns or isinstance(members.others, dict)
        ]
        if dynamic and not self._is_deep(depth):
            declared = any(members.properties is not None for members in shape.objects)
            shown = 0 if declared or self._is_cut(of_property(shape, "")) else 1
            wanted = max(least, min(int(most), len(result) + self._choices.count(0, 2, shown=shown)))
        for attempt in range(8 * (wanted - len(result)) if wanted > len(result) else 0):
            if len(result) >= wanted:
                return
            try:
                name = self._name(shape, attempt, depth)
                if name not in result and name not in shape.forbidden:
                    result[name] = self.value(of_property(shape, name), depth + 1, name)
            except DeadEndError:
                continue
        if len(result) < least:
            raise DeadEndError

    def _name(self, shape: Shape[Schema], attempt: int, depth: int) -> str:
        choices = self._choices
        if shape.names:
            before, choices.distinct = choices.distinct, attempt
            try:
                made = self.value((*shape.names, _STRING), depth + 1, "key")
            finally:
                choices.distinct = before
            if isinstance(made, str):
                return made
            raise DeadEndError
        word = f"{choices.word('key')}{attempt + 1 if attempt else ''}"
        patterns = [pattern for members in shape.objects for pattern in members.patterns]
        closed = any(members.others is False for members in shape.objects)
        if patterns and (closed or choices.chance(3, 4)):
            pattern = choices.pick(patterns)
            name = matching(pattern, choices, 3)
            longer = f"{name}{word}"  # where the pattern is open at its end
            return longer if matches(pattern, longer) else name
        return word

    def _array(self, shape: Shape[Schema], depth: int, about: str) -> list[Any]:
        least, most = int(shape.bounds.get("minItems", 0)), int(min(shape.bounds.get("maxItems", 1e9), 1e9))
        if least > most:
            raise DeadEndError
        result: list[Any] = []
        seen: set[str] = set()
        wanted = [*shape.contains]
        count = min(most, max(self._count(shape, least, most, depth), len(wanted)))
        for index in range(count):
            schemas = of_item(shape, index)
            if wanted and count - index <= len(wanted):
                schemas = (*schemas, wanted.pop())
            try:
                result.append(
                    self._fresh(schemas, seen, depth, about)
                    if shape.unique
                    else self.value(schemas, depth + 1, about)
                )
            except DeadEndError:
                if index < least or wanted:
                    raise
                break
        return result

    def _count(self, shape: Shape[Schema], least: int, most: int, depth: int) -> int:
        """Choose the number of elements, without those that ``contains`` asks for."""
        if self._is_deep(depth):
            return least
        tuples = [len(array.positions) for array in shape.arrays if array.positions is not None]
        usual = max(tuples) if tuples else least + 3 - min(depth, 2)
        shown = usual if tuples else 1 if shape.arrays else 0
        if self._is_cut(of_item(shape, 0)):
            shown = 0
        return self._choices.count(least, max(least, min(most, usual)), shown=shown)

    def _fresh(self, schemas: tuple[Schema, ...], seen: set[str], depth: int, about: str) -> Any:
        """Make an element that differs from those before."""
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
