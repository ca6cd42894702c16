"""Connections that count their bytes; a server without metrics has the classes that these extend.

Sizes are those that `Limits` is about: before framing and compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .session import EngineSocket
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..ports import Receiver
    from ..wire.frames import Burst, Frame

__all__ = ["CountedSocket", "CountedWebSocket"]


class CountedSocket(EngineSocket):
    """A connection that counts what it receives, and what it sends by polling."""

    def feed(self, data: str | bytes) -> Awaitable[None] | None:
        """Count a message, and take it."""
        size = len(data)
        if type(data) is str and not data.isascii():
            size = len(data.encode())
        counts = self.server.counts
        if self.websocket is None:
            counts.received_by_polling += size
        else:
            counts.received_by_websocket += size
        return EngineSocket.feed(self, data)  # super() would take its time

    async def poll(self) -> list[Frame]:
        """Return the frames for one polling answer, and count them."""
        frames = await super().poll()
        self.server.counts.sent_by_polling += _size(frames)
        return frames


class CountedWebSocket(WebSocket):
    """A WebSocket that counts what it sends."""

    def attach(self, socket: Receiver) -> tuple[Callable[[Frame], bool], Callable[[Burst], bool] | None]:
        """Serve `socket` from now on, and count what is written for it."""
        write, write_together = super().attach(socket)
        counts = socket.server.counts

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


def _size(frames: list[Frame]) -> int:
    return sum(len(frame.body) for frame in frames)
