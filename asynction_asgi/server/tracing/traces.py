"""Puts spans where an application offers a place for them: its endpoint, its hooks and its observers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import trace

from ...engine import Carrier
from .endpoint import TracedEndpoint
from .outcomes import SpanEnds, TracedOutcomes, unanswered
from .remote import name_trace, resume_trace
from .spans import Spans

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span

    from ...spec import Spec
    from ...spec.model.namespaces import Namespaces
    from ..around_emits import Emission
    from ..calls import Call
    from ..contract import Contract
    from ..dispatch import Dispatcher
    from .option import Tracing


class Emit(Protocol):
    """Puts an emit on the message queue."""

    def __call__(self, event: str, data: Any, *, namespace: str, room: Any, skip_sid: Any) -> Future[None]:
        """Return a future that ends once the broker has answered."""
        ...


class Traces:
    """The traces of one application.

    Args:
        tracing: What they record, and the provider that receives them.

    Attributes:
        outcomes: Observes the application.
        ends: Ends the spans of its events.
        carrier: Takes traces along over the message queue.
    """

    carrier = Carrier(name=name_trace, resume=resume_trace)

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self.outcomes = TracedOutcomes(exception_text=tracing.exception_text)
        self.ends = SpanEnds()

    def attach(self, dispatcher: Dispatcher, contract: Contract) -> TracedEndpoint:
        """Return the endpoint that traces what clients do; emits are traced by the outermost hook."""
        spans = Spans(self._tracing, contract.spec, contract.namespaces)
        dispatcher.sending.around.add(_tracing_emits(spans))
        for namespace in contract.routes.namespaces:
            contract.routes.add_around(namespace, "disconnect", self._disconnecting)
        return TracedEndpoint(dispatcher, spans)

    def around_emits(self, emit: Emit, spec: Spec, namespaces: Namespaces) -> Emit:
        """Return a function of a process without a server that emits in a span, until the broker has answered."""
        spans = Spans(self._tracing, spec, namespaces)

        def send(event: str, data: Any, *, namespace: str, room: Any, skip_sid: Any) -> Future[None]:
            span = spans.send(namespace, event)
            try:
                with _current(span):
                    sent = emit(event, data, namespace=namespace, room=room, skip_sid=skip_sid)
            except Exception as error:
                unanswered(span, error)
                span.end()
                raise
            sent.add_done_callback(partial(_end, span))
            return sent

        return send

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
        try:
            with _current(span):
                return await proceed()
        except Exception as error:
            unanswered(span, error)
            raise
        finally:
            span.end()

    return send


def _current(span: Span) -> AbstractContextManager[Any]:
    manager: AbstractContextManager[Any] = trace.use_span(
        span, record_exception=False, set_status_on_exception=False
    )
    return manager


def _end(span: Span, sent: Future[None]) -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        unanswered(span, error)
    span.end()
