"""The dispatcher with a span around each connection and event, chosen at the start; without tracing it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from ...engine import ended_by
from .connection_trace import ConnectionTrace
from .outcomes import opening_span, until_answered, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import SpanContext

    from ...engine import Peer
    from ...spec.model import Ordering, Recovery
    from ..conversation import Conversation
    from ..dispatch import Dispatcher
    from .spans import Spans

_BY_SERVER = "server disconnect"


class TracedEndpoint:
    """An `Endpoint` that begins spans, and leaves all else to a dispatcher.

    Args:
        dispatcher: Decides.
        spans: What they are.
    """

    def __init__(self, dispatcher: Dispatcher, spans: Spans) -> None:
        self._dispatcher = dispatcher
        self._spans = spans

    def admits(self, namespace: str) -> bool:
        """Delegate to the dispatcher."""
        return self._dispatcher.admits(namespace)

    def check_registration(self, namespace: str, event: str | None) -> None:
        """Delegate to the dispatcher."""
        self._dispatcher.check_registration(namespace, event)

    def ordering(self, peer: Peer[Conversation], event: str) -> Ordering | None:
        """Delegate to the dispatcher."""
        return self._dispatcher.ordering(peer, event)

    def depth(self, peer: Peer[Conversation], event: str) -> int | None:
        """Delegate to the dispatcher."""
        return self._dispatcher.depth(peer, event)

    def recovery(self, namespace: str) -> Recovery | None:
        """Delegate to the dispatcher."""
        return self._dispatcher.recovery(namespace)

    def user(self, peer: Peer[Conversation]) -> Any:
        """Delegate to the dispatcher."""
        return self._dispatcher.user(peer)

    async def check_connect(self, peer: Peer[Conversation], auth: Any) -> None:
        """Begin the span of a connection, and check it."""
        span = self._spans.connect(peer, auth)
        if span is None:
            await self._dispatcher.check_connect(peer, auth)
            return
        try:
            with within(span):
                await self._dispatcher.check_connect(peer, auth)
        except BaseException:
            span.end()
            raise
        peer.state.trace = ConnectionTrace(span)

    async def connect(self, peer: Peer[Conversation], auth: Any) -> None:
        """Accept a connection, and end its span, to which later ones have links."""
        conversation = peer.state  # which the peer forgets when the client leaves
        span = opening_span(conversation)
        assert span is not None  # noqa: S101  # `check_connect` has left it open
        try:
            with within(span):
                await self._dispatcher.connect(peer, auth)
        finally:
            conversation.trace = ConnectionTrace(None, self._spans.end_connect(span, conversation))

    async def event(
        self, peer: Peer[Conversation], event: str, arguments: list[Any], *, ack: bool
    ) -> Sequence[Any]:
        """Handle an event in a span, which ends once the answer is encoded."""
        span = self._spans.process(peer, event, arguments)
        try:
            with until_answered(span):
                return await self._dispatcher.event(peer, event, arguments, ack=ack)
        except BaseException:
            span.end()
            raise

    async def disconnect(self, peer: Peer[Conversation], reason: str) -> None:
        """Handle the end of a connection in a span."""
        span = self._spans.disconnect(peer, reason, _cause(reason))
        try:
            with within(span):
                await self._dispatcher.disconnect(peer, reason)
        finally:
            span.end()

    def let_go(self, peer: Peer[Conversation]) -> None:
        """Do what the dispatcher does."""
        self._dispatcher.let_go(peer)


def _cause(reason: str) -> SpanContext | None:
    """Return the span in which a client was disconnected, of this process or another, or None."""
    context = ended_by.get()
    if context is None or reason != _BY_SERVER:  # it left by itself, so that what is current is no cause
        return None
    cause = context.run(trace.get_current_span).get_span_context()
    return cause if cause.is_valid else None
