"""The spans of a contract: their names and attributes, which come from the document and not from clients.

Source: OpenTelemetry's semantic conventions for messaging 1.40, which are in development.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind

from ... import __version__
from ...logs import get_logger
from ...spec.model.by_event import ByEvent
from .remote import Handshakes, context_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opentelemetry.trace import Span, SpanContext

    from ...engine import Peer
    from ...spec import Spec
    from ...spec.model import Namespace
    from ...spec.model.namespaces import Namespaces
    from ..conversation import Conversation
    from .option import Tracing

logger = get_logger()

_NO_PARENT = Context()
_MIDDLEWARE = "opentelemetry.instrumentation."


class _Named(NamedTuple):
    name: str
    attributes: Mapping[str, Any]


class Spans:
    """Begins spans.

    Args:
        tracing: What they record, and the provider that receives them.
        spec: Whose namespaces and events they are about.
        namespaces: Finds those of a concrete name.
    """

    def __init__(self, tracing: Tracing, spec: Spec, namespaces: Namespaces) -> None:
        self._tracing = tracing
        self._tracer = trace.get_tracer("asynction_asgi", __version__, tracing.provider)
        self._namespaces = namespaces
        spaces = spec.namespaces.values()
        self._connects = {space.name: _name_operation("connect", space) for space in spaces}
        self._handshakes = {space.name: Handshakes(space, spec) for space in spaces}
        self._processes = {
            space.name: _name_events("process", space, [*space.receives, "disconnect"]) for space in spaces
        }
        self._has_advised = False
        self._paths = {
            space.name: ByEvent({event.name: event.trace for event in space.receives.values()}, ())
            for space in spaces
        }
        self._sends = {space.name: _name_events("send", space, space.sends) for space in spaces}

    def connect(self, peer: Peer[Any], auth: Any) -> Span | None:
        """Begin the span of a client that connects, or return None in a namespace that is not declared.

        Its parent is a span of the application's own middleware, if there is one.
        """
        resolved = self._namespaces.resolve(peer.namespace)
        if resolved is None:
            return None
        scope = peer.environ["asgi.scope"]
        self._advise(peer.environ["asgi.receive"])
        named = self._connects[resolved.declared.name]
        remote = self._handshakes[resolved.declared.name].context_of(scope, auth)
        attributes = self._attributes(named, peer)
        if (client := scope.get("client")) is not None:
            attributes["network.peer.address"] = client[0]
        own = trace.get_current_span().get_span_context()
        if own.is_valid:
            links = [] if remote is None or remote.trace_id == own.trace_id else [Link(remote)]
            return self._tracer.start_span(
                named.name, kind=SpanKind.SERVER, attributes=attributes, links=links
            )
        return self._start(named.name, SpanKind.SERVER, attributes, remote, None)

    def end_connect(self, span: Span, conversation: Conversation) -> SpanContext | None:
        """End the span of a client that connects; return what later spans link to, or None."""
        span.set_attributes(self._user(conversation))
        span.end()
        context = span.get_span_context()
        return context if context.is_valid else None

    def process(self, peer: Peer[Conversation], event: str, arguments: Sequence[Any]) -> Span:
        """Begin the span of an event: a trace of its own, with a link to the span in which its client connected."""
        conversation = peer.state
        path = self._paths[conversation.routes.declared.name][event]
        remote = context_within(arguments, path) if path else None
        named = self._processes[conversation.routes.declared.name][event]
        attributes = {**self._attributes(named, peer), **self._user(conversation)}
        return self._start(named.name, SpanKind.CONSUMER, attributes, remote, _link_of(conversation))

    def disconnect(self, peer: Peer[Conversation], reason: str, cause: SpanContext | None) -> Span:
        """Begin the span of a connection's end, with a link to what caused it."""
        named = self._processes[peer.state.routes.declared.name]["disconnect"]
        attributes = {**self._attributes(named, peer), **self._user(peer.state), "asynction.reason": reason}
        links = [Link(context) for context in (_link_of(peer.state), cause) if context is not None]
        return self._tracer.start_span(named.name, _NO_PARENT, SpanKind.CONSUMER, attributes, links)

    def send(self, namespace: str, event: str) -> Span:
        """Begin the span of an emit, which belongs to that of what emits."""
        resolved = self._namespaces.resolve(namespace)
        if resolved is None:  # which passed because the validation is off
            named = _Named(f"send {namespace}", {"messaging.system": "socketio"})
        else:
            named = self._sends[resolved.declared.name][event]
        attributes = {**named.attributes, "messaging.destination.name": namespace}
        return self._tracer.start_span(named.name, kind=SpanKind.PRODUCER, attributes=attributes)

    def _advise(self, receive: object) -> None:
        # Where its code is: it bears the name and the module of what it wraps.
        module = getattr(receive, "__globals__", {}).get("__name__", "")
        if not self._has_advised and module.startswith(_MIDDLEWARE):
            self._has_advised = True
            logger.warning(
                "OpenTelemetry's ASGI middleware begins a span for every message that a client sends or receives, all"
                ' in one trace; give it exclude_spans=["receive", "send"]'
            )

    def _user(self, conversation: Conversation) -> dict[str, str]:
        user = conversation.socket.user if self._tracing.users else None
        return {} if user is None else {"enduser.id": str(user)}

    @staticmethod
    def _attributes(named: _Named, peer: Peer[Any]) -> dict[str, Any]:
        return {
            **named.attributes,
            "messaging.destination.name": peer.namespace,
            "asynction.sid": peer.sid,
        }

    def _start(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, Any],
        remote: SpanContext | None,
        connection: SpanContext | None,
    ) -> Span:
        """Begin a trace, or continue that of a client which is trusted."""
        parent, links = _NO_PARENT, [] if connection is None else [Link(connection)]
        if remote is not None and self._tracing.trust_clients:
            parent = trace.set_span_in_context(trace.NonRecordingSpan(remote), parent)
        elif remote is not None:
            links.append(Link(remote))
        return self._tracer.start_span(name, parent, kind, attributes, links)


def _link_of(conversation: Conversation) -> SpanContext | None:
    return None if conversation.trace is None else conversation.trace.link


def _name_operation(operation: str, namespace: Namespace) -> _Named:
    attributes = {
        "messaging.system": "socketio",
        "messaging.operation.name": operation,
        "messaging.destination.template": namespace.name,
    }
    if operation != "connect":
        attributes["messaging.operation.type"] = operation
    return _Named(f"{operation} {namespace.name}", attributes)


def _name_events(operation: str, namespace: Namespace, events: Iterable[str]) -> ByEvent[_Named]:
    """Name the spans of one kind in a namespace; events that it does not declare share a name."""
    others = _name_operation(operation, namespace)
    named = {
        event: _Named(
            f"{operation} {event} {namespace.name}", {**others.attributes, "asynction.event": event}
        )
        for event in events
    }
    return ByEvent(named, others)
