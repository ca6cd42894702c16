"""What waits for one client, bounded, in front of whatever transport it has."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from engineio.async_socket import AsyncSocket

from .frames import CLOSE, Frame
from .packets import engine_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from .engine_server import EngineServer

# python-engineio's clients drop a polling answer of more packets than this.
POLL_PACKETS = 16
READS_TOO_SLOWLY = "closing a connection: the client reads too slowly (sid %s)"
_TRY_LATER = 1013  # RFC 6455, 7.4.1


class OutboxSocket(AsyncSocket):  # type: ignore[misc]  # python-engineio is untyped
    """python-engineio's socket with write-through: the queue is used only while the transport is busy.

    Attributes:
        outbox: Frames that the transport has not taken yet.
        queued: Their size.
        write: Sends a frame, or says that it can't now; None without a WebSocket.
        farewell: What a poll is answered at the end.
    """

    server: EngineServer
    closing: bool
    closed: bool

    def __init__(self, server: EngineServer, sid: str) -> None:
        super().__init__(server, sid)
        self.queue = None  # replaced by the outbox
        self.outbox: deque[Frame] = deque()
        self.queued = 0
        self.write: Callable[[Frame], bool] | None = None
        self.poller: asyncio.Future[bool] | None = None
        self.farewell = CLOSE
        self.patience = server.limits.patience_seconds
        self.relieved: asyncio.Future[None] | None = None

    def drop(self, reason: str, *, code: int = 1000) -> None:
        """Close from where nothing can be awaited."""
        raise NotImplementedError

    def deliver(self, frames: list[Frame]) -> None:
        """Send frames in order, or queue them while the transport is busy; never waits."""
        if self.closing or self.closed:
            return
        for frame in frames:
            if self.write is not None and not self.outbox and self.write(frame):
                continue
            if self.outbox and self.queued + len(frame.body) > self.server.limits.queued_bytes:
                self.server.tell(logging.WARNING, READS_TOO_SLOWLY, self.sid)
                self.drop(self.server.reason.TRANSPORT_ERROR, code=_TRY_LATER)
                return
            self.outbox.append(frame)
            self.queued += len(frame.body)
        if self.outbox:
            self._wake_poller()

    def flush(self) -> None:
        """Send what waits, as far as the transport takes it."""
        while self.outbox and self.write is not None and self.write(self.outbox[0]):
            self.next_frame()

    @property
    def congested(self) -> bool:
        """Whether so much waits that a sender to this client alone should wait too."""
        return self.queued > self.server.limits.queued_bytes // 4

    async def relief(self) -> None:
        """Wait until the client has read most of what waits for it.

        Not for ever: its patience is what one client may hold up others, until it has caught up.
        """
        if not self.congested or self.closing or self.patience <= 0:
            return
        if self.relieved is None:
            self.relieved = asyncio.get_running_loop().create_future()
        start = time.monotonic()
        try:
            await asyncio.wait([self.relieved], timeout=self.patience)
        finally:
            self.patience -= time.monotonic() - start

    def _relieve(self) -> None:
        if self.relieved is not None:
            if not self.relieved.done():
                self.relieved.set_result(None)
            self.relieved = None

    def next_frame(self) -> Frame | None:
        """Take the next waiting frame."""
        if not self.outbox:
            return None
        frame = self.outbox.popleft()
        self.queued -= len(frame.body)
        if self.relieved is not None and not self.congested:
            self._relieve()
        if not self.outbox:
            self.patience = self.server.limits.patience_seconds
        return frame

    async def send(self, pkt: Any) -> None:
        """Send a packet of upstream's making."""
        self.deliver([engine_frame(pkt)])

    async def poll(self) -> list[Frame]:
        """The frames for one polling answer, at least one."""
        frames: list[Frame] = []
        while len(frames) < POLL_PACKETS and (frame := self.next_frame()) is not None:
            frames.append(frame)
        if self.closing and not frames:
            frames.append(self.farewell)
        return frames

    def _wake_poller(self, *, frames: bool = True) -> None:
        if self.poller is not None and not self.poller.done():
            self.poller.set_result(frames)
