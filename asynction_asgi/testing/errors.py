"""What a test can catch of the server under test, beside the package's own errors."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any

from ..client.refusals import connect_refusal
from ..errors import AsynctionError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConnectError", "LifespanError", "NothingReceivedError", "UnexpectedEventError"]


class ConnectError(RefusedError):
    """The server refused the connection: Socket.IO's CONNECT_ERROR, or no WebSocket at all.

    Code, message, details and ref are those of the standard refusal, where it is one.

    Attributes:
        data: What CONNECT_ERROR carries as ``data``; None where there is none.
    """

    def __init__(self, answer: Any) -> None:
        refusal = connect_refusal(answer)
        super().__init__(refusal.code, refusal.message, details=refusal.details, ref=refusal.ref)
        self.data = answer.get("data") if isinstance(answer, dict) else None


class LifespanError(AsynctionError):
    """The application did not start, or did not stop, by its own word or within its time."""


class NothingReceivedError(AsynctionError, TimeoutError):
    """What a test waits for did not come in time.

    Attributes:
        what: What it waited for.
        seconds: How long.
        arrived: The events that came and were not received yet, as lists of name and arguments.
    """

    def __init__(self, what: str, seconds: float, arrived: Sequence[Sequence[Any]]) -> None:
        self.what = what
        self.seconds = seconds
        self.arrived = arrived
        super().__init__(what, seconds, arrived)

    def __str__(self) -> str:
        others = ", ".join(reprlib.repr(one) for one in self.arrived) or "nothing"
        return f"{self.what} did not come within {self.seconds:g} s; what came and waits: {others}"


class UnexpectedEventError(AssertionError):
    """An event came that must not come.

    Attributes:
        event: Its name.
        arguments: What it carried.
    """

    def __init__(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.event = event
        self.arguments = arguments
        super().__init__(f"{event!r} came, with {reprlib.repr(list(arguments))}")
