"""Pings over a WebSocket whose application has no heartbeat of its own."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from websockets.frames import CloseCode

from ..lateness import stood_still
from .control import ping_frame

if TYPE_CHECKING:
    from .holder import Holder


class Keepalive:
    """Pings the client at an interval, and fails the connection if a pong does not come in time.

    Args:
        holder: Holds the connection.
        interval: Seconds between a pong and the next ping.
        timeout: Seconds for a pong, or None to wait for none.
    """

    __slots__ = ("_holder", "_interval", "_loop", "_payload", "_sent", "_timeout", "_timer")

    def __init__(self, holder: Holder, interval: float, timeout: float | None) -> None:
        self._holder = holder
        self._interval = interval
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._payload: bytes | None = None
        self._sent = 0.0
        self._timer = self._loop.call_later(interval, self._ping)

    def stop(self) -> None:
        """Ping no more."""
        self._timer.cancel()

    def take_pong(self, body: bytes) -> None:
        """Count a pong, if it answers the last ping."""
        if body == self._payload and self._timeout is not None:
            self._payload = None
            self._timer.cancel()
            round_trip = self._loop.time() - self._sent
            self._timer = self._loop.call_later(max(0.0, self._interval - round_trip), self._ping)

    @property
    def _is_closing(self) -> bool:
        return self._holder.close_sent or self._holder.transport.is_closing()

    def _ping(self) -> None:
        if self._is_closing:
            return
        self._payload = secrets.token_bytes(4)  # so that no other pong is taken for the answer
        self._sent = self._loop.time()
        self._holder.transport.write(ping_frame(self._payload))
        if self._timeout is None:
            self._timer = self._loop.call_later(self._interval, self._ping)
        else:
            self._timer = self._loop.call_later(self._timeout, self._give_up, self._timeout)

    def _give_up(self, timeout: float) -> None:
        if self._is_closing:
            return
        # The pong may wait behind a message that the application has not taken.
        if not self._holder.transport.is_reading() or stood_still(self._loop, self._timer, timeout):
            self._timer = self._loop.call_later(timeout, self._give_up, timeout)
        else:
            self._holder.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
