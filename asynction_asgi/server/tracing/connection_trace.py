"""What tracing keeps of one connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext


@dataclass(slots=True)
class ConnectionTrace:
    """The spans of a connection that passed the checks.

    Attributes:
        opening: The span of the CONNECT until its handler has ended, then None.
        link: Where later spans have links to, or None before that and if no one records.
    """

    opening: Span | None
    link: SpanContext | None = None
