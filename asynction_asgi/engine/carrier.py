"""What a message says of the trace in which it was sent, for a layer above that knows about traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """How traces travel over the queue.

    Attributes:
        name: Returns what names the current trace, as JSON, or None if there is none.
        resume: Makes that the current trace for a block; the value may be anything, and None if a message has none.
    """

    name: Callable[[], Any]
    resume: Callable[[Any], AbstractContextManager[None]]


def carried(carrier: Carrier | None) -> dict[str, Any]:
    """Return the member of a message that names the current trace; no member without a trace."""
    trace = None if carrier is None else carrier.name()
    return {} if trace is None else {"trace": trace}
