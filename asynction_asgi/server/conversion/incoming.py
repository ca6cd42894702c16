"""Arguments of clients as the types that a handler's parameters are annotated with."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import HandshakeValidationError, PayloadValidationError, Violation
from ...logs import Throttle, get_logger
from ...spec.schemas import Mismatch
from .annotations import UNRESOLVED, resolve_annotation
from .choosing import converter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..socket import Socket
    from .converter import Converter, Refused

    ArgumentsCheck = Callable[[Sequence[Any]], Sequence[Any]]

logger = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A parameter that takes an argument of an event.

    Attributes:
        place: Of the argument in the list; of the first, if it takes all that follow.
        name: The parameter's.
        annotation: Its type, `inspect.Parameter.empty` without one, or `UNRESOLVED`.
        takes_rest: Whether it takes all that follow.
        converter: None if the arguments are passed unchanged.
    """

    place: int
    name: str
    annotation: Any
    takes_rest: bool
    converter: Converter | None


def read_taken(
    function: Callable[..., Any], parameters: Sequence[inspect.Parameter], *, named: bool = False
) -> list[Taken]:
    """Return what the parameters of a handler take.

    Args:
        function: The handler.
        parameters: Those that take arguments of the event.
        named: Whether the first of them takes the event's name instead.

    Raises:
        UnsupportedError: An annotation asks for a conversion that no library here can do.
    """
    return [
        read_parameter(function, parameter, place)
        for place, parameter in enumerate(parameters, -1 if named else 0)
        if place >= 0
    ]


def read_parameter(function: Callable[..., Any], parameter: inspect.Parameter, place: int = 0) -> Taken:
    """Return what one parameter takes; raises as `read_taken` does."""
    annotation = parameter.annotation
    if annotation is not inspect.Parameter.empty:
        annotation = resolve_annotation(function, annotation)
    known = annotation is not inspect.Parameter.empty and annotation is not UNRESOLVED
    return Taken(
        place=place,
        name=parameter.name,
        annotation=annotation,
        takes_rest=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
        converter=converter_of(annotation) if known else None,
    )


class Loader:
    """Converts the arguments of one event for one handler.

    Args:
        event: The event's name, for messages.
        taken: The parameters; at least one has a converter.
        check: The contract's check of the arguments, or None if it has none.
        offset: How many arguments of the handler precede those of the event.
    """

    def __init__(
        self, event: str, taken: Sequence[Taken], check: ArgumentsCheck | None, *, offset: int = 0
    ) -> None:
        self._event = event
        self._check = check
        self._offset = offset
        self._places = [
            (parameter.place + offset, parameter.converter)
            for parameter in taken
            if parameter.converter is not None and not parameter.takes_rest
        ]
        self._rest = next(
            (
                (parameter.place + offset, parameter.converter)
                for parameter in taken
                if parameter.converter is not None and parameter.takes_rest
            ),
            None,
        )
        self._surprises = Throttle(math.inf)  # it is the same mistake in the code at each event

    def load(self, socket: Socket, arguments: Sequence[Any]) -> Sequence[Any]:
        """Return the arguments for the handler.

        Raises:
            PayloadValidationError: One of them can't be converted.
        """
        loaded = list(arguments)
        count = len(loaded)
        places = self._places
        if self._rest is not None:
            first, converter = self._rest
            places = [*places, *((place, converter) for place in range(first, count))]
        for place, converter in places:
            if place >= count:
                break
            try:
                loaded[place] = converter.load(loaded[place])
            except converter.errors as error:
                raise self._refusal(socket, arguments, place, converter, error) from None
        return loaded

    def _refusal(
        self, socket: Socket, arguments: Sequence[Any], place: int, converter: Converter, error: Exception
    ) -> PayloadValidationError:
        refused = converter.explain(error, arguments[place])
        violations = self._findings(arguments)
        if not violations:
            violations = below(f"/{place - self._offset}", refused)
            self._warn(socket, converter, refused, violations)
        return PayloadValidationError(
            namespace=socket.namespace, event=self._event, direction="inbound", violations=violations
        )

    def _findings(self, arguments: Sequence[Any]) -> Sequence[Violation]:
        """Return what the contract finds; something only if validation is not enforced."""
        try:
            if self._check is not None:
                self._check(arguments)
        except Mismatch as mismatch:
            return mismatch.violations
        return ()

    def _warn(
        self, socket: Socket, converter: Converter, refused: Refused, violations: Sequence[Violation]
    ) -> None:
        if refused.by_rule or self._surprises.admits(converter.name) is None:
            return
        logger.warning(
            "%s refuses what the document accepts of event %r in %s: %s: %s",
            *(converter.name, self._event, socket.namespace, violations[0].pointer, violations[0].message),
        )


def below(pointer: str, refused: Refused) -> tuple[Violation, ...]:
    """Return the violations of a value as those of the list that holds it at `pointer`."""
    return tuple(
        Violation(pointer=pointer + violation.pointer, keyword=violation.keyword, message=violation.message)
        for violation in refused.violations
    )


def load_auth(converter: Converter, socket: Socket) -> Any:
    """Return the auth of a CONNECT as the type that a connect handler asks for.

    Raises:
        HandshakeValidationError: It can't be converted.
    """
    try:
        return converter.load(socket.auth)
    except converter.errors as error:
        refused = converter.explain(error, socket.auth)
        raise HandshakeValidationError(
            namespace=socket.namespace,
            event=None,
            direction="inbound",
            part="auth",
            violations=refused.violations,
        ) from None
