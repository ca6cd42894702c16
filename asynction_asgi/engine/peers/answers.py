"""Callbacks and calls that wait for a client's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import DisconnectedError, NoAnswerError

if TYPE_CHECKING:
    import asyncio


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

    def lose(self, *, gone: bool) -> None:
        """Fail the call: the client is gone, or newer calls have taken its place."""
        if not self._future.done():
            self._future.set_exception(
                DisconnectedError(self._sid, self._namespace)
                if gone
                else NoAnswerError(self._sid, self._namespace, self._event, displaced=True)
            )
