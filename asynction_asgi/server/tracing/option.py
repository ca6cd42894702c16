"""The option ``tracing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """What spans record besides names and outcomes, and who receives them.

    Attributes:
        provider: Where spans go; None is the global provider.
        trust_clients: Whether a span continues the trace that a client names, and with it the client's decision
            whether to record it. Otherwise the span only has a link to it.
        exception_text: Whether the message of what a handler raises is recorded. Its type and traceback are;
            the message may quote what a client sent.
        users: Whether spans name the user, as ``enduser.id``.
    """

    provider: TracerProvider | None = None
    trust_clients: bool = False
    exception_text: bool = False
    users: bool = False
