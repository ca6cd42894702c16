"""Upstream's client for one namespace, made safe for a command that must end.

Upstream waits for ever if the connection ends while an answer is due, drops what was sent just before it
disconnects, logs failures instead of raising them, sends a connection's headers with its first request
only, and queues without a limit. The overrides here correct that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import engineio
import socketio

from ..errors import printable, shorten
from .offsets import Offsets
from .remote_http import CLOSE_SECONDS, Answer, UnreachableError, read_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Sequence

TRANSPORTS = ("polling", "websocket")
DEFAULT_PATH = "/socket.io"  # as upstream's clients have it
_CANCELS, _CANCEL_SECONDS = 3, 0.5
_MESSAGE_BYTES = 256_000_000  # a user asked for the data; upstream's 4 MB would close the connection
_ATTACHMENT_BYTES = 100  # memory per attachment beside its bytes
# The most events not yet received, and packets not yet sent: only a server that floods or does not read
# causes more.
_WAITING = 1_000
_DECODED = 16  # packets that upstream takes from one answer to a poll; it gives up at more
# Upstream's log: failures, which are raised here, and packets. It has no parent, as `logging.config` lets
# every logger below a configured one speak.
_SILENT = logging.Logger("upstream", logging.CRITICAL + 1)  # noqa: LOG001  # see above


class ConnectRefusedError(Exception):
    """The server answered CONNECT with CONNECT_ERROR.

    Attributes:
        answer: The body of CONNECT_ERROR.
        namespace: Which namespace refused.
    """

    def __init__(self, answer: Any, namespace: str) -> None:
        self.answer = answer
        self.namespace = namespace
        super().__init__(answer)


class ClosedError(Exception):
    """The connection has ended; the message says how.

    Attributes:
        final: Whether connecting again is useless: the server ended the connection on purpose, or floods.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(reason)


class FloodError(ClosedError):
    """The connection was closed, since the server sends events faster than they are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's address, and what the client presents there.

    Attributes:
        url: Scheme, host and query; a path in it is ignored.
        path: The path of Socket.IO on that host, mount included.
        auth: The auth object of CONNECT, or None.
        headers: Name and value of the headers of every HTTP request.
        transports: The first opens the connection, which is then upgraded to the other.
        verify: Check the server's TLS certificate against the authorities known here.
    """

    url: str
    path: str = DEFAULT_PATH
    namespace: str = "/"
    auth: Any = None
    headers: Sequence[tuple[str, str]] = ()
    transports: tuple[str, ...] = TRANSPORTS
    verify: bool = True

    @property
    def shown(self) -> str:
        """The address of Socket.IO, without credentials and query, to be shown."""
        parts = urlsplit(self.url)
        return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self.path}/")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that the server emitted.

    Attributes:
        ack_id: The id for an acknowledgement, or None if the server does not ask for one.
    """

    event: str
    arguments: tuple[Any, ...]
    ack_id: int | None = field(default=None, repr=False)


class _SendQueue(asyncio.Queue[Any]):
    """A queue that ends twice: upstream's writer loses an end mark that follows a packet and waits for a second."""

    async def put(self, item: Any) -> None:
        await super().put(item)
        if item is None:
            await super().put(item)


class _Engine(engineio.AsyncClient):  # type: ignore[misc]  # upstream is untyped
    """Upstream's transport with bounded queues.

    Attributes:
        pause: Wait, between two packets, until the next may be read; None never waits.
    """

    pause: Callable[[], Awaitable[None]] | None = None
    _undelivered: bytes = b""

    def create_queue(self, *_: Any, **__: Any) -> asyncio.Queue[Any]:
        return _SendQueue()

    async def _send_packet(self, pkt: Any) -> None:
        """Queue a packet.

        Raises:
            ClosedError: Too many packets wait for a server that asks for answers and does not read them.
        """
        if self.queue.qsize() >= _WAITING:
            raise ClosedError(f"the server does not read: {_WAITING:,} packets wait for it", final=True)
        await super()._send_packet(pkt)

    async def _receive_packet(self, pkt: Any) -> None:
        await super()._receive_packet(pkt)
        # Upstream handles each message in a task of its own: let it run, and the receiver of the event.
        await asyncio.sleep(0)
        if self.pause is not None:
            await self.pause()

    async def _send_request(self, method: str, *args: Any, **options: Any) -> Answer | str | None:
        """Send a request; of an answer with many packets, return some, and the others at the next polls."""
        if method == "GET" and self._undelivered:
            answer = Answer(200, self._undelivered)
        else:
            response = await super()._send_request(method, *args, **options)
            if response is None or isinstance(response, str):
                return response
            answer = await read_answer(response, _MESSAGE_BYTES)
        if method != "GET":
            return answer
        first, self._undelivered = answer.split(_DECODED)
        return first


class Client(socketio.AsyncClient):  # type: ignore[misc]  # upstream is untyped
    """Upstream's client for one namespace; the future `ended` says why the connection ended."""

    def __init__(
        self, session: Any, *, namespace: str, events: Container[str] | None, seconds: float, paced: bool
    ) -> None:
        super().__init__(
            reconnection=False,
            logger=_SILENT,
            engineio_logger=_SILENT,
            handle_sigint=False,
            http_session=session,
            request_timeout=seconds + 1.0,  # the caller's own limit comes first, with a better message
            websocket_extra_options={"max_msg_size": _MESSAGE_BYTES},
        )
        loop = asyncio.get_running_loop()
        self._namespace = namespace
        self._events = events
        self._attached = 0
        self._offsets = Offsets()
        self._room = asyncio.Event()
        if paced:
            self.eio.pause = self._until_room
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue(_WAITING)
        self.ended: asyncio.Future[ClosedError] = loop.create_future()
        self.joined: asyncio.Future[None] = loop.create_future()

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine

    async def open(self, address: Address) -> None:
        """Connect, and wait for the namespace's answer.

        Raises:
            ConnectRefusedError: The namespace refused the connection.
            ClosedError: The connection ended before the namespace answered.
            Exception: Upstream's error for a server that is unreachable or does not speak Socket.IO.
        """
        await self.connect(
            address.url,
            auth=address.auth,
            transports=list(address.transports),
            namespaces=[address.namespace],
            socketio_path=address.path,
            wait=False,
        )
        for loop in (self.eio.read_loop_task, self.eio.write_loop_task):
            if loop is not None:
                loop.add_done_callback(self._loop_ended)
        outcomes: set[asyncio.Future[Any]] = {self.joined, self.ended}
        await asyncio.wait(outcomes, return_when=asyncio.FIRST_COMPLETED)
        if not self.joined.done():
            raise self.ended.result()
        self.joined.result()

    async def close(self) -> None:
        """Send what is queued, leave the namespace, disconnect, and cancel tasks that hang."""
        # Upstream's errors for a connection that never opened, or is half closed, do not matter now.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                if not self.ended.done():
                    await self._leave()
                    await self.eio.queue.join()
                await self.disconnect()
        await _end([self.eio.read_loop_task, self.eio.write_loop_task])
        self.joined.cancel()

    async def _leave(self) -> None:
        """Queue a DISCONNECT; that of upstream is lost, as it closes the WebSocket before it is written."""
        for namespace in list(self.namespaces):
            await self._send_packet(self.packet_class(socketio.packet.DISCONNECT, namespace=namespace))
        self.namespaces.clear()

    def made_room(self) -> None:
        """Read on, if reading paused; call it after taking an arrival."""
        self._room.set()

    async def _until_room(self) -> None:
        """Wait until half of the arrivals are taken, or the connection has ended, once many wait."""
        while self.arrivals.qsize() > _WAITING // 2 and not self.ended.done():
            self._room.clear()
            await self._room.wait()

    async def acknowledge(self, namespace: str, ack_id: int | None, answer: Sequence[Any]) -> None:
        """Answer an event."""
        await self._send_packet(
            self.packet_class(socketio.packet.ACK, namespace=namespace, id=ack_id, data=list(answer))
        )

    async def _handle_eio_message(self, data: str | bytes) -> None:
        try:
            self._attached = self._attached + len(data) + _ATTACHMENT_BYTES if self._binary_packet else 0
            if self._attached > _MESSAGE_BYTES:
                raise ClosedError(
                    f"the server sent an event of more than {_MESSAGE_BYTES:,} bytes", final=True
                )
            await super()._handle_eio_message(data)
        except ClosedError as error:
            await self._break_off(error)
        except Exception:  # noqa: BLE001  # upstream's parser raises whatever it meets
            await self._break_off(ClosedError("the server sent data that is not a Socket.IO packet"))

    async def _handle_connect(self, namespace: str | None, data: Any) -> None:
        self._expect(namespace)
        self._offsets.begin(data)
        await super()._handle_connect(namespace, data)
        if not self.joined.done():
            self.joined.set_result(None)

    async def _handle_error(self, namespace: str | None, data: Any) -> None:
        self._expect(namespace)
        if self.joined.done():
            raise ClosedError("the server refused the namespace that it had accepted", final=True)
        await super()._handle_error(namespace, data)
        if not self.ended.done():
            self.joined.set_exception(ConnectRefusedError(data, self._namespace))

    async def _handle_event(self, namespace: str | None, id: int | None, data: Any) -> None:  # noqa: A002  # upstream's name
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise TypeError("an event is a list that begins with its name")
        if not self._is_ours(namespace) or (self._events is not None and data[0] not in self._events):
            return
        data = self._offsets.take_off(data, id)
        if data is None:
            return
        if self.arrivals.full():
            raise FloodError(
                f"the server sends events faster than they are read: {_WAITING:,} wait", final=True
            )
        self.arrivals.put_nowait(Arrival(data[0], tuple(data[1:]), id))

    async def _handle_ack(self, namespace: str | None, id: int | None, data: Any) -> None:  # noqa: A002  # upstream's name
        if not isinstance(data, list):
            raise TypeError("an acknowledgement is a list")
        await super()._handle_ack(namespace, id, data)

    async def _handle_disconnect(self, namespace: str | None) -> None:
        if not self._is_ours(namespace):
            return
        self._end(ClosedError("the server disconnected this client", final=True))
        await super()._handle_disconnect(namespace)

    async def _handle_eio_disconnect(self, reason: str) -> None:
        self._end(ClosedError(f"the connection ended ({reason})"))
        await super()._handle_eio_disconnect(reason)

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        """Report an end that upstream does not: a body that breaks off, a redirect, a full queue."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ClosedError):
            self._end(error)
        elif isinstance(error, UnreachableError):
            self._end(ClosedError(str(error)))
        elif error is not None:
            self._end(ClosedError("the connection broke off"))
        elif task is self.eio.read_loop_task:
            self._end(ClosedError("the connection ended"))

    def _is_ours(self, namespace: str | None) -> bool:
        """Return whether a packet is for this namespace; others are ignored, as in JavaScript."""
        return (namespace or "/") == self._namespace

    def _expect(self, namespace: str | None) -> None:
        """Raise if the answer to CONNECT is for another namespace than the one asked for."""
        if not self._is_ours(namespace):
            raise ClosedError(
                f"the server answered for namespace {shorten(namespace or '/')!r} in place of"
                f" {self._namespace!r}",
                final=True,
            )

    async def _break_off(self, error: ClosedError) -> None:
        self._end(error)
        with contextlib.suppress(Exception):
            await self.eio.disconnect(abort=True)

    def _end(self, error: ClosedError) -> None:
        if not self.ended.done():
            self.ended.set_result(error)
            self.made_room()


async def _end(loops: Sequence[asyncio.Task[Any] | None]) -> None:
    """Cancel tasks, repeatedly if one keeps running: Python 3.11's `wait_for` can lose a cancellation."""
    running = {task for task in loops if task is not None}
    for _ in range(_CANCELS):
        for task in running:
            task.cancel()
        if running:
            ended, running = await asyncio.wait(running, timeout=_CANCEL_SECONDS)
            await asyncio.gather(*ended, return_exceptions=True)
