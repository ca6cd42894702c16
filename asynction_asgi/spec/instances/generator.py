"""Values that the contract accepts: built from the compiled schemas, checked, and built anew where they miss."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from ..arguments import compile_arguments
from ..document import Node
from ..examples import declared_examples
from ..schemas import Mismatch, compile_bundle
from ..schemas.normalise import AT
from .flat import DeadEndError, Flattener
from .numbers import number
from .texts import FORMATS, matches, matching, plain, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..model import Arguments, Event, Spec
    from ..schemas import Check
    from ..schemas.normalise import Schema
    from .choices import Choices
    from .flat import Flat

__all__ = ["Instances", "UnsatisfiableError"]

# Whole instances, parts of one that may miss, and parts altogether, before a schema is given up.
_ATTEMPTS = 40
_LOCAL_ATTEMPTS = 12
_PARTS = 20_000
# Below this depth, and after this many parts, only what is required is made.
_DEEP = 5
_MANY = 120
_ALL_TYPES = ("string", "integer", "boolean", "number", "null", "object", "array")
# What a value built from keywords may miss.
_RISKY = frozenset({"oneOf", "anyOf", "not", "if", "contains", "dependencies", "patternProperties", "propertyNames", "uniqueItems"})  # fmt: skip
_INNER = ("properties", "patternProperties")


class UnsatisfiableError(Exception):
    """No value was found that a schema accepts; `node` is the schema."""

    def __init__(self, node: Node) -> None:
        self.node = node
        super().__init__(f"no value was found that the schema at {node.pointer or '/'} accepts")


class Instances:
    """Makes instances of the schemas of a contract.

    Args:
        spec: The contract.
        formats: Texts for formats, before those that are known here; a format of any name.
        examples: Whether examples and defaults of the author come first.
    """

    def __init__(
        self,
        spec: Spec,
        *,
        formats: Callable[[str], Callable[[], Any] | None] | None = None,
        examples: bool = True,
    ) -> None:
        self._spec = spec
        self._flattener = Flattener(spec.bundle.definitions)
        self._formats = formats
        self._faker: dict[str, Callable[[], Any] | None] = {}
        self._authored = examples
        self._checks = self._compile_checks()
        self._examples: dict[int, list[Any]] = {}
        self._accepted: dict[int, Callable[[Sequence[Any]], object]] = {}
        self._declared: dict[int, list[tuple[Any, ...]]] = {}

    def event(self, event: Event, choices: Choices) -> tuple[Any, ...]:
        """Arguments of an event: one of its own examples, else made.

        Raises:
            UnsatisfiableError: its schema admits none.
        """
        if self._authored:
            known = self._declared.get(id(event))
            if known is None:
                known = [values for _, values in declared_examples(event, self._spec)]
                self._declared[id(event)] = known
            if known:
                return choices.pick(known)
        return self.arguments(event.arguments, choices)

    def arguments(self, arguments: Arguments, choices: Choices) -> tuple[Any, ...]:
        """A list of arguments; the empty one where the document leaves it open.

        Raises:
            UnsatisfiableError: the schema admits none.
        """
        if arguments.kind == "union":
            return self._one_of(arguments.of, choices)
        if arguments.kind not in ("single", "positional") or arguments.schema is None:
            return ()
        accept = self._accepted.get(id(arguments))
        if accept is None:
            accept = self._accepted[id(arguments)] = compile_arguments(arguments, self._spec.bundle)
        schema = self._spec.bundle.definition(arguments.schema)
        schemas: tuple[Schema, ...] = (schema,)
        if arguments.kind == "positional":
            counts = {"minItems": arguments.minimum}
            if arguments.maximum is not None:
                counts["maxItems"] = arguments.maximum
            schemas = (schema, {"type": ["array"], **counts})
        for _ in range(_ATTEMPTS):
            try:
                value = _Build(self, choices).value(schemas, 0)
                values = value if arguments.kind == "positional" else [value]
                accept(values)
            except (DeadEndError, Mismatch, RecursionError):
                continue
            return tuple(values)
        raise UnsatisfiableError(arguments.schema)

    def _one_of(self, alternatives: Sequence[Arguments], choices: Choices) -> tuple[Any, ...]:
        left = list(alternatives)
        while True:
            one = choices.pick(left)
            try:
                return self.arguments(one, choices)
            except UnsatisfiableError:
                left.remove(one)
                if not left:
                    raise

    def examples(self, schema: Schema) -> list[Any]:
        """What the author wrote as examples of one schema, as far as it holds."""
        if not self._authored or not isinstance(schema, dict):
            return []
        known = self._examples.get(id(schema))
        if known is None:
            node = schema.get(AT)
            value = node.value if isinstance(node, Node) and isinstance(node.value, dict) else {}
            listed = value.get("examples")
            found = list(listed) if isinstance(listed, list) else []
            if "default" in value:
                found.append(value["default"])
            check = self._checks.get(id(schema))
            known = [one for one in found if check is None or _passes(check, one)]
            self._examples[id(schema)] = known
        return known

    def check_of(self, schema: Schema) -> Check | None:
        """The check of a schema whose keywords alone don't make sure that a value holds."""
        return self._checks.get(id(schema))

    def text(self, name: str, choices: Choices) -> Any:
        """A text of a format; None for a format that says nothing."""
        if self._formats is not None and name not in FORMATS:
            if name not in self._faker:
                self._faker[name] = self._formats(name)
            provide = self._faker[name]
            if provide is not None:
                return provide()
        make = FORMATS.get(name)
        return None if make is None else make(choices)

    @property
    def flattener(self) -> Flattener:
        """Makes one schema of several."""
        return self._flattener

    def _compile_checks(self) -> dict[int, Check]:
        """Checks of those schemas, wherever they stand, that a value built from keywords may miss."""
        risky = [
            (schema, node)
            for schema in _places(self._spec.bundle.definitions.values())
            if isinstance(node := schema.get(AT), Node) and self._is_risky(schema, 0)
        ]
        bundle, _ = compile_bundle({node.identity: node for _, node in risky}.values(), self._spec.resolver)
        return {id(schema): bundle.check(node) for schema, node in risky}

    def _is_risky(self, schema: Schema, chain: int) -> bool:
        schema = self._flattener.follow(schema)
        if not isinstance(schema, dict) or chain > 20:
            return False
        node = schema.get(AT)
        written = node.value if isinstance(node, Node) and isinstance(node.value, dict) else {}
        if schema.keys() & _RISKY or written.keys() & {"examples", "default"}:
            return True
        if len(schema.keys() & {"pattern", "format", "minLength", "maxLength"}) > 1:
            return True
        return any(self._is_risky(one, chain + 1) for one in schema.get("allOf", ()))


def _places(schemas: Iterable[Schema]) -> Iterator[dict[str, Any]]:
    """Every schema that a value of its own is made for, within others too."""
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        yield schema
        for keyword in _INNER:
            waiting += schema.get(keyword, {}).values()
        for keyword in ("additionalProperties", "propertyNames", "items", "additionalItems", "contains", "if", "then", "else"):  # fmt: skip
            held = schema.get(keyword)
            waiting += held if isinstance(held, list) else [] if held is None else [held]
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += schema.get(keyword, ())


def _passes(check: Check, value: Any) -> bool:
    try:
        check(value)
    except Mismatch:
        return False
    return True


class _Build:
    """One instance in the making."""

    __slots__ = ("_choices", "_flatten", "_makes", "_owner", "_parts")

    def __init__(self, owner: Instances, choices: Choices) -> None:
        self._owner = owner
        self._choices = choices
        self._flatten = owner.flattener
        self._parts = 0
        self._makes: Mapping[str, Callable[[Flat, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "binary": self._binary,
            "integer": lambda flat, _: number(flat, self._choices, whole=True),
            "number": lambda flat, _: number(flat, self._choices, whole=False),
            "boolean": lambda _, __: self._choices.chance(1, 2),
            "null": lambda _, __: None,
        }

    def value(self, schemas: tuple[Schema, ...], depth: int) -> Any:
        """A value for all of `schemas`, which passes those of their checks that are needed.

        Raises:
            DeadEndError: none was found.
        """
        follow = self._flatten.follow
        schemas = tuple([follow(one) for one in schemas])
        if schemas:
            examples = self._owner.examples(schemas[0])
            if examples and len(schemas) == 1:
                return copy.deepcopy(self._choices.pick(examples))
        checks = [check for one in schemas if (check := self._owner.check_of(one)) is not None]
        for _ in range(_LOCAL_ATTEMPTS):
            self._parts += 1
            if self._parts > _PARTS:
                break
            try:
                value = self._make(schemas, depth)
                for check in checks:
                    check(value)
            except Mismatch:
                continue
            except DeadEndError:
                if not checks:
                    raise
                continue
            return value
        raise DeadEndError

    def _make(self, schemas: tuple[Schema, ...], depth: int) -> Any:
        flat = self._flatten.flatten(schemas, self._choices, shallow=self._is_deep(depth))
        if flat.values is not None:
            return copy.deepcopy(self._choices.pick(flat.values))
        kind = self._kind(flat, depth)
        if kind == "object" and flat.dependencies:
            flat = copy.copy(flat)
            flat.required, flat.objects = dict(flat.required), [*flat.objects]
            flat.bounds, flat.arrays, flat.names = dict(flat.bounds), [*flat.arrays], [*flat.names]
        return self._makes[kind](flat, depth)

    def _is_deep(self, depth: int) -> bool:
        return depth > _DEEP or self._parts > _MANY

    def _kind(self, flat: Flat, depth: int) -> str:
        if flat.types is None:
            return flat.kinds[0] if flat.kinds else self._choices.pick(_ALL_TYPES[:5])
        admitted = sorted(flat.types)
        if len(admitted) > 1 and self._is_deep(depth):
            admitted = [one for one in admitted if one not in ("object", "array")] or admitted
        return self._choices.pick(admitted)

    def _object(self, flat: Flat, depth: int) -> dict[str, Any]:
        least, most = int(flat.bounds.get("minProperties", 0)), flat.bounds.get("maxProperties", 1e9)
        names = dict(flat.required)
        self._depend(flat, names)
        optional = [name for one in flat.objects for name in one.get("properties", ()) if name not in names]
        for name in dict.fromkeys(optional):
            if (
                len(names) < most
                and name not in flat.forbidden
                and (len(names) < least or (not self._is_deep(depth) and self._choices.chance(3, 4 + depth)))
            ):
                names[name] = None
        self._depend(flat, names)
        result: dict[str, Any] = {}
        for name in names:
            if name in flat.forbidden:
                raise DeadEndError
            try:
                result[name] = self.value(_of_property(flat, name), depth + 1)
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
            wanted = max(least, min(int(most), len(result) + self._choices.integer(0, 2)))
        for attempt in range(4 * (wanted - len(result)) if wanted > len(result) else 0):
            if len(result) >= wanted:
                return
            try:
                name = self._name(flat, attempt, depth)
                if name not in result and name not in flat.forbidden:
                    result[name] = self.value(_of_property(flat, name), depth + 1)
            except DeadEndError:
                continue
        if len(result) < least:
            raise DeadEndError

    def _name(self, flat: Flat, attempt: int, depth: int) -> str:
        if flat.names:
            made = self.value((*flat.names, {"type": ["string"]}), depth + 1)
            if isinstance(made, str):
                return made
            raise DeadEndError
        patterns = [pattern for one in flat.objects for pattern in one.get("patternProperties", ())]
        if patterns and self._choices.chance(3, 4):
            pattern = self._choices.pick(patterns)
            name = matching(pattern, self._choices, 3)
            longer = f"{name}{word(self._choices)}"  # where the pattern is open at its end
            return longer if matches(pattern, longer) else name
        return f"{word(self._choices)}{attempt or ''}"

    def _array(self, flat: Flat, depth: int) -> list[Any]:
        least, most = int(flat.bounds.get("minItems", 0)), int(min(flat.bounds.get("maxItems", 1e9), 1e9))
        if least > most:
            raise DeadEndError
        deep = self._is_deep(depth)
        tuples = [len(one["items"]) for one in flat.arrays if isinstance(one["items"], list)]
        usual = max(tuples) if tuples else least + 3 - min(depth, 2)
        count = least if deep else self._choices.integer(least, max(least, min(most, usual)))
        result: list[Any] = []
        seen: set[str] = set()
        wanted = [*flat.contains]
        count = min(most, max(count, len(wanted)))
        for index in range(count):
            schemas = _of_item(flat, index)
            if wanted and count - index <= len(wanted):
                schemas = (*schemas, wanted.pop())
            try:
                result.append(
                    self._fresh(schemas, seen, depth) if flat.unique else self.value(schemas, depth + 1)
                )
            except DeadEndError:
                if index < least or wanted:
                    raise
                break
        return result

    def _fresh(self, schemas: tuple[Schema, ...], seen: set[str], depth: int) -> Any:
        """An element that is none of those before."""
        for _ in range(20):
            value = self.value(schemas, depth + 1)
            key = json.dumps(value, sort_keys=True, default=repr)
            if key not in seen:
                seen.add(key)
                return value
        raise DeadEndError

    def _string(self, flat: Flat, depth: int) -> Any:  # noqa: ARG002 -- as its siblings
        least, most = int(flat.bounds.get("minLength", 0)), int(min(flat.bounds.get("maxLength", 1e6), 1e6))
        if least > most:
            raise DeadEndError
        choices = self._choices
        if flat.patterns:
            for attempt in range(60):
                text = matching(flat.patterns[0], choices, max(1, least) if attempt % 2 else 1 + attempt // 4)
                if len(text) < least:  # where the pattern is open at an end, what follows is free
                    text += plain(choices, least - len(text), least - len(text))
                if least <= len(text) <= most and all(matches(one, text) for one in flat.patterns):
                    return text
            raise DeadEndError
        for name in flat.formats:
            text = self._owner.text(name, choices)
            if text is not None:
                return text
        return plain(choices, least, most)

    def _binary(self, flat: Flat, depth: int) -> bytes:  # noqa: ARG002 -- as its siblings
        least = int(flat.bounds.get("minLength", 0))
        most = int(min(flat.bounds.get("maxLength", least + 8), least + 8))
        if least > most:
            raise DeadEndError
        return bytes(self._choices.integer(0, 255) for _ in range(self._choices.integer(least, most)))


def _of_property(flat: Flat, name: str) -> tuple[Schema, ...]:
    found: list[Schema] = []
    for one in flat.objects:
        matched = [one["properties"][name]] if name in one.get("properties", ()) else []
        patterns = one.get("patternProperties")
        if patterns:
            matched += [schema for pattern, schema in patterns.items() if matches(pattern, name)]
        found += matched or ([one["additionalProperties"]] if "additionalProperties" in one else [])
    return tuple(found)


def _of_item(flat: Flat, index: int) -> tuple[Schema, ...]:
    found: list[Schema] = []
    for one in flat.arrays:
        items = one["items"]
        if not isinstance(items, list):
            found.append(items)
        elif index < len(items):
            found.append(items[index])
        elif "additionalItems" in one:
            found.append(one["additionalItems"])
    return tuple(found)
