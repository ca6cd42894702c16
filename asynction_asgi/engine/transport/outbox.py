"""What waits for one client, bounded, in front of whatever transport it has."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from ..wire.frames import OVERHEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..limits import Limits
    from ..wire.frames import Burst, Frame

# python-engineio's clients drop a polling answer of more packets than this.
POLL_PACKETS = 16


class Outbox:
    """Writes frames through to a transport, and queues them only while it is busy.

    Args:
        limits: How much may wait, and how long others wait for the client.
        overflow: Called when more would wait than `Limits.queued_bytes`; closes the connection.

    Attributes:
        frames: Frames that the transport has not taken yet; None if it has taken all, since most clients are
            never late and a deque takes 760 bytes.
        queued: Their size in bytes, with that of the objects which hold them.
        write: Sends a frame, or returns False if it can't now; None without a WebSocket.
        write_together: The same for several frames in one piece; None where the transport can't.
        poller: Resolves once a held poll has frames to fetch (True) or is over (False); None without one.
        relieved: Resolves once the client has read most of what waits; None while no sender waits for that.
        closed: Set once nothing more is taken; what waits can still be fetched.
    """

    __slots__ = (
        "_limits",
        "_overflow",
        "_patience",
        "closed",
        "frames",
        "poller",
        "queued",
        "relieved",
        "write",
        "write_together",
    )

    def __init__(self, limits: Limits, overflow: Callable[[], None]) -> None:
        self._limits = limits
        self._overflow: Callable[[], None] | None = overflow
        self._patience = limits.patience_seconds
        self.relieved: asyncio.Future[None] | None = None
        self.frames: deque[Frame] | None = None
        self.queued = 0
        self.write: Callable[[Frame], bool] | None = None
        self.write_together: Callable[[Burst], bool] | None = None
        self.poller: asyncio.Future[bool] | None = None
        self.closed = False

    def deliver(self, frames: list[Frame]) -> None:
        """Send frames in order, or queue them while the transport is busy; never waits."""
        if self.closed:
            return
        for frame in frames:
            if self.write is not None and not self.frames and self.write(frame):
                continue
            size = len(frame.body) + OVERHEAD
            if self.frames and self.queued + size > self._limits.queued_bytes:
                if self._overflow is not None:
                    self._overflow()
                return
            if self.frames is None:
                self.frames = deque()
            self.frames.append(frame)
            self.queued += size
        if self.frames:
            self.wake_poller()

    def deliver_together(self, burst: Burst) -> None:
        """Send frames as `deliver` does, so that no connection breaks between them where the transport can."""
        together = self.write_together
        if self.closed or self.frames or together is None or not together(burst):
            self.deliver(burst)

    def flush(self) -> None:
        """Send what waits, as far as the transport takes it."""
        while self.frames and self.write is not None and self.write(self.frames[0]):
            self.next_frame()

    @property
    def congested(self) -> bool:
        """Whether so much waits that a sender to this client alone should wait too."""
        return self.queued > self._limits.queued_bytes // 4

    async def relief(self) -> None:
        """Wait until the client has read most of what waits for it.

        The wait is bounded by the client's remaining patience, in seconds, which is restored once it has
        caught up.
        """
        if not self.congested or self.closed or self._patience <= 0:
            return
        if self.relieved is None:
            self.relieved = asyncio.get_running_loop().create_future()
        start = time.monotonic()
        try:
            await asyncio.wait([self.relieved], timeout=self._patience)
        finally:
            self._patience -= time.monotonic() - start

    def next_frame(self) -> Frame | None:
        """Take the next waiting frame, or None."""
        if not self.frames:
            return None
        frame = self.frames.popleft()
        self.queued -= len(frame.body) + OVERHEAD
        if self.relieved is not None and not self.congested:
            self._relieve()
        if not self.frames:
            self.frames = None
            self._patience = self._limits.patience_seconds
        return frame

    def poll(self) -> list[Frame]:
        """Take the frames for one polling answer."""
        frames: list[Frame] = []
        while len(frames) < POLL_PACKETS and (frame := self.next_frame()) is not None:
            frames.append(frame)
        return frames

    def wake_poller(self, *, frames: bool = True) -> None:
        """End a held poll, which then fetches what waits or, without frames, learns that its client is gone."""
        if self.poller is not None and not self.poller.done():
            self.poller.set_result(frames)

    def close(self) -> None:
        """Take nothing more, and let no sender wait any longer."""
        self.closed = True
        self._relieve()

    def let_go(self) -> None:
        """Forget the transport, and what waits unless a poll still fetches it."""
        self.write = self.write_together = self._overflow = None
        if self.poller is None:
            self.frames = None

    def _relieve(self) -> None:
        if self.relieved is not None:
            if not self.relieved.done():
                self.relieved.set_result(None)
            self.relieved = None
