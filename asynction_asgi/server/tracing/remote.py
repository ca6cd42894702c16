"""Traces that clients and other processes name: ``traceparent`` and ``tracestate``.

Browsers can't set headers on a WebSocket, so that members of the query or of the auth object count as well, if
the document declares them; and an event may have them where the document says so, by ``x-trace``.

Source: W3C Trace Context, level 1.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ...spec.model.coercion import property_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opentelemetry.trace import SpanContext

    from ...spec import Spec
    from ...spec.model import Namespace
    from ...spec.text.document import Node

_PARENT, _STATE = "traceparent", "tracestate"
_LONGEST_PARENT, _LONGEST_STATE = 128, 512
_FORMAT = TraceContextTextMapPropagator()


def context_of(members: Any) -> SpanContext | None:
    """Return what an object with the two members names, or None if it is not valid."""
    parent = members.get(_PARENT) if isinstance(members, dict) else None
    if not isinstance(parent, str) or len(parent) > _LONGEST_PARENT:
        return None
    carrier, state = {_PARENT: parent}, members.get(_STATE)
    if isinstance(state, str) and len(state) <= _LONGEST_STATE:
        carrier[_STATE] = state
    context = trace.get_current_span(_FORMAT.extract(carrier, Context())).get_span_context()
    return context if context.is_valid else None


def context_within(arguments: Any, path: Sequence[str]) -> SpanContext | None:
    """Return what the object at a place in an event's arguments names, or None if there is none."""
    value = arguments
    for token in path:
        if isinstance(value, dict):
            value = value.get(token)
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            return None
    return context_of(value)


def name_trace() -> dict[str, str] | None:
    """Return what names the current trace, or None if there is none."""
    members: dict[str, str] = {}
    _FORMAT.inject(members)
    return members or None


@contextmanager
def resume_trace(members: Any) -> Iterator[None]:
    """Let what another process named be the current trace in a block."""
    remote = context_of(members)
    if remote is None:
        yield
    else:
        with trace.use_span(trace.NonRecordingSpan(remote)):
            yield


class Handshakes:
    """Finds what clients name when they connect to a namespace.

    Args:
        namespace: As the document declares it.
        spec: The document.
    """

    def __init__(self, namespace: Namespace, spec: Spec) -> None:
        wanted = namespace.handshake
        self._in_query = _declares(wanted.query, spec)
        self._in_auth = _declares(wanted.auth, spec)

    def context_of(self, scope: Mapping[str, Any], auth: Any) -> SpanContext | None:
        """Return what the first of headers, query and auth that is valid names, or None."""
        found = map(context_of, self._places(scope, auth))
        return next((context for context in found if context is not None), None)

    def _places(self, scope: Mapping[str, Any], auth: Any) -> Iterator[Any]:
        yield _once(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        )
        if self._in_query:
            yield _once(parse_qsl(scope.get("query_string", b"").decode("ascii", "replace")))
        if self._in_auth:
            yield auth


def _declares(schema: Node | None, spec: Spec) -> bool:
    return schema is not None and property_schema(schema, _PARENT, spec.resolver) is not None


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the two members, without one of which there are several."""
    members: dict[str, list[str]] = {_PARENT: [], _STATE: []}
    for name, value in pairs:
        if name in members:
            members[name].append(value)
    return {name: values[0] for name, values in members.items() if len(values) == 1}
