"""Contradictions between a handler's types and the document, shown by a value.

A type is tried on values of the document and at the edges of its schemas. What the document accepts and the
type refuses, and what a type writes and the document refuses, is a contradiction.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, get_args, get_origin

from ...errors import RefusedError, shorten
from ...spec.instances import Choices, Edges, Instances, UnsatisfiableError
from ...spec.model.arguments import compile_arguments
from ...spec.schemas import Mismatch
from ..raised import describe_raised
from .finding import Finding
from .incoming import below
from .own_values import own_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...spec.model import Arguments, Spec
    from ...spec.text.document import Node
    from .converter import Converter, Dump
    from .incoming import Taken

_SEEDS = 4
_MOST = 1500  # values near those of all seeds, accepted or not
_LONGEST = 120  # characters of a value in a message
_LONGEST_ERROR = 300
# Keywords that no other number or text in the same structure can satisfy.
_OF_SHAPE = frozenset({"type", "required", "additionalProperties", "enum", "const", "anyOf", "oneOf"})


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
                found = _worst(finding for values in lists for finding in _try(parameter, converter, values))
                found = found or _first(_lost(parameter, converter, values) for values in lists)
                if found is not None:
                    yield found

    def auth(self, converter: Converter, schema: Node) -> Iterator[Finding]:
        """Yield what is wrong with the type of the parameter ``auth``, if anything."""
        check = self._spec.bundle.check(schema)
        values = self._values(schema, check)
        found = _worst(_refused("auth", converter, value, "") for value in values)
        if found is not None:
            yield found

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
        values = list(self._answers(ack, is_tuple=is_tuple))
        pairs = list(_loaded(converter, values))
        if values and not pairs:
            own = list(_loaded(converter, own_values(annotation)))
            return _apart(own, check, converter, by_count=is_tuple and _is_of_fixed_length(annotation))
        first: Finding | None = None
        for dump in converter.dumps:
            refusals = (_refusal(dump, check, *pair) for pair in pairs)
            refusal = next((refusal for refusal in refusals if refusal is not None), None)
            if refusal is None:
                return _beginning_with(dump, converter)
            first = first or _written(converter, *refusal)
        return first or converter.dumps

    def _answers(self, ack: Arguments, *, is_tuple: bool) -> Iterator[Any]:
        """Yield values of an answer, but no null, which a handler answers by returning nothing."""
        for values in self._lists(ack):
            value = list(values) if is_tuple else values[0] if len(values) == 1 else None
            if value is not None:
                yield value

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


def _worst(findings: Iterable[Finding | None]) -> Finding | None:
    """Return the first error, or else the first warning, or None."""
    warning: Finding | None = None
    for finding in findings:
        if finding is not None and finding.is_error:
            return finding
        warning = warning or finding
    return warning


def _attempt(function: Callable[[Any], Any], value: Any) -> tuple[Any, Exception | None]:
    """Call what reads or writes a type, and return its result, or what it or the type's own code raised."""
    try:
        return function(value), None
    except Exception as error:  # noqa: BLE001  # validators are code of a user
        return None, error


def _try(parameter: Taken, converter: Converter, values: Sequence[Any]) -> Iterator[Finding | None]:
    """Yield what is wrong with a parameter, as each argument in one list shows it."""
    end = len(values) if parameter.takes_rest else min(parameter.place + 1, len(values))
    for place in range(parameter.place, end):
        yield _refused(parameter.name, converter, values[place], f"/{place}")


def _refused(parameter: str, converter: Converter, value: Any, at: str) -> Finding | None:
    """Return what to say if a type refuses a value, or None; rules in Python don't count unless they crash."""
    _, error = _attempt(converter.load, value)
    if error is None or isinstance(error, RefusedError):
        return None
    accepted = f"parameter {parameter!r}: the document accepts {_shown(value)}, and {converter.name}"
    if not isinstance(error, converter.errors):
        raised = shorten(describe_raised(error), _LONGEST_ERROR)
        message = f"{accepted} raises {raised}; raise ValueError to refuse a value"
        return Finding(message=message, is_error=False)
    refused = converter.explain(error, value)
    if refused.by_rule:
        return None
    first = below(at, refused)[0]
    message = f"{accepted} refuses it at {first.pointer or '/'}: {first.message}; change one of them"
    return Finding(message=message, is_error=True)


def _lost(parameter: Taken, converter: Converter, values: Sequence[Any]) -> Finding | None:
    """Return a warning about a member of an object that its type drops, or None."""
    if parameter.place >= len(values) or not isinstance(values[parameter.place], dict):
        return None
    value = values[parameter.place]
    back, error = _attempt(lambda read: converter.dumps[0](converter.load(read)), value)
    if error is not None:
        return None
    lost = [
        name for name in value if isinstance(back, dict) and name not in back and name != Edges.UNDECLARED
    ]
    if not lost:
        return None
    message = f"parameter {parameter.name!r}: {converter.name} drops {lost[0]!r}, which the document accepts; add it to the type"
    return Finding(message=message, is_error=False)


def _loaded(converter: Converter, values: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield values, each with the object that it stands for; those that the type refuses are left out."""
    for value in values:
        loaded, error = _attempt(converter.load, value)
        if error is None:
            yield value, loaded


def _apart(
    pairs: Sequence[tuple[Any, Any]],
    check: Callable[[Any], object],
    converter: Converter,
    *,
    by_count: bool,
) -> Sequence[Dump] | Finding:
    """Return how answers are written if no value of the document is of the type, or what is wrong.

    A narrower type, such as a UUID for any text, is no contradiction. If the document refuses every value of the
    type for its shape, no answer can ever match. The number of arguments belongs to the shape `by_count`.
    """
    first: Finding | None = None
    for dump in converter.dumps:
        refusals = [_refusal(dump, check, *pair) for pair in pairs]
        if not all(
            refusal is not None and _is_by_shape(refusal[1], by_count=by_count) for refusal in refusals
        ):
            return _beginning_with(dump, converter)
        first = first or _first(refusal and _written(converter, *refusal) for refusal in refusals)
    return first or converter.dumps


def _beginning_with(dump: Dump, converter: Converter) -> Sequence[Dump]:
    return [dump, *(other for other in converter.dumps if other is not dump)]


def _is_by_shape(mismatch: Mismatch, *, by_count: bool) -> bool:
    return any(
        violation.keyword in _OF_SHAPE
        or (by_count and violation.pointer == "" and violation.keyword in {"minItems", "maxItems"})
        for violation in mismatch.violations
    )


def _is_of_fixed_length(annotation: Any) -> bool:
    """Return whether all values of a type of tuples have the same number of elements."""
    if get_origin(annotation) is tuple:
        return Ellipsis not in get_args(annotation)
    return hasattr(annotation, "_fields")  # a named tuple


def _refusal(
    dump: Dump, check: Callable[[Any], object], value: Any, loaded: Any
) -> tuple[Any, Mismatch] | None:
    """Return how an answer that was read is written again and why the document refuses that, or None."""
    written, error = _attempt(dump, loaded)
    if error is not None:
        return None
    try:
        check(written if isinstance(value, list) and isinstance(loaded, tuple) else [written])
    except Mismatch as mismatch:
        return written, mismatch
    return None


def _written(converter: Converter, written: Any, mismatch: Mismatch) -> Finding:
    first = mismatch.violations[0]
    return Finding(
        message=f"the answer: {converter.name} writes {_shown(written)}, and the document refuses it at"
        f" {first.pointer or '/'}: {first.message}; change one of them",
        is_error=True,
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda _: "<bytes>")
    return shorten(text, _LONGEST)
