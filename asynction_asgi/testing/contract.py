"""Checks of both directions of a namespace against the document, from the client's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AckValidationError, PayloadValidationError, UndeclaredEventError
from ..spec.model.arguments import compile_arguments
from ..spec.model.by_event import ByEvent
from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from ..spec.schemas import Mismatch
from ..spec.text.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..errors import Direction
    from ..spec.model import Event, Spec
    from ..spec.model.arguments import ArgumentsCheck

    Pair = tuple[ArgumentsCheck, ArgumentsCheck | None]
    Checks = ByEvent[Pair | None]

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test

_NOTHING: Checks = ByEvent({}, None)


class Contract:
    """A document, for clients of its namespaces."""

    def __init__(self, spec: Spec) -> None:
        self._spec = served_spec(spec)
        self._namespaces = Namespaces(self._spec)
        self._compiled: dict[str, tuple[Checks, Checks]] = {}

    def of_namespace(self, name: str) -> NamespaceContract:
        """Return the checks of a concrete namespace; an undeclared one has no events."""
        resolved = self._namespaces.resolve(name)
        if resolved is None:
            return NamespaceContract(name, _NOTHING, _NOTHING, undeclared=self.undeclared(name))
        declared = resolved.declared
        if declared.name not in self._compiled:
            self._compiled[declared.name] = self._compile(declared.receives), self._compile(declared.sends)
        return NamespaceContract(name, *self._compiled[declared.name])

    def undeclared(self, name: str) -> str | None:
        """Return a message about an undeclared namespace, or None if it is declared."""
        if self._namespaces.resolve(name) is not None:
            return None
        return self._namespaces.undeclared(name)

    def _compile(self, events: Mapping[str, Event]) -> Checks:
        bundle = self._spec.bundle
        checks = {
            name: (
                compile_arguments(event.arguments, bundle),
                None if event.ack is None else compile_arguments(event.ack, bundle),
            )
            for name, event in events.items()
        }
        return ByEvent(checks, None)


class NamespaceContract:
    """The checks of one namespace. ``inbound`` is what the server receives, ``outbound`` what it sends."""

    def __init__(
        self, namespace: str, receives: Checks, sends: Checks, *, undeclared: str | None = None
    ) -> None:
        self._namespace = namespace
        self._undeclared = undeclared
        self._events: Mapping[Direction, Checks] = {"inbound": receives, "outbound": sends}

    def check_event(self, direction: Direction, event: str, arguments: Sequence[Any]) -> None:
        """Check an event against the document.

        Raises:
            UndeclaredEventError: The document has no such event in this direction.
            PayloadValidationError: The arguments do not match the document.
        """
        check, _ = self.find(direction, event)
        try:
            check(arguments)
        except Mismatch as mismatch:
            raise PayloadValidationError(
                namespace=self._namespace,
                event=event,
                direction=direction,
                violations=mismatch.violations,
            ) from None

    def check_ack(self, direction: Direction, event: str, answer: Sequence[Any]) -> None:
        """Check an acknowledgement against the document.

        Args:
            direction: The acknowledgement's direction, opposite to the event's.
            event: The event that it answers.
            answer: The acknowledgement's arguments.

        Raises:
            AckValidationError: The arguments do not match, or the document declares no acknowledgement.
        """
        found = self._events["inbound" if direction == "outbound" else "outbound"][event]
        if found is None:
            return  # a catch-all handler may answer anything
        if found[1] is None:
            if not answer:
                return
            raise AckValidationError(
                namespace=self._namespace,
                event=event,
                direction=direction,
                message="the document declares no acknowledgement",
            )
        try:
            found[1](answer)
        except Mismatch as mismatch:
            raise AckValidationError(
                namespace=self._namespace,
                event=event,
                direction=direction,
                violations=mismatch.violations,
            ) from None

    def find(self, direction: Direction, event: str) -> Pair:
        """Return the checks of an event's arguments and of its acknowledgement, or None for the latter.

        Raises:
            UndeclaredEventError: The document has no such event in this direction.
        """
        found = self._events[direction][event]
        if found is None:
            raise UndeclaredEventError(
                namespace=self._namespace,
                event=event,
                direction=direction,
                message=self._undeclared
                or f"the document has no such event in this direction{self._meant(direction, event)}",
            )
        return found

    def _meant(self, direction: Direction, event: str) -> str:
        if direction == "outbound" and event in self._events["inbound"]:
            return "; clients emit it"
        if direction == "inbound" and event in self._events["outbound"]:
            return "; the server emits it"
        return did_you_mean(event, self._events[direction])
