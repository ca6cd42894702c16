"""What ended a connection."""

from __future__ import annotations

from contextvars import Context, ContextVar

ended_by: ContextVar[Context | None] = ContextVar("ended_by", default=None)
"""In a disconnect handler, the context in which its client was disconnected."""
