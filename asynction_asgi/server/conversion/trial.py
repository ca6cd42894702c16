"""Contradictions between a handler's types and the document, shown by a value.

A type is tried on values of the document and at the edges of its schemas. What the document accepts and the
type refuses, and what a type writes and the document refuses, is a contradiction.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, get_origin

from ...errors import shorten
from ...spec.instances import Choices, Edges, Instances, UnsatisfiableError
from ...spec.model.arguments import compile_arguments
from ...spec.schemas import Mismatch
from .finding import Finding
from .incoming import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...spec.model import Arguments, Spec
    from ...spec.text.document import Node
    from .converter import Converter, Dump
    from .incoming import Taken

_SEEDS = 4
_MOST = 1500  # values near those of all seeds, accepted or not
_LONGEST = 120  # characters of a value in a message


class Trial:
    """Tries types on the values of one contract."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._instances = Instances(spec, examples=False)
        # Handlers often answer what others take.
        self._known: dict[tuple[Any, ...], list[Sequence[Any]]] = {}

    def parameters(self, taken: Sequence[Taken], arguments: Arguments) -> Iterator[Finding]:
        """Yield what is wrong with the parameters of a handler, at most one finding for each."""
        for parameter in taken:
            converter = parameter.converter
            if converter is not None:
                lists = self._lists(arguments)
                found = _first(_try(parameter, converter, values) for values in lists)
                found = found or _first(_lost(parameter, converter, values) for values in lists)
                if found is not None:
                    yield found

    def auth(self, converter: Converter, schema: Node) -> Iterator[Finding]:
        """Yield what is wrong with the type of the parameter ``auth``, if anything."""
        check = self._spec.bundle.check(schema)
        for value in self._values(schema, check):
            message = _refused(converter, value, "")
            if message is not None:
                yield Finding(message=f"parameter 'auth': {message}", is_error=True)
                return

    def answer(self, annotation: Any, converter: Converter, ack: Arguments) -> Sequence[Dump] | Finding:
        """Return how answers are written, the best way first, or what is wrong.

        Args:
            annotation: Of the handler's return value.
            converter: Its converter.
            ack: What the document declares of the answer.
        """
        check = compile_arguments(ack, self._spec.bundle)
        is_tuple = get_origin(annotation) is tuple or (
            isinstance(annotation, type) and issubclass(annotation, tuple)
        )
        pairs = list(self._loaded(converter, ack, is_tuple=is_tuple))
        shown = next((pair for pair in pairs if pair[1] is not None), None)
        if pairs and shown is None:
            return Finding(
                message=f"the answer: no value that the document accepts, such as {_shown(pairs[0][0])}, is a"
                f" {converter.name}; change one of them",
                is_error=True,
            )
        first: Finding | None = None
        for dump in converter.dumps:
            found = _first(_back(dump, check, converter, *pair) for pair in pairs)
            if found is None:
                return [dump, *(other for other in converter.dumps if other is not dump)]
            first = first or found
        return first or converter.dumps

    def _loaded(self, converter: Converter, ack: Arguments, *, is_tuple: bool) -> Iterator[tuple[Any, Any]]:
        """Yield values of an answer, each with the object that it stands for or None."""
        for values in self._lists(ack):
            if not is_tuple and len(values) != 1:
                continue
            value = list(values) if is_tuple else values[0]
            if value is None:
                continue
            try:
                yield value, converter.load(value)
            except converter.errors:
                yield value, None

    def _lists(self, arguments: Arguments) -> list[Sequence[Any]]:
        """Return lists of arguments that the document accepts."""
        node = arguments.schema
        if node is None:
            return list(self._made(arguments))
        key = node.identity, arguments.kind, arguments.minimum, arguments.maximum
        if key not in self._known:
            self._known[key] = list(self._made(arguments))
        return self._known[key]

    def _made(self, arguments: Arguments) -> Iterator[Sequence[Any]]:
        if arguments.kind == "union":
            for alternative in arguments.of:
                yield from self._lists(alternative)
        elif arguments.kind in ("single", "positional") and arguments.schema is not None:
            check, is_list = compile_arguments(arguments, self._spec.bundle), arguments.kind == "positional"
            accept: Callable[[Any], object] = check if is_list else lambda value: check([value])
            for value in self._values(arguments.schema, accept, arguments):
                yield value if is_list else [value]

    def _values(
        self, schema: Node, check: Callable[[Any], object], arguments: Arguments | None = None
    ) -> Iterator[Any]:
        """Yield values of a schema that are accepted: some at random, then those at the edges."""
        drawn: list[Any] = []
        for seed in range(_SEEDS):
            choices = Choices.seeded(seed)
            try:
                if arguments is None:
                    drawn.append(self._instances.value(schema, choices))
                else:
                    values = self._instances.arguments(arguments, choices)
                    drawn.append(list(values) if arguments.kind == "positional" else values[0])
            except UnsatisfiableError:
                break
        yield from drawn
        edges = Edges(self._instances)
        near = (edge for value in drawn for edge in edges.of(value, (self._spec.bundle.definition(schema),)))
        for value in itertools.islice(near, _MOST):
            try:
                check(value)
            except Mismatch:
                continue
            yield value


def _first(findings: Iterable[Finding | None]) -> Finding | None:
    return next((finding for finding in findings if finding is not None), None)


def _try(parameter: Taken, converter: Converter, values: Sequence[Any]) -> Finding | None:
    """Return what is wrong with a parameter, as one list of arguments shows it."""
    end = len(values) if parameter.takes_rest else min(parameter.place + 1, len(values))
    for place in range(parameter.place, end):
        message = _refused(converter, values[place], f"/{place}")
        if message is not None:
            return Finding(message=f"parameter {parameter.name!r}: {message}", is_error=True)
    return None


def _refused(converter: Converter, value: Any, at: str) -> str | None:
    """Return what to say if a type refuses a value, or None; rules in Python don't count."""
    try:
        converter.load(value)
    except converter.errors as error:
        refused = converter.explain(error, value)
        if refused.by_rule:
            return None
        first = below(at, refused)[0]
        return (
            f"the document accepts {_shown(value)}, and {converter.name} refuses it at"
            f" {first.pointer or '/'}: {first.message}; change one of them"
        )
    return None


def _lost(parameter: Taken, converter: Converter, values: Sequence[Any]) -> Finding | None:
    """Return a warning about a member of an object that its type drops, or None."""
    if parameter.place >= len(values) or not isinstance(values[parameter.place], dict):
        return None
    value = values[parameter.place]
    try:
        back = converter.dumps[0](converter.load(value))
    except (*converter.errors, *converter.dump_errors):
        return None
    lost = [
        name for name in value if isinstance(back, dict) and name not in back and name != Edges.UNDECLARED
    ]
    if not lost:
        return None
    message = f"parameter {parameter.name!r}: {converter.name} drops {lost[0]!r}, which the document accepts; add it to the type"
    return Finding(message=message, is_error=False)


def _back(
    dump: Dump, check: Callable[[Any], object], converter: Converter, value: Any, loaded: Any
) -> Finding | None:
    """Return what is wrong with an answer that was read and is written again, or None."""
    if loaded is None:
        return None
    try:
        written = dump(loaded)
        check(written if isinstance(value, list) and isinstance(loaded, tuple) else [written])
    except Mismatch as mismatch:
        first = mismatch.violations[0]
        return Finding(
            message=f"the answer: {converter.name} writes {_shown(written)}, and the document refuses it at"
            f" {first.pointer or '/'}: {first.message}; change one of them",
            is_error=True,
        )
    except converter.dump_errors:
        return None
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda _: "<bytes>")
    return shorten(text, _LONGEST)
