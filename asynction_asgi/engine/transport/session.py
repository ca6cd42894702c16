"""One Engine.IO connection, over WebSocket or polling.

Upstream's socket pays one task and one timer for each message read, the same for each one written,
and a queue between. Here a packet is handed to the transport at once when the transport takes it; it
waits in a bounded queue otherwise. One timer per connection watches over the heartbeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
from typing import TYPE_CHECKING, Any

from engineio import exceptions
from engineio.async_socket import AsyncSocket

from ...logs import get_logger
from ...reasons import Close
from ..peers.members import Connection
from ..tasks import until_ended
from ..wire import close_codes
from ..wire.codec import PayloadTooLargeError, UndecodableError
from ..wire.frames import CLOSE, NOOP, PING, PROBE_ANSWER
from ..wire.packets import engine_frame
from ..wire.payload import split_payload
from .lateness import stood_still
from .outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..ports import Host
    from ..watch import Scope
    from ..wire.frames import Frame
    from .websocket import WebSocket

logger = get_logger("engine")

# Between so many packets of one polling request, others get their turn.
_POST_STRIDE = 64
_UPGRADE_POLL_SECONDS = 0.1
PARSE_ERROR = "parse error"


class EngineSocket(AsyncSocket):  # type: ignore[misc]  # python-engineio is untyped
    """python-engineio's socket with write-through, bounded queues and a single timer.

    Attributes:
        scope: Of the request that opened it.
        outbox: What waits for the client.
        farewell: What a poll is answered at the end.
        connection: What the Socket.IO layer knows of this client; deleted when the connection is closed.
        paused: Set while nothing is read because its events wait; a pong may be among them.
    """

    server: Host
    scope: Scope
    last_ping: float | None
    connected: bool
    upgrading: bool
    upgraded: bool
    closing: bool
    closed: bool
    connection: Connection

    def __init__(self, server: Host, sid: str, scope: Scope) -> None:
        super().__init__(server, sid)
        self.scope = scope
        self.outbox = Outbox(server.limits, self._overflow)
        self.farewell = CLOSE
        self.connection = Connection(self, server.limits)
        self.last_ping = None
        self.websocket: WebSocket | None = None
        self.posting = self.paused = False
        self.polled = self.connection.loop.time()
        self.heartbeat: asyncio.TimerHandle | None = None
        self.upgrade_over: asyncio.Event | None = None
        self.closing_task: asyncio.Task[None] | None = None

    def _overflow(self) -> None:
        self._report(Close.SLOW_READER, self.server.limits.name("queued_bytes"))
        self.drop(self.server.reason.TRANSPORT_ERROR, code=close_codes.TRY_AGAIN_LATER)

    def _report(self, reason: Close, detail: str = "") -> None:
        self.server.reports.closing(reason, self.sid, self.scope, detail)

    def flush(self) -> None:
        """Write what waits, now that the transport takes it."""
        self.outbox.flush()

    async def send(self, pkt: Any) -> None:
        """Send a packet of upstream's making."""
        self.outbox.deliver([engine_frame(pkt)])

    def poll(self) -> list[Frame]:
        """Return the frames for one polling answer: at the end, the last one says so."""
        frames = self.outbox.poll()
        if self.closing and not frames:
            frames.append(self.farewell)
        return frames

    @property
    def waiting(self) -> int:
        """Number of events that wait for their turn."""
        return 0 if self.closed else self.connection.waiting

    @property
    def fetches_late(self) -> bool:
        """Whether a client of polling has not fetched all its answers and begun another poll."""
        outbox = self.outbox
        return not self.closing and outbox.write is None and (bool(outbox.frames) or outbox.poller is None)

    # -- heartbeat -------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """Start the heartbeat, or go on with it after a pong."""
        if self.heartbeat is not None:
            self.heartbeat.cancel()
        self.last_ping = None
        loop = asyncio.get_running_loop()
        self.heartbeat = loop.call_later(self.server.ping_interval, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        # What the server itself answers, such as pings of WebSocket, passes the outbox by.
        if self.websocket is not None and self.websocket.buffered > self.server.limits.queued_bytes:
            self._report(Close.SLOW_READER, self.server.limits.name("queued_bytes"))
            self.drop(self.server.reason.TRANSPORT_ERROR)
            return
        if self.last_ping is None:
            self.last_ping = time.time()
            self.connection.mark()
            self.outbox.deliver([PING])
        elif stood_still(loop, self.heartbeat, self.server.ping_timeout):
            pass  # the pong may be here, and not be read yet
        elif not self.paused or self._polls_no_more(loop):
            self._report(Close.NO_PONG, f"ping_timeout is {self.server.ping_timeout:g} seconds")
            self.drop(self.server.reason.PING_TIMEOUT)
            return
        # Counted from now, not from the due time, so that clients have their full timeout after a process was suspended.
        self.heartbeat = loop.call_later(self.server.ping_timeout, self._beat, loop)

    def _polls_no_more(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether a client of polling is gone; one whose input is paused shows it in no other way."""
        patience = self.server.ping_interval + self.server.ping_timeout
        return (
            self.outbox.write is None and self.outbox.poller is None and loop.time() - self.polled > patience
        )

    # -- inwards ---------------------------------------------------------------------------

    def take(self, data: str | bytes) -> Awaitable[None] | None:
        """Do what `feed` does, for callers that can't handle an error: any error closes the connection."""
        try:
            return self.feed(data)
        except Exception as error:  # noqa: BLE001  # the event loop would log it as its own
            self.fail(error)
        return None

    def fail(self, error: Exception) -> None:
        """Close because of what `feed` has raised."""
        if isinstance(error, UndecodableError):
            self.refuse(error)
        elif isinstance(error, PayloadTooLargeError):
            self._report(error.reason, str(error))
            self.drop(self.server.reason.TRANSPORT_ERROR, code=close_codes.MESSAGE_TOO_BIG)
        else:  # as of a user-supplied packet class
            logger.error(
                "closing a connection: a message could not be handled (sid %s)", self.sid, exc_info=error
            )
            self._report(Close.CRASH)
            self.drop(self.server.reason.TRANSPORT_ERROR, code=close_codes.INTERNAL_ERROR)

    def feed(self, data: str | bytes) -> Awaitable[None] | None:
        """Take one Engine.IO packet; await the result, if any, before the next one.

        Raises:
            UndecodableError: The data is not a valid packet.
            PayloadTooLargeError: The message is larger than the server takes.
        """
        if self.closing:
            return None
        server = self.server
        limit = server.max_http_buffer_size
        text = isinstance(data, str)
        if len(data) > limit or (text and not data.isascii() and len(data.encode()) > limit):  # type: ignore[union-attr]  # a str
            raise PayloadTooLargeError(server.name_limit())
        if not text or data.startswith("4"):  # type: ignore[arg-type]  # a str
            owner = server.owner
            return (
                server.trigger_message(self, data)
                if owner is None
                else owner.take_message(self.connection, data)
            )
        kind = data[:1]
        if kind == "3":
            if self.last_ping is not None:
                self.connection.confirm()
                self.schedule_ping()
        elif kind == "1":
            self.farewell = NOOP
            self.drop(server.reason.CLIENT_DISCONNECT)
        elif kind not in ("5", "6"):  # a late UPGRADE and a NOOP mean nothing
            raise UndecodableError("not an Engine.IO packet of a client")
        return None

    async def handle_get_request(self, environ: dict[str, Any]) -> Any:
        """Upgrade to WebSocket, or begin with one."""
        if self.upgrading:
            raise exceptions.EngineIOError("an upgrade is under way")
        return await self._upgrade_websocket(environ)

    async def fetch(self, receive: Any) -> list[Frame] | None:
        """Return the frames for a poll, once there are some; None if the client has a WebSocket meanwhile.

        Raises:
            EngineIOError: Another poll is held, or this one was given up; the connection is closed.
        """
        if self.upgrading:
            await self._await_upgrade()
            return None if self.upgraded else [NOOP]
        if self.outbox.poller is not None:
            # Two polls at the same time would share one stream of packets between them.
            self._report(Close.OVERLAP)
            await self.close(wait=False, reason=self.server.reason.TRANSPORT_ERROR)
            raise exceptions.EngineIOError("overlapping polls")
        if not self.outbox.frames and not self.closing:
            await self._await_frames(receive)
        self.polled = asyncio.get_running_loop().time()
        return self.poll() or [NOOP]

    def fetch_at_once(self) -> list[Frame]:
        """Return the frames for a poll, or none if it would have to be held or refused."""
        is_simple = self.connected and not self.upgrading and not self.closing
        if not is_simple or self.outbox.poller is not None or not self.outbox.frames:
            return []
        self.polled = self.connection.loop.time()
        return self.poll()

    async def _await_upgrade(self) -> None:
        """Hold a poll that came in the middle of an upgrade, not for long: the client may wait for it."""
        if self.upgrade_over is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_UPGRADE_POLL_SECONDS):
                    await self.upgrade_over.wait()

    async def _await_frames(self, receive: Any) -> None:
        poller = self.outbox.poller = asyncio.get_running_loop().create_future()
        gone = asyncio.ensure_future(_gone(receive))
        gone.add_done_callback(self._poller_gone)
        self.server.watch_for_exit()
        try:
            if not await poller:
                await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
                raise exceptions.EngineIOError("the poll was given up")
        except asyncio.CancelledError:
            self.drop(self.server.reason.TRANSPORT_CLOSE)
            raise
        finally:
            self.outbox.poller = None
            gone.cancel()

    def _poller_gone(self, gone: asyncio.Task[None]) -> None:
        if not gone.cancelled():
            gone.exception()  # whatever it was, the client is not there any more
            self.outbox.wake_poller(frames=False)

    async def take_payload(self, body: bytes) -> None:
        """Take the packets of one polling request.

        Raises:
            EngineIOError: The packets can't be taken; the connection is closed.
        """
        if self.posting:
            self._report(Close.OVERLAP)
            self.drop(self.server.reason.TRANSPORT_ERROR)
            raise exceptions.EngineIOError("overlapping requests")
        self.posting = True
        try:
            for number, packet in enumerate(split_payload(body)):
                pause = self.feed(packet)
                if pause is not None:
                    await pause
                if number % _POST_STRIDE == _POST_STRIDE - 1:
                    await asyncio.sleep(0)
                if self.closing or self.closed:
                    return
        except Exception as error:
            self._refuse_payload(error)
            raise exceptions.EngineIOError("it could not be taken") from error
        finally:
            self.posting = False

    def take_at_once(self, body: bytes) -> bool | None:
        """Take the body of a polling request if it is an event, and the client need not wait after it.

        Returns:
            Whether it could be taken, or None if nothing was tried; the connection is closed if it could not.
        """
        server = self.server
        is_simple = self.connected and not self.upgrading and not self.closing and not self.posting
        is_event = body.startswith(b"42") and b"\x1e" not in body and len(body) <= server.max_http_buffer_size
        if not is_simple or not is_event or server.owner is None:
            return None
        if not self.connection.has_room_behind(len(body)):
            return None
        try:
            for packet in split_payload(body):
                self.feed(packet)  # there is room, so that nothing has to be awaited
        except Exception as error:  # noqa: BLE001  # as in `take`
            self._refuse_payload(error)
            return False
        return True

    def _refuse_payload(self, error: Exception) -> None:
        if isinstance(error, UndecodableError | PayloadTooLargeError):
            self.refuse(error)
        else:
            self.fail(error)

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> Any:
        """Accept a WebSocket, with which the connection begins or to which it moves from polling."""
        if self.upgraded:
            raise exceptions.EngineIOError("the connection has a WebSocket already")
        ws = self.server.create_websocket(self._websocket_handler)
        return await ws(environ, None if self.connected else self.outbox)

    async def _websocket_handler(self, ws: WebSocket) -> None:
        """Serve a WebSocket from its acceptance to its end."""
        if self.connected:
            if not await self._probe(ws):
                ws.close()
                return
            self.connection.context = contextvars.copy_context()
        elif self.closing:  # since the WebSocket was to be accepted
            ws.close(close_codes.SERVICE_RESTART)
            return
        else:
            self.connected = self.upgraded = True
        self.websocket = ws
        self.outbox.write, self.outbox.write_together = ws.attach(self)
        self.outbox.flush()
        reason = self.server.reason.TRANSPORT_CLOSE
        try:
            while not self.closing and (data := await ws.receive()) is not None:
                pause = self.take(data)
                if pause is not None:
                    await ws.pause(pause)
        except BaseException:  # the server's task is cancelled, or its `receive` fails
            self.drop(reason)
            raise
        if not self.closed:
            await until_ended(self.closing_task or self._begin_end(reason, abort=True))

    async def _probe(self, ws: WebSocket) -> bool:
        """Engine.IO protocol 4, "Upgrade": ``2probe``, ``3probe``, then ``5``."""
        if self.upgrading or self.upgraded:
            return False
        self.upgrading = True  # polls end, packets wait
        over = self.upgrade_over = asyncio.Event()
        try:
            async with asyncio.timeout(self.server.limits.upgrade_seconds):
                if await ws.receive() != "2probe":
                    return False
                ws.write(PROBE_ANSWER)
                self.outbox.wake_poller()
                self.upgraded = await ws.receive() == "5"
        except TimeoutError:
            return False
        finally:
            self.upgrading = False
            over.set()
        if not self.upgraded:
            self.outbox.wake_poller()
        return bool(self.upgraded) and not self.closing

    # -- the end ---------------------------------------------------------------------------

    def refuse(self, error: UndecodableError | PayloadTooLargeError) -> None:
        """Close because of a message that can't be taken; does nothing if the connection is closing."""
        if not self.closing:
            self._report(error.reason, str(error))
            self.drop(PARSE_ERROR, code=close_codes.PROTOCOL_ERROR)

    def refuse_size(self, server_limit: int | None = None) -> None:
        """Close because of a message that is too large, before the whole of it is here.

        Args:
            server_limit: The largest that the ASGI server takes, where that is known.
        """
        self._report(Close.TOO_LARGE, f"larger than {self.server.name_limit(server_limit)}")
        self.drop(self.server.reason.TRANSPORT_ERROR, code=close_codes.MESSAGE_TOO_BIG)

    def ended_by_size(self) -> None:
        """Report that a message was too large for the client or the ASGI server, which ended the connection."""
        self._report(
            Close.TOO_LARGE,
            "it ended with code 1009, by the client or the ASGI server (uvicorn: --ws-max-size)",
        )

    def drop(self, reason: str, *, code: int = 1000) -> None:
        """Close from where nothing can be awaited."""
        if not self.closing and not self.closed:
            self._begin_end(reason, abort=False, code=code)

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002  # upstream's signature
        """Close the connection and run the disconnect handlers; a second call does nothing.

        Args:
            wait: Upstream waits for the queue to drain; here what can be written at once is.
            abort: Don't tell the client.
            reason: For the handlers.
        """
        del wait
        if not self.closing and not self.closed:
            reason = reason or self.server.reason.SERVER_DISCONNECT
            await until_ended(self._begin_end(reason, abort=abort))

    def _begin_end(self, reason: str, *, abort: bool, code: int = 1000) -> asyncio.Task[None]:
        # A task of its own, which outlives a request that is given up, and which a shutdown can end. Whatever
        # closes the connection, such as an emit of another client's handler, the handler runs in the connection's own context.
        ending = self._end(reason, abort=abort, code=code)
        context = self.connection.context.copy()
        self.closing_task = asyncio.get_running_loop().create_task(ending, context=context)
        if code == close_codes.SERVICE_RESTART:
            self.farewell = NOOP  # after a CLOSE, python-socketio's clients would not come back
        self.closing = True
        self.outbox.close()
        return self.closing_task

    async def _end(self, reason: str, *, abort: bool, code: int = 1000) -> None:
        self.connected = False
        if self.heartbeat is not None:
            self.heartbeat.cancel()
        try:
            self._close_websocket(reason, abort=abort, code=code)
        except Exception:  # whatever a transport raises, the handlers run
            logger.exception("a transport could not be closed (sid %s)", self.sid)
        self.outbox.wake_poller()
        try:
            await self.server.transport_closed(self, reason)
        finally:
            self.closed = True
            self.server.sockets.pop(self.sid, None)
            self.let_go()

    def _close_websocket(self, reason: str, *, abort: bool, code: int) -> None:
        if self.websocket is not None:
            if not abort and self.outbox.write is not None and not self.outbox.frames:
                self.outbox.write(self.farewell)
            self.websocket.close(code, reason)

    def let_go(self) -> None:
        """Drop the references that lead back here, so that reference counting frees a closed connection."""
        if self.websocket is not None:
            self.websocket.detach()
        self.websocket = self.heartbeat = self.closing_task = None
        self.scope = {}  # the rest may be kept as long as its client may come back
        self.outbox.let_go()  # a poll that was woken above still takes what is left
        del self.connection


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
