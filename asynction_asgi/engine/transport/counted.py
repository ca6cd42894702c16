"""Connections that count their bytes; a server without metrics has the classes that these extend.

Sizes are those that `Limits` is about: before framing and compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .session import EngineSocket
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ..counts import Counts
    from ..ports import Receiver
    from ..wire.frames import Burst, Frame
    from .outbox import Outbox

_feed = EngineSocket.feed  # `super` would take its time


class CountedSocket(EngineSocket):
    """A connection that counts what it receives, and what it sends by polling."""

    def take(self, data: str | bytes) -> Awaitable[None] | None:
        """Count a message of a WebSocket, and take it; without a further call, because every event comes here."""
        self.server.counts.received_by_websocket += len(data) if data.isascii() else _encoded_size(data)
        try:
            return _feed(self, data)
        except Exception as error:  # noqa: BLE001  # as in the other class
            self.fail(error)
        return None

    def feed(self, data: str | bytes) -> Awaitable[None] | None:
        """Count a message of a polling request, and take it."""
        self.server.counts.received_by_polling += _encoded_size(data)
        return _feed(self, data)

    def poll(self) -> list[Frame]:
        """Return the frames for one polling answer, and count them."""
        frames = super().poll()
        self.server.counts.sent_by_polling += _size(frames)
        return frames


class CountedWebSocket(WebSocket):
    """A WebSocket that counts what it sends."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self._counts: Counts = server.counts

    def _accept_with(self, outbox: Outbox) -> bool:
        waiting = _size(outbox.frames or ())
        accepted = super()._accept_with(outbox)
        self._counts.sent_by_websocket += waiting - _size(outbox.frames or ())
        return accepted

    def attach(self, socket: Receiver) -> tuple[Callable[[Frame], bool], Callable[[Burst], bool] | None]:
        """Serve `socket` from now on, and count what is written for it."""
        write, write_together = super().attach(socket)
        counts = self._counts

        def count(frame: Frame) -> bool:
            if not write(frame):
                return False
            counts.sent_by_websocket += len(frame.body)
            return True

        def count_together(burst: Burst) -> bool:
            if write_together is None or not write_together(burst):
                return False
            counts.sent_by_websocket += _size(burst)
            return True

        return count, None if write_together is None else count_together


def _encoded_size(data: str | bytes) -> int:
    return len(data.encode() if isinstance(data, str) else data)


def _size(frames: Iterable[Frame]) -> int:
    return sum(len(frame.body) for frame in frames)
