"""The server's end of a WebSocket over plain ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any

from ..wire.close_codes import MESSAGE_TOO_BIG
from .stepping import Rest, steps_of
from .uvicorn.compat import accept_with, find_limit, find_transport, refused_size, take_over

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..ports import Receiver
    from ..wire.frames import Burst, Frame
    from .outbox import Outbox
    from .stepping import Steps

# After we close, the server should send a disconnect event; some servers do not.
_LINGER_SECONDS = 2.0
# Seconds for a peer to read what is in transit when the connection ends; transports wait for ever.
_FLUSH_SECONDS = 10.0
# So much more than any server's own mark means that nothing is being read.
_LARGE = 1 << 20
# Of SO_LINGER: closing resets the connection, and what the peer has not read is dropped.
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class WebSocket:
    """Reads by await, writes at once.

    A write runs the server's ``send`` up to its first suspension, without a task. If it does
    suspend, the server considers the peer slow: a task takes the rest over, and whatever is
    written meanwhile waits in the socket's outbox.
    """

    def __init__(self, handler: Any, server: Any) -> None:
        del server  # upstream's signature
        self._handler = handler
        self._receive: Any = None
        self._send: Any = None
        self._socket: Receiver | None = None
        self._drainer: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._ahead: asyncio.Future[Any] | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._reading = self._unblocked = self._gone = False
        self.closed = False

    async def __call__(self, environ: dict[str, Any], outbox: Outbox | None = None) -> str:
        """Accept, and serve until the end; the empty answer tells upstream that all is said.

        Args:
            environ: Of the handshake.
            outbox: Of a connection that begins with this WebSocket.
        """
        self._receive, self._send = environ["asgi.receive"], environ["asgi.send"]
        if outbox is None or not self._accept_with(outbox):
            await self._send({"type": "websocket.accept"})
        self._reader = asyncio.current_task()
        handler, self._handler = self._handler, None  # a method of what holds this WebSocket
        try:
            await handler(self)
        finally:
            if self._ahead is not None:
                self._ahead.cancel()
        if self._closer is not None:
            if self._gone:
                self._closer.cancel()
            else:
                await asyncio.wait([self._closer])
        return ""

    def _accept_with(self, outbox: Outbox) -> bool:
        """Accept by the packet in which the first frame goes, too, if the server has a way to do that."""
        if not outbox.frames or not accept_with(self._receive, self._send, outbox.frames[0].wire):
            return False
        outbox.next_frame()
        return True

    def attach(self, socket: Receiver) -> tuple[Callable[[Frame], bool], Callable[[Burst], bool] | None]:
        """Serve `socket` from now on.

        If the server is a known uvicorn and nothing has wrapped ``receive`` on the way, messages go from its
        transport to the socket without passing here.

        Returns:
            Two functions, which send a frame, or several in one piece; False if that can't be done now. ASGI
            has no way to do the latter.
        """
        self._socket = socket
        shortcut = take_over(self._receive, socket)
        return (self.write, None) if shortcut is None else (shortcut.write, shortcut.write_together)

    def detach(self) -> None:
        """Forget the socket that was served, once it is closed."""
        self._socket = None

    async def receive(self) -> str | bytes | None:
        """Return the next message, or None once the connection has ended."""
        if self.closed:
            return None
        self._reading = True
        try:
            event = await (self._ahead or self._receive())
            self._ahead = None
        except asyncio.CancelledError:
            if self._unblocked and self._reader is not None:
                self._reader.uncancel()
                return None
            raise
        finally:
            self._reading = False
        if event["type"] != "websocket.receive":
            if event.get("code") == MESSAGE_TOO_BIG and not self.closed:
                self._explain_size()
            self.closed = self._gone = True
            return None
        text: str | None = event.get("text")
        return event["bytes"] if text is None else text

    def _explain_size(self) -> None:
        """Log that the server refused a message for its size, before any of it came here."""
        if self._socket is None or (refused := refused_size(self._receive)) is False:
            return
        if refused:
            self._socket.refuse_size(find_limit(self._receive))
        else:
            self._socket.ended_by_size()

    async def pause(self, until: Awaitable[None]) -> None:
        """Read nothing until `until` is done or the peer is gone.

        One message is read ahead, because the server tells of the end in the same way.
        """
        if self._ahead is None:
            self._ahead = asyncio.ensure_future(self._receive())
        waiting = asyncio.ensure_future(until)
        try:
            await asyncio.wait({waiting, self._ahead}, return_when=asyncio.FIRST_COMPLETED)
            if self._ahead.done() and self._ahead.result()["type"] != "websocket.receive":
                return
            await waiting
        finally:
            waiting.cancel()

    def write(self, frame: Frame) -> bool:
        """Send `frame`; False when it must wait behind others."""
        if self._drainer is not None:
            return False
        if not self.closed:
            self._step(self._send(frame.message))
        return True

    def _step(self, awaitable: Awaitable[None]) -> None:
        sending = steps_of(awaitable)
        try:
            pending = sending.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001  # servers raise what they like when the peer is gone
            self._lose()
            return
        self._drainer = asyncio.get_running_loop().create_task(self._drain(sending, pending))

    async def _drain(self, sending: Steps, pending: Any) -> None:
        try:
            await Rest(sending, pending)
            while not self.closed and self._socket is not None:
                frame = self._socket.outbox.next_frame()
                if frame is None:
                    break
                await self._send(frame.message)
        except Exception:  # noqa: BLE001  # as above
            self._lose()
        finally:
            self._drainer = None

    def _lose(self) -> None:
        self.closed = True
        if self._socket is not None:
            self._socket.drop(self._socket.server.reason.TRANSPORT_CLOSE)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close without waiting for a peer that does not read."""
        if self.closed:
            self._limit_flush()
            return
        self.closed = True
        if (self._socket is not None and self._socket.outbox.frames) or self.buffered > _LARGE:
            if self._drainer is not None:
                self._drainer.cancel()
            self._abort()
        else:
            self._send_close({"type": "websocket.close", "code": code, "reason": reason})
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._unblock)

    def _send_close(self, message: dict[str, Any]) -> None:
        """Send at once, or where that suspends, in a task: a middleware may await anything, for any peer."""
        if self._drainer is not None:
            rest: Awaitable[None] = self._send_behind(self._drainer, message)
        else:
            sending = steps_of(self._send(message))
            try:
                rest = Rest(sending, sending.send(None))
            except Exception:  # noqa: BLE001  # done, or there is nobody left to tell
                return
        self._closer = asyncio.get_running_loop().create_task(self._finish(rest))

    async def _send_behind(self, drainer: asyncio.Task[None], message: dict[str, Any]) -> None:
        await asyncio.wait([drainer])
        await self._send(message)

    async def _finish(self, rest: Awaitable[None]) -> None:
        """Let the last writes end, for a bounded time."""
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                await rest
        except Exception:  # noqa: BLE001  # as above, or the peer does not read
            self._abort()
        finally:
            if self._drainer is not None:
                self._drainer.cancel()

    @property
    def buffered(self) -> int:
        """Bytes buffered by the server and not yet read by the peer, if the transport is accessible."""
        size = getattr(self._transport, "get_write_buffer_size", None)
        try:
            return 0 if size is None else int(size())
        except Exception:  # noqa: BLE001  # asyncio's TLS transports can't be asked once they are closed
            return 0

    @property
    def _transport(self) -> Any:
        return find_transport(self._send)

    def _abort(self) -> None:
        """Free what the server and the kernel buffer, if the transport is accessible."""
        transport = self._transport
        if transport is None:
            return
        with contextlib.suppress(Exception):  # servers have what sockets they like
            # Or the kernel would keep megabytes for a peer that reads nothing, and tell it of no end.
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
        transport.abort()

    def _limit_flush(self) -> None:
        if self.buffered:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._abort)

    def _unblock(self) -> None:
        self._limit_flush()
        if self._reading and self._reader is not None:
            self._unblocked = True
            self._reader.cancel()
