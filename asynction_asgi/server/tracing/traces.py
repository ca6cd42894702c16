"""Puts spans where an application offers a place for them: its endpoint, its hooks and its observers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from .endpoint import TracedEndpoint
from .outcomes import TracedOutcomes, unanswered
from .spans import Spans

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..around_emits import Emission
    from ..calls import Call
    from ..contract import Contract
    from ..dispatch import Dispatcher
    from .option import Tracing

__all__ = ["Traces"]


class Traces:
    """The traces of one application.

    Args:
        tracing: What they tell, and to whom.

    Attributes:
        outcomes: Observes the application.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self.outcomes = TracedOutcomes(exception_text=tracing.exception_text)

    def attach(self, dispatcher: Dispatcher, contract: Contract) -> TracedEndpoint:
        """Return the endpoint that traces what clients do; emits are traced by the outermost hook."""
        spans = Spans(self._tracing, contract)
        dispatcher.sending.around.add(_tracing_emits(spans))
        for namespace in contract.routes.namespaces:
            contract.routes.add_around(namespace, "disconnect", self._disconnecting)
        return TracedEndpoint(dispatcher, spans)

    async def _disconnecting(self, call: Call, proceed: Callable[[], Awaitable[Any]]) -> Any:
        """Report what a disconnect handler raises, of which observers don't learn."""
        try:
            return await proceed()
        except Exception as error:
            self.outcomes.failed(error, call.ref)
            raise


def _tracing_emits(spans: Spans) -> Callable[[Emission, Callable[..., Awaitable[Any]]], Awaitable[Any]]:
    async def send(emission: Emission, proceed: Callable[..., Awaitable[Any]]) -> Any:
        span = spans.send(emission.namespace, emission.event)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                return await proceed()
            except Exception as error:
                unanswered(span, error)
                raise

    return send
