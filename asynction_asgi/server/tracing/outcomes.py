"""What a span says of how its event ended.

Only a failure of the application is an error of the span. A refusal is named, too, and leaves the status unset: a
client that sends nonsense must not look like a server that fails.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import context, trace
from opentelemetry.trace import Span, Status, StatusCode

from ...errors import DisconnectedError, NoAnswerError, RefusedError, ValidationError
from ...reasons import Code
from ..observer import Observer
from ..unanswered import why_unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...engine import Peer
    from ..conversation import Conversation

_OWN = context.create_key("asynction_asgi")
_ANSWERED = context.create_key("asynction_asgi.answered")
_REFUSALS = (RefusedError, NoAnswerError, DisconnectedError)


@contextmanager
def within(span: Span) -> Iterator[None]:
    """Let a span be the current one in a block, and receive the outcome of what the block handles."""
    token = context.attach(context.set_value(_OWN, span, trace.set_span_in_context(span)))
    try:
        yield
    except (
        GeneratorExit
    ):  # of a task that is garbage; it is closed in another context, where this is not attached
        raise
    except BaseException:
        context.detach(token)
        raise
    else:
        context.detach(token)


@contextmanager
def until_answered(span: Span) -> Iterator[None]:
    """Do what `within` does; after a block that returns, the span stays the current one of the event's task.

    It then ends by `SpanEnds`, or by `TracedOutcomes` if the answer can't be encoded.
    """
    with within(span):
        yield
    answered = context.set_value(_ANSWERED, value=True)
    context.attach(context.set_value(_OWN, span, trace.set_span_in_context(span, answered)))


class SpanEnds:
    """Ends the spans of events whose answers are encoded."""

    times = None

    def answered(self, *_: Any) -> None:
        """End the current span, which is the event's."""
        if (span := _current()) is not None:
            span.end()

    def refused(self, *_: Any) -> None:
        """Do nothing: the span has ended where the reason is known."""


class TracedOutcomes(Observer):
    """Reports refusals and crashes to the span of the event or connection.

    Args:
        exception_text: Whether messages of exceptions are recorded.
    """

    def __init__(self, *, exception_text: bool) -> None:
        self._exception_text = exception_text

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        """Name the reason, and record what was raised if it is not a refusal itself."""
        span = _current()
        if span is not None:
            self._report(span, error, code, ref)
            if context.get_value(_ANSWERED):
                span.end()
        elif event is None and (opened := opening_span(peer.state)) is not None:
            # The client passed the checks, and its connect handler will not be called.
            self._report(opened, error, code, ref)
            opened.end()

    def failed(self, error: BaseException, ref: str) -> None:
        """Report what a handler raised that has no client to answer."""
        if (span := _current()) is not None:
            self._report(span, error, Code.INTERNAL_ERROR, ref)

    def _report(self, span: Span, error: BaseException, code: str, ref: str | None) -> None:
        if not span.is_recording():
            return
        kind = Code.of(code)
        span.set_attributes({"error.type": kind, "asynction.code": code})
        if isinstance(error, ValidationError) and error.keyword:
            span.set_attribute("asynction.keyword", error.keyword)
        if ref is not None or (kind is Code.OTHER and not isinstance(error, _REFUSALS)):
            _record(span, error, text=self._exception_text)
        if ref is not None:  # which only failures of the application have; the log has it, too
            span.set_attribute("asynction.ref", ref)
            span.set_status(Status(StatusCode.ERROR))


def _current() -> Span | None:
    """Return the span of the event or connection that the contract decides about, or None if the engine does."""
    span: Any = context.get_value(_OWN)
    return span


def opening_span(conversation: Conversation | None) -> Span | None:
    """Return the span of a client that passed the checks, until its connect handler has ended, or None."""
    if conversation is None or conversation.trace is None:
        return None
    return conversation.trace.opening


def unanswered(span: Span, error: BaseException) -> None:
    """Report what a call raised: why its client did not answer, or that it could not be asked."""
    reason = why_unanswered(error)
    if reason is not None:
        span.set_attribute("error.type", reason)
    else:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(Status(StatusCode.ERROR))


def _record(span: Span, error: BaseException, *, text: bool) -> None:
    """Record an exception, by default without its message, which may quote what a client sent."""
    if text and isinstance(error, Exception):
        span.record_exception(error)
        return
    kind = type(error)
    span.add_event(
        "exception",
        {
            "exception.type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
            "exception.stacktrace": "".join(traceback.format_tb(error.__traceback__)),
        },
    )
