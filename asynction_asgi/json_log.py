"""`JsonFormatter`: one line of JSON per record, for collectors of logs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .logs import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OWN = frozenset(("time", "level", "logger", "message", "trace_id", "span_id", "exception", "stack"))
# Every record has these, or formatters add them; uvicorn repeats messages in colour.
_NOT_EXTRA = logging.makeLogRecord({}).__dict__.keys() | {*FIELDS, "message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """Formats records of any logger as objects, each on a line of its own.

    The members are ``time`` (RFC 3339 in UTC, with milliseconds), ``level``, ``logger`` and ``message``; where
    they are known ``namespace``, ``event``, ``sid``, ``code``, ``reason``, ``ref`` and ``address``;
    ``exception`` with the traceback as one text; within a span of OpenTelemetry ``trace_id`` and ``span_id``
    as hexadecimal digits; and what ``extra=`` or a filter added, except None. What they added under the name of
    another member has ``extra_`` before its name. Only ASCII is written, so that no value can begin a line or
    control a terminal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._span_context = _find_span_context()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return json.dumps(dict(self._members(record)), default=_text)

    def _members(self, record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "time", time.replace("+00:00", "Z")
        yield "level", record.levelname
        yield "logger", record.name
        yield "message", record.getMessage()
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                yield name, _plain(value)
        if self._span_context is not None and (context := self._span_context()).is_valid:
            yield "trace_id", f"{context.trace_id:032x}"
            yield "span_id", f"{context.span_id:016x}"
        if record.exc_text:  # ours is bounded
            yield "exception", record.exc_text
        elif record.exc_info:
            yield "exception", self.formatException(record.exc_info)
        if record.stack_info:
            yield "stack", record.stack_info
        for name, value in record.__dict__.items():
            if name not in _NOT_EXTRA and value is not None:
                yield f"extra_{name}" if name in _OWN else name, _plain(value)


def _plain(value: Any) -> Any:
    """Return the same value if JSON can hold it, with texts for objects inside it, otherwise its text."""
    try:
        json.dumps(value, allow_nan=False, default=_text)
    except (TypeError, ValueError, RecursionError):
        return _text(value)
    return value


def _text(value: Any) -> str:
    """Return the text of a value; a mistake in it must not fail the line."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # objects may raise anything while they are formatted
        return f"({type(value).__name__} has no text)"


def _find_span_context() -> Callable[[], Any] | None:
    """Return what returns the context of the current span, or None without OpenTelemetry."""
    try:
        from opentelemetry.trace import get_current_span  # noqa: PLC0415  # the package is optional
    except ImportError:
        return None
    return lambda: get_current_span().get_span_context()
