"""What handlers return, checked against the document before it is sent as an acknowledgement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..engine import FiniteList
from ..errors import AckValidationError, Violation
from ..logs import Throttle, get_logger
from .conversion.outgoing import Writer, arguments_of
from .misfits import advice_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .contract import Contract
    from .namespace_routes import Route

logger = get_logger()


class Acks:
    """Checks acknowledgements, as strictly as the contract's validation says."""

    def __init__(self, contract: Contract) -> None:
        self._enforcement = contract.validation.outbound
        self._violations = contract.violations
        self._writer = Writer()
        self._lost = Throttle(math.inf)  # it is a mistake in the code, and the same at each call

    def check(
        self,
        route: Route | None,
        namespace: str,
        result: Any,
        writes: Sequence[Callable[[Any], Any]] = (),
    ) -> Sequence[Any]:
        """Return a handler's result as the arguments of the ack; none if no ack is declared.

        Args:
            route: What the document declares of the event, or None.
            namespace: The concrete namespace.
            result: What the handler returned.
            writes: Write it as JSON's value, by the annotation of the handler, the best first.

        Raises:
            AckValidationError: The result doesn't match the document.
        """
        if self._enforcement == "off" or route is None:
            return arguments_of(result, writes)
        if route.check_ack is None:
            return self._undeclared(route, namespace, arguments_of(result, writes))
        answer, violations = self._writer.write(result, route.check_ack, writes)
        if violations:
            self._mismatched(route, namespace, violations, advice_on(answer, violations))
            return answer
        return FiniteList(answer) if route.ack_is_finite else answer

    def _undeclared(self, route: Route, namespace: str, answer: Sequence[Any]) -> Sequence[Any]:
        if not answer:
            return ()
        if self._enforcement == "warn":
            violation = Violation(pointer="", keyword="x-ack", message="no ack is declared")
            self._mismatched(route, namespace, (violation,))
            return answer
        if self._lost.admits((route.namespace, route.event.name)) is not None:
            logger.warning(
                "the handler of %r in %s returns a value, but no x-ack is declared: it is not sent;"
                " declare x-ack: {args: <schema>}, or x-ack: true for any value",
                *(route.event.name, namespace),
            )
        return ()

    def _mismatched(
        self, route: Route, namespace: str, violations: Sequence[Violation], advice: str = ""
    ) -> None:
        """Refuse an answer that doesn't match, or count it."""
        error = AckValidationError(
            namespace=namespace,
            event=route.event.name,
            direction="outbound",
            violations=violations,
            advice=advice,
        )
        try:
            if self._enforcement == "enforce":
                raise error from None
            self._violations.let_through(error, route.namespace, route.event.name)
        finally:
            del error  # a frame that holds what it raises is garbage that only the collector finds
