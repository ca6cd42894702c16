"""What the server sends, checked against the document before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.wire.packets import RESERVED_EVENTS
from ..errors import (
    AckValidationError,
    PayloadValidationError,
    UndeclaredEventError,
    ValidationError,
)
from ..spec.model.arguments import compile_arguments
from ..spec.model.by_event import find
from ..spec.schemas import Mismatch
from ..spec.text.hints import did_you_mean
from .conversion.outgoing import Writer, arguments_of
from .instead import one_tuple
from .misfits import advice_on
from .unanswered import why_unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import DisconnectedError, NoAnswerError
    from ..spec.model import Spec
    from ..spec.model.arguments import ArgumentsCheck
    from ..spec.model.namespaces import Namespaces
    from .observer import Outcomes
    from .validation import Validation, ViolationLog

_Checks = tuple["ArgumentsCheck", "ArgumentsCheck | None"]  # of the arguments, and of the answer

_NO_SUCH_EVENT = "the document declares no such event for the server to emit"


class Outbound:
    """Checks emits and the clients' answers to them. Sends nothing."""

    def __init__(
        self,
        spec: Spec,
        namespaces: Namespaces,
        validation: Validation,
        violations: ViolationLog,
        outcomes: Outcomes,
    ) -> None:
        self._outcomes = outcomes
        self._namespaces = namespaces
        self._validation = validation
        self._violations = violations
        self._writer = Writer()
        self._checks: dict[str, dict[str, _Checks]] = {
            name: {
                event.name: (
                    compile_arguments(event.arguments, spec.bundle),
                    compile_arguments(event.ack, spec.bundle) if event.ack is not None else None,
                )
                for event in namespace.sends.values()
            }
            for name, namespace in spec.namespaces.items()
        }

    def check(self, event: str, data: Any, namespace: str, to: Any = None) -> Any:
        """Check an emit against the document, and return the data to send: models are written as JSON.

        Args:
            event: The event's name.
            data: As for `AsynctionSocketIO.emit`.
            namespace: A concrete namespace.
            to: The recipients, which may be a misplaced argument.

        Raises:
            UndeclaredEventError: The server declares no such event there.
            PayloadValidationError: The arguments don't match it; a note says so if they would match
                together with `to`.
        """
        if self._validation.outbound == "off":
            arguments, error = arguments_of(data), None
        else:
            arguments, error = self._write(event, data, namespace)
        if error is not None:
            try:
                if to is not None and self._write(event, (*arguments, to), namespace)[1] is None:
                    error.add_note(f"'to' holds what the event's next argument may be; {one_tuple(event)}")
                if self._validation.outbound == "enforce":
                    self._add_hint(error)
                    if self._outcomes.unsent is not None:
                        self._outcomes.unsent(namespace, event, error)
                    raise error
                declared = self._declared(event, namespace)
                self._violations.let_through(error, *declared, finish=self._add_hint)
            finally:
                del error  # a frame that holds what it raises is garbage that only the collector finds
        return tuple(arguments)

    def tell_sent(self, event: str, namespace: str) -> None:
        """Report that an event is being sent."""
        if self._outcomes.sent is not None:
            self._outcomes.sent(namespace, event)

    def tell_unanswered(
        self, event: str, namespace: str, error: AckValidationError | DisconnectedError | NoAnswerError
    ) -> None:
        """Report that an event which asked for an answer got none that counts."""
        if self._outcomes.unanswered is not None:
            self._outcomes.unanswered(namespace, event, why_unanswered(error), error)

    def check_answer(self, event: str, namespace: str, answer: Sequence[Any]) -> None:
        """Check a client's answer against the ack that the document declares for an emit.

        Raises:
            AckValidationError: The answer doesn't match.
        """
        found = self._find(event, namespace)
        if self._validation.inbound != "off" and found is not None and found[1] is not None:
            self._check_answer(found[1], event, namespace, answer)
        if self._outcomes.answered is not None:
            self._outcomes.answered(namespace, event)

    def _check_answer(self, check: ArgumentsCheck, event: str, namespace: str, answer: Sequence[Any]) -> None:
        try:
            check(answer)
        except Mismatch as mismatch:
            error = AckValidationError(
                namespace=namespace, event=event, direction="inbound", violations=mismatch.violations
            )
            try:
                if self._validation.inbound == "enforce":
                    self.tell_unanswered(event, namespace, error)
                    raise error from None
                self._violations.let_through(error, *self._declared(event, namespace))
            finally:
                del error  # as above

    def _write(self, event: str, data: Any, namespace: str) -> tuple[list[Any], ValidationError | None]:
        """Return the arguments of an emit, and what is wrong with it or None."""
        found = self._find(event, namespace)
        if found is None:
            return arguments_of(data), self._undeclared(event, namespace)
        arguments, violations = self._writer.write(data, found[0])
        if not violations:
            return arguments, None
        return arguments, PayloadValidationError(
            namespace=namespace,
            event=event,
            direction="outbound",
            violations=violations,
            advice=advice_on(arguments, violations),
        )

    def _find(self, event: Any, namespace: str) -> _Checks | None:
        resolved = self._namespaces.resolve(namespace)
        if resolved is None or not isinstance(event, str) or event in RESERVED_EVENTS:
            return None
        return find(self._checks[resolved.declared.name], event)

    def _declared(self, event: str, namespace: str) -> tuple[str, str]:
        """Return namespace and event as the document names them, or unchanged if it does not."""
        resolved = self._namespaces.resolve(namespace)
        if resolved is None:
            return namespace, event
        declared = find(resolved.declared.sends, event)
        return resolved.declared.name, event if declared is None else declared.name

    def _undeclared(self, event: Any, namespace: str) -> UndeclaredEventError:
        resolved = self._namespaces.resolve(namespace)
        if resolved is None:
            message = "the document declares no such namespace"
        elif not isinstance(event, str):
            message = "an event's name is a string"
        elif event in RESERVED_EVENTS:
            message = "Socket.IO reserves this name; the server can't emit it"
        elif event in resolved.declared.receives:
            message = "the document declares this event for clients to emit, not for the server"
        else:
            message = _NO_SUCH_EVENT
        return UndeclaredEventError(namespace=namespace, event=event, direction="outbound", message=message)

    def _add_hint(self, error: ValidationError) -> None:
        """Say what may be meant by an undeclared name; looking for it takes longer than the check itself."""
        resolved = self._namespaces.resolve(error.namespace)
        if resolved is None:
            error.message += self._namespaces.say_known(error.namespace)
        elif error.message == _NO_SUCH_EVENT:
            error.message += did_you_mean(error.event, resolved.declared.sends)
