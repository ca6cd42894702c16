"""Values that the contract accepts: built from the compiled schemas, checked, and rebuilt if they miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.arguments import compile_arguments
from ..readers.examples import declared_examples
from ..schemas import Mismatch, compile_bundle
from ..schemas.definitions import AT, places
from ..text.document import Node
from .build import Build
from .failures import Failures
from .selection import DeadEndError, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Arguments, Event, Spec
    from ..schemas import Check
    from ..schemas.definitions import Schema
    from .choices import Choices
    from .strings import Providers

# Whole instances before a schema is given up.
_ATTEMPTS = 40
# What a value built from keywords may miss.
_RISKY = frozenset({"oneOf", "anyOf", "not", "if", "contains", "dependencies", "patternProperties", "propertyNames", "uniqueItems", "unevaluatedProperties", "unevaluatedItems"})  # fmt: skip
_NONE = object()


class UnsatisfiableError(Exception):
    """No value was found that a schema accepts; `node` is the schema."""

    def __init__(self, node: Node) -> None:
        self.node = node
        super().__init__(f"no value was found that the schema at {node.pointer or '/'} accepts")


class Instances:
    """Makes instances of the schemas of a contract.

    Args:
        spec: The contract.
        providers: Texts for formats that are not known here, and for properties by their name.
        examples: Whether examples and defaults of the author come first.
    """

    def __init__(self, spec: Spec, *, providers: Providers | None = None, examples: bool = True) -> None:
        self.providers = providers
        self.selector = Selector(spec.bundle.definitions)
        self._spec = spec
        self._authored = examples
        self._checks = self._compile_checks()
        self._examples: dict[int, list[Any]] = {}
        # By what they are of; an id is that of one object while it lives, so what is known is kept with it.
        self._readings: dict[int, tuple[tuple[Schema, ...], Callable[[Sequence[Any]], object]]] = {}
        self._declared: dict[int, list[tuple[Any, ...]]] = {}
        self._kept: list[Event | Arguments | Schema] = []

    def event(self, event: Event, choices: Choices) -> tuple[Any, ...]:
        """Make the arguments of an event, or take one of its own examples.

        Raises:
            UnsatisfiableError: The schema admits no value.
        """
        if self._authored:
            known = self._declared.get(id(event))
            if known is None:
                known = [values for _, values in declared_examples(event, self._spec)]
                self._declared[id(event)] = known
                self._kept.append(event)
            if known:
                return choices.pick(known)
        return self.arguments(event.arguments, choices)

    def arguments(
        self, arguments: Arguments, choices: Choices, *, small: bool = False, also: Schema = True
    ) -> tuple[Any, ...]:
        """Make a list of arguments; an empty one if the document leaves it open.

        Args:
            arguments: What the list must be.
            choices: Those that are taken.
            small: Make only what is required, in a fraction of the time.
            also: What a single argument, or else the whole list, should meet as well. It guides the
                making and is not checked.

        Raises:
            UnsatisfiableError: The schema admits no value.
        """
        if arguments.kind == "union":
            return self._one_of(arguments.of, choices, small=small)
        if arguments.kind not in ("single", "positional") or arguments.schema is None:
            return ()
        schemas, accept = self._reading(arguments, arguments.schema)
        schemas = self._with(schemas, also)
        is_list = arguments.kind == "positional"
        value = self._search(
            schemas, lambda value: accept(value if is_list else [value]), choices, small=small
        )
        if value is _NONE:
            raise UnsatisfiableError(arguments.schema)
        return tuple(value) if is_list else (value,)

    def value(self, schema: Node, choices: Choices, *, small: bool = False, also: Schema = True) -> Any:
        """Make a value of a schema that the contract checks by itself, such as the auth of a handshake.

        `small` and `also` are as in `arguments`.

        Raises:
            UnsatisfiableError: The schema admits no value.
            KeyError: The contract doesn't check it.
        """
        bundle = self._spec.bundle
        schemas = self._with((bundle.definition(schema),), also)
        value = self._search(schemas, bundle.check(schema), choices, small=small)
        if value is _NONE:
            raise UnsatisfiableError(schema)
        return value

    def _with(self, schemas: tuple[Schema, ...], also: Schema) -> tuple[Schema, ...]:
        if also is True:
            return schemas
        self._kept.append(also)
        return (*schemas, also)

    def _search(
        self,
        schemas: tuple[Schema, ...],
        accept: Callable[[Any], object],
        choices: Choices,
        *,
        small: bool = False,
    ) -> Any:
        """Search for a value that is accepted; return `_NONE` if none was found."""
        failures = Failures()
        try:
            for attempt in range(_ATTEMPTS):
                choices.attempt = attempt
                if small and attempt == _ATTEMPTS // 2:
                    small, failures = False, Failures()  # what has no small value may have a larger one
                try:
                    value = Build(self, choices, failures, small=small).value(schemas)
                    accept(value)
                except (DeadEndError, Mismatch, RecursionError):
                    continue
                return value
        finally:
            choices.attempt = 0
        return _NONE

    def _reading(
        self, arguments: Arguments, node: Node
    ) -> tuple[tuple[Schema, ...], Callable[[Sequence[Any]], object]]:
        """Return the schemas of a single argument or of the whole list, and the check of the list."""
        known = self._readings.get(id(arguments))
        if known is None:
            schemas: tuple[Schema, ...] = (self._spec.bundle.definition(node),)
            if arguments.kind == "positional":
                counts = {"minItems": arguments.minimum}
                if arguments.maximum is not None:
                    counts["maxItems"] = arguments.maximum
                schemas = (*schemas, {"type": ["array"], **counts})
            known = self._readings[id(arguments)] = (schemas, compile_arguments(arguments, self._spec.bundle))
            self._kept.append(arguments)
        return known

    def _one_of(self, alternatives: Sequence[Arguments], choices: Choices, *, small: bool) -> tuple[Any, ...]:
        left = list(alternatives)
        while True:
            alternative = choices.pick(left)
            try:
                return self.arguments(alternative, choices, small=small)
            except UnsatisfiableError:
                left.remove(alternative)
                if not left:
                    raise

    def examples(self, schema: Schema) -> list[Any]:
        """Return the author's examples of one schema that the schema accepts."""
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
            known = [example for example in found if check is None or _passes(check, example)]
            self._examples[id(schema)] = known
        return known

    def check_of(self, schema: Schema) -> Check | None:
        """Return the check of a schema whose keywords alone don't ensure a valid value, or None."""
        return self._checks.get(id(schema))

    def _compile_checks(self) -> dict[int, Check]:
        """Compile the checks of all schemas that a value built from keywords may miss."""
        known: dict[int, bool] = {}
        risky = [
            (schema, node)
            for schema in places(self._spec.bundle.definitions.values())
            if isinstance(node := schema.get(AT), Node) and self._is_risky(schema, known)
        ]
        bundle, _ = compile_bundle(
            {node.identity: node for _, node in risky}.values(), self._spec.resolver, backend="fastjsonschema"
        )
        return {id(schema): bundle.check(node) for schema, node in risky}

    def _is_risky(self, schema: Schema, known: dict[int, bool]) -> bool:
        schema = self.selector.follow(schema)
        if not isinstance(schema, dict):
            return False
        if id(schema) not in known:
            known[id(schema)] = False  # while those that it consists of are looked at
            node = schema.get(AT)
            written = node.value if isinstance(node, Node) and isinstance(node.value, dict) else {}
            known[id(schema)] = bool(
                schema.keys() & _RISKY or written.keys() & {"examples", "default"}
            ) or any(self._is_risky(branch, known) for branch in schema.get("allOf", ()))
        return known[id(schema)]


def _passes(check: Check, value: Any) -> bool:
    try:
        check(value)
    except Mismatch:
        return False
    return True
