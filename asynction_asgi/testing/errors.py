"""Errors that a test can catch, beside the package's own."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any

from ..client.refusals import connect_refusal
from ..errors import AsynctionError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConnectError(RefusedError):
    """The server refused the connection, by Socket.IO's CONNECT_ERROR or by closing the WebSocket.

    Code, message, details, ref and retry_after are those of the standard refusal, if it is one.

    Attributes:
        data: The ``data`` of CONNECT_ERROR, or None.
    """

    def __init__(self, answer: Any) -> None:
        refusal = connect_refusal(answer)
        super().__init__(
            refusal.code,
            refusal.message,
            details=refusal.details,
            ref=refusal.ref,
            retry_after=refusal.retry_after,
        )
        self.data = answer.get("data") if isinstance(answer, dict) else None


class LifespanError(AsynctionError):
    """The application failed to start or to stop, or took too long."""


class NothingReceivedError(AsynctionError, TimeoutError):
    """What a test waits for did not come in time.

    Attributes:
        what: What the test waited for.
        seconds: How long the test waited.
        arrived: Events that came and were not taken, as lists of name and arguments.
    """

    def __init__(self, what: str, seconds: float, arrived: Sequence[Sequence[Any]]) -> None:
        self.what = what
        self.seconds = seconds
        self.arrived = arrived
        super().__init__(what, seconds, arrived)

    def __str__(self) -> str:
        others = ", ".join(reprlib.repr(event) for event in self.arrived) or "none"
        return f"{self.what} did not come within {self.seconds:g} s; events not taken: {others}"


class UnexpectedEventError(AssertionError):
    """An event came that the test expects not to come.

    Attributes:
        event: The event's name.
        arguments: The event's arguments.
    """

    def __init__(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.event = event
        self.arguments = arguments
        super().__init__(f"{event!r} came, with {reprlib.repr(list(arguments))}")
