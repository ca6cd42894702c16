"""Callbacks and calls that wait for a client's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import AckValidationError, DisconnectedError, NoAnswerError
from ...reasons import Unanswered

if TYPE_CHECKING:
    import asyncio

NoReply = AckValidationError | DisconnectedError | NoAnswerError


def no_reply(why: Unanswered, sid: str, namespace: str, event: str) -> NoReply:
    """Return the error for a client that gives no answer to an event.

    Args:
        why: The reason; an answer is ``invalid`` here if it can't be sent over the message queue.
        sid: The client.
        namespace: Where it was asked.
        event: What it was asked.
    """
    if why is Unanswered.GONE:
        return DisconnectedError(sid, namespace)
    if why is Unanswered.INVALID:
        message = "the answer has no JSON form, so it can't be sent over the message queue"
        return AckValidationError(namespace=namespace, event=event, direction="inbound", message=message)
    return NoAnswerError(sid, namespace, event, displaced=why is Unanswered.DISPLACED)


class Answer:
    """The callback behind `Server.call`."""

    __slots__ = ("_event", "_future", "_namespace", "_sid")

    def __init__(self, future: asyncio.Future[tuple[Any, ...]], sid: str, namespace: str, event: str) -> None:
        self._future = future
        self._sid = sid
        self._namespace = namespace
        self._event = event

    def __call__(self, *arguments: Any) -> None:
        """End the call with the answer."""
        if not self._future.done():
            self._future.set_result(arguments)

    def lose(self, why: Unanswered) -> None:
        """Fail the call, because there will be no answer."""
        if not self._future.done():
            self._future.set_exception(no_reply(why, self._sid, self._namespace, self._event))
