"""Handlers whose annotations ask for conversion, bound to the document."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ...callables import name_function
from ...errors import printable
from ...spec.model.coercion import declared_types
from ..signatures import UnbindableError
from .annotations import UNRESOLVED, return_annotation
from .choosing import converter_of
from .converter import UnsupportedError
from .finding import Finding
from .incoming import Loader, load_auth, read_parameter, read_taken
from .outgoing import dump_by

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Iterable, Iterator

    from ...errors import Diagnostic
    from ...spec.model import Arguments, Event, Namespace, Spec
    from ...spec.text.document import Node
    from ..bound_handler import BoundHandler, CallWith, Invoke
    from ..socket import Socket
    from .incoming import ArgumentsCheck, Taken
    from .trial import Trial


_PLAIN = {
    int: {"integer", "number"},
    float: {"integer", "number"},
    str: {"string"},
    bool: {"boolean"},
    dict: {"object"},
    list: {"array"},
}


class TypedHandlers:
    """Gives handlers the conversions that their annotations ask for; others stay as they are.

    Args:
        spec: The contract, as it is served.
        check_types: Whether types are tried on values of the document.
    """

    def __init__(self, spec: Spec, *, check_types: bool) -> None:
        self._spec = spec
        self._check_types = check_types

    @cached_property
    def _trial(self) -> Trial:
        from .trial import Trial  # noqa: PLC0415  # makes instances of schemas

        return Trial(self._spec)

    def convert(
        self, bound: BoundHandler, event: Event, check: ArgumentsCheck | None, node: Node, *, named: bool
    ) -> tuple[BoundHandler, list[Diagnostic]]:
        """Return the handler of an event with its conversions, and what is wrong with its types.

        Args:
            bound: The handler.
            event: The event.
            check: The contract's check of the arguments, or None.
            node: Where the findings belong.
            named: Whether the handler receives the event's name before the arguments.

        Raises:
            UnbindableError: No library that is installed can convert a type.
        """
        try:
            taken = read_taken(bound.function, bound.taken, named=named)
            returned = return_annotation(bound.function)
            answer = None if returned is UNRESOLVED else converter_of(returned)
        except UnsupportedError as error:
            raise UnbindableError(str(error)) from None
        found = [
            *_unresolved(taken),
            *(_of_other_types(taken, event.arguments, self._spec) if not named else ()),
        ]
        if any(parameter.converter is not None for parameter in taken):
            if self._check_types and not named:
                found += self._trial.parameters(taken, event.arguments)
            loader = Loader(event.name, taken, None if named else check, offset=1 if named else 0)
            bound = replace(
                bound,
                invoke=_loading(bound.invoke, loader),
                call_with=_loading_with(bound.call_with, loader),
            )
        if answer is not None:
            dumps = answer.dumps
            if self._check_types and not named and event.ack is not None:
                outcome = self._trial.answer(returned, answer, event.ack)
                if isinstance(outcome, Finding):
                    found.append(outcome)
                else:
                    dumps = outcome
            bound = replace(bound, writes=[partial(dump_by, write, answer.dump_errors) for write in dumps])
        return bound, list(_diagnostics(found, bound.function, node))

    def reading_auth(
        self, function: Callable[..., Any], declared: Namespace, found: list[Diagnostic]
    ) -> Callable[[inspect.Parameter], Callable[[Socket], Any] | None]:
        """Return what makes a reader of the auth for a parameter of a connect handler.

        The reader is None if the parameter takes the auth unchanged; what is wrong with its type is added to
        `found`. It raises UnbindableError if no library that is installed can convert the type.
        """

        def read_by(parameter: inspect.Parameter) -> Callable[[Socket], Any] | None:
            try:
                taken = read_parameter(function, parameter)
            except UnsupportedError as error:
                raise UnbindableError(str(error)) from None
            findings = [*_unresolved([taken])]
            schema = declared.handshake.auth
            if taken.converter is not None and self._check_types and schema is not None:
                findings += self._trial.auth(taken.converter, schema)
            found.extend(_diagnostics(findings, function, declared.node))
            return None if taken.converter is None else partial(load_auth, taken.converter)

        return read_by


def _loading(invoke: Invoke, loader: Loader) -> Invoke:
    load = loader.load
    return lambda socket, arguments, wants_ack=False, /: invoke(socket, load(socket, arguments), wants_ack)


def _loading_with(call_with: CallWith, loader: Loader) -> CallWith:
    load = loader.load
    return lambda socket, arguments, extra: call_with(socket, load(socket, arguments), extra)


def _of_other_types(taken: Iterable[Taken], arguments: Arguments, spec: Spec) -> Iterator[Finding]:
    """Yield a warning for each parameter of a plain type whose argument is declared to be of others."""
    for parameter in taken:
        wanted = _PLAIN.get(parameter.annotation) if isinstance(parameter.annotation, type) else None
        schema = _schema_at(arguments, parameter.place)
        if wanted is None or schema is None:
            continue
        declared = declared_types(schema, spec.resolver)
        if declared and declared.isdisjoint(wanted):
            yield Finding(
                message=f"parameter {parameter.name!r} is annotated {parameter.annotation.__name__}, and the document"
                f" declares {' or '.join(sorted(declared))}; change one of them",
                is_error=False,
            )


def _schema_at(arguments: Arguments, place: int) -> Node | None:
    """Return the schema of the argument at a place, or None if it is not that simple."""
    if arguments.kind == "single":
        return arguments.schema if place == 0 else None
    if arguments.kind != "positional" or arguments.schema is None:
        return None
    for keyword in ("prefixItems", "items"):
        listed = arguments.schema.value.get(keyword)
        if isinstance(listed, list) and place < len(listed):
            return arguments.schema.child(keyword).child(place)
    return None


def _unresolved(taken: Iterable[Taken]) -> Iterator[Finding]:
    for parameter in taken:
        if parameter.annotation is UNRESOLVED:
            yield Finding(
                message=f"the annotation of parameter {parameter.name!r} can't be resolved, so that nothing is"
                " converted; import its names outside TYPE_CHECKING, at the top of the module",
                is_error=False,
            )


def _diagnostics(found: Iterable[Finding], function: Callable[..., Any], node: Node) -> Iterator[Diagnostic]:
    name = name_function(function)
    for finding in found:
        yield node.diagnostic(
            "error" if finding.is_error else "warning",
            "TYPE_MISMATCH",
            printable(f"{name}: {finding.message}"),
            layer="service",
        )
