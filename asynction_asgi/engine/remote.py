"""A client of a server elsewhere: python-socketio's own, whose every end has a word and a time.

Upstream's client waits for ever where a connection ends while an answer is due, drops what is sent
just before it leaves, logs failures instead of raising them, and sends the headers of a connection
with its first request alone. What is overridden here closes that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import engineio
import socketio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

__all__ = [
    "Address",
    "Arrival",
    "ClosedError",
    "ConnectRefusedError",
    "MissingClientError",
    "Remote",
    "UnreachableError",
    "connect",
]

TRANSPORTS = ("polling", "websocket")
_CLOSE_SECONDS = 2.0
_CANCELS, _CANCEL_SECONDS = 3, 0.5
_LOOK_SECONDS = 0.01
_MESSAGE_BYTES = 256_000_000  # a person asked for it; upstream's 4 MB would close the connection
_NOISE = re.compile(r" ssl:\S+")  # in aiohttp's sentence about a host that it can't connect to
# What upstream logs is raised here, or tells of packets.
_SILENT = logging.getLogger("asynction_asgi.engine.remote.upstream")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class MissingClientError(Exception):
    """aiohttp, which upstream's client speaks through, is not installed."""


class UnreachableError(Exception):
    """No Socket.IO server answered; says why."""


class ConnectRefusedError(Exception):
    """The server answered CONNECT with CONNECT_ERROR.

    Attributes:
        answer: What that carries.
    """

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        super().__init__(answer)


class ClosedError(Exception):
    """The connection has ended; says how.

    Attributes:
        by_server: The server ended it on purpose, so that coming back would be against its will.
    """

    def __init__(self, reason: str, *, by_server: bool = False) -> None:
        self.by_server = by_server
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is and how to present oneself there.

    Attributes:
        url: Scheme, host and query; a path in it has no meaning.
        path: Of Socket.IO on that host, mount included.
        auth: The auth object of CONNECT; None is none.
        headers: Of every HTTP request, by name and value.
        transports: The first one opens the connection, which is upgraded to the other.
        verify: Hold the server's TLS certificate against the authorities known here.
    """

    url: str
    path: str = "/socket.io"
    namespace: str = "/"
    auth: Any = None
    headers: Sequence[tuple[str, str]] = ()
    transports: tuple[str, ...] = TRANSPORTS
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that the server emitted.

    Attributes:
        ack_id: What an acknowledgement must carry; None where the server asks for none.
    """

    event: str
    arguments: tuple[Any, ...]
    ack_id: int | None = field(default=None, repr=False)


class Remote:
    """A connection to one namespace of a server, made by `connect`."""

    def __init__(self, client: _Client, address: Address) -> None:
        self._client = client
        self._namespace = address.namespace

    @property
    def transport(self) -> str:
        """``polling`` or ``websocket``, as of now."""
        return str(self._client.transport())

    async def emit(self, event: str, arguments: Sequence[Any]) -> None:
        """Emit an event and wait until it was handed to the network.

        Raises:
            ClosedError: the connection has ended.
        """
        await self._emit(event, arguments, None)
        sent = asyncio.ensure_future(self._client.eio.queue.join())
        try:
            await self._unless_closed(sent)
        finally:
            sent.cancel()

    async def call(self, event: str, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """Emit an event and wait for its acknowledgement, for ever if need be.

        Returns:
            The acknowledgement's arguments.

        Raises:
            ClosedError: the connection ended before it came.
        """
        answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

        def answered(*values: Any) -> None:
            if not answer.done():
                answer.set_result(values)

        await self._emit(event, arguments, answered)
        await self._unless_closed(answer)
        return answer.result()

    async def receive(self) -> Arrival:
        """The next event, in the order of arrival.

        Raises:
            ClosedError: the connection has ended, and all that came before was received.
        """
        queue = self._client.arrivals
        if queue.empty():
            arrival = asyncio.ensure_future(queue.get())
            try:
                await self._unless_closed(arrival)
            finally:
                arrival.cancel()
            return arrival.result()
        return queue.get_nowait()

    async def acknowledge(self, arrival: Arrival, answer: Sequence[Any]) -> None:
        """Answer an event whose ``ack_id`` is not None."""
        await self._client.acknowledge(self._namespace, arrival.ack_id, answer)

    async def _emit(self, event: str, arguments: Sequence[Any], callback: Any) -> None:
        if self._client.ended.done():
            raise self._client.ended.result()
        await self._client.emit(event, tuple(arguments), namespace=self._namespace, callback=callback)

    async def _unless_closed(self, awaited: asyncio.Future[Any]) -> None:
        ended = self._client.ended
        await asyncio.wait({awaited, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not awaited.done():
            raise ended.result()


class _SendQueue(asyncio.Queue[Any]):
    """Upstream's writer loses the mark of the end where it stands behind a packet, and waits on for a second one."""

    async def put(self, item: Any) -> None:
        await super().put(item)
        if item is None:
            await super().put(item)


class _Engine(engineio.AsyncClient):  # type: ignore[misc]  # upstream is untyped
    def create_queue(self, *_: Any, **__: Any) -> asyncio.Queue[Any]:
        return _SendQueue()


class _Client(socketio.AsyncClient):  # type: ignore[misc]  # upstream is untyped
    """Upstream's client for one namespace, which tells of each end instead of logging it."""

    def __init__(self, session: Any, *, seconds: float) -> None:
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
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.ended: asyncio.Future[ClosedError] = loop.create_future()
        self.joined: asyncio.Future[None] = loop.create_future()

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine

    async def open(self, address: Address) -> None:
        """Connect, and wait for the namespace's answer.

        Raises:
            ConnectRefusedError: the namespace refused.
            ClosedError: the connection ended before it answered.
            Exception: whatever upstream makes of a server that is not there, or is none of Socket.IO.
        """
        await self.connect(
            address.url,
            auth=address.auth,
            transports=list(address.transports),
            namespaces=[address.namespace],
            socketio_path=address.path,
            wait=False,
        )
        self.eio.read_loop_task.add_done_callback(self._read_loop_ended)
        outcomes: set[asyncio.Future[Any]] = {self.joined, self.ended}
        await asyncio.wait(outcomes, return_when=asyncio.FIRST_COMPLETED)
        if not self.joined.done():
            raise self.ended.result()
        self.joined.result()

    async def close(self) -> None:
        """Leave: first what was sent, then the good-bye; whatever hangs is cancelled."""
        # What upstream raises for a connection that never was, or is half closed, is of no interest now.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_SECONDS):
                if not self.ended.done():
                    await self.eio.queue.join()
                await self.disconnect()
        await _end([self.eio.read_loop_task, self.eio.write_loop_task])
        self.joined.cancel()

    async def acknowledge(self, namespace: str, ack_id: int | None, answer: Sequence[Any]) -> None:
        await self._send_packet(
            self.packet_class(socketio.packet.ACK, namespace=namespace, id=ack_id, data=list(answer))
        )

    async def _handle_eio_message(self, data: str | bytes) -> None:
        try:
            await super()._handle_eio_message(data)
        except Exception:  # noqa: BLE001 - upstream's parser raises whatever it meets
            self._end("the server sent what is no Socket.IO packet")
            with contextlib.suppress(Exception):
                await self.eio.disconnect(abort=True)

    async def _handle_connect(self, namespace: str | None, data: Any) -> None:
        await super()._handle_connect(namespace, data)
        if not self.joined.done():
            self.joined.set_result(None)

    async def _handle_error(self, namespace: str | None, data: Any) -> None:
        await super()._handle_error(namespace, data)
        if not self.joined.done():
            self.joined.set_exception(ConnectRefusedError(data))

    async def _handle_event(self, namespace: str | None, id: int | None, data: list[Any]) -> None:  # noqa: A002, ARG002 - upstream's names
        self.arrivals.put_nowait(Arrival(str(data[0]), tuple(data[1:]), id))

    async def _handle_disconnect(self, namespace: str | None) -> None:
        self._end("the server disconnected this client", by_server=True)
        await super()._handle_disconnect(namespace)

    async def _handle_eio_disconnect(self, reason: str) -> None:
        self._end(f"the connection ended ({reason})")
        await super()._handle_eio_disconnect(reason)

    def _read_loop_ended(self, task: asyncio.Task[None]) -> None:
        """Upstream tells of no end that it did not foresee, such as a body that breaks off."""
        failed = not task.cancelled() and task.exception() is not None
        self._end("the connection broke off" if failed else "the connection ended")

    def _end(self, reason: str, *, by_server: bool = False) -> None:
        if not self.ended.done():
            self.ended.set_result(ClosedError(reason, by_server=by_server))


async def _end(loops: Sequence[asyncio.Task[Any] | None]) -> None:
    """Cancel tasks, again where one goes on: Python 3.11's `wait_for`, in which they rest, can lose it."""
    running = {one for one in loops if one is not None}
    for _ in range(_CANCELS):
        for one in running:
            one.cancel()
        if running:
            ended, running = await asyncio.wait(running, timeout=_CANCEL_SECONDS)
            await asyncio.gather(*ended, return_exceptions=True)


@contextlib.asynccontextmanager
async def connect(address: Address, *, seconds: float) -> AsyncIterator[Remote]:
    """Connect to a namespace; the connection is closed when the block ends, in bounded time.

    Where long-polling is to open the connection and the server won't have it, WebSocket is tried alone.

    Args:
        address: Where.
        seconds: To wait for the server's answer.

    Raises:
        MissingClientError: aiohttp is not installed.
        UnreachableError: nobody answers there, nobody who speaks Socket.IO, or not in time.
        ConnectRefusedError: the namespace refused.
    """
    try:
        import aiohttp  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingClientError(str(error)) from error
    attempts = [address]
    if address.transports == TRANSPORTS:
        attempts.append(replace(address, transports=("websocket",)))
    opened: set[aiohttp.ClientResponse] = set()

    async def keep(_session: Any, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        opened.difference_update([one for one in opened if one.closed])
        opened.add(params.response)

    sockets: list[socket.socket] = []

    def create_socket(address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, _ = address_info
        sockets.append(socket.socket(family, kind, protocol))
        sockets[-1].setblocking(False)
        return sockets[-1]

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(keep)
    session = aiohttp.ClientSession(
        headers=list(address.headers),
        trace_configs=[trace],
        # Servers behind a balancer know their clients by a cookie, at addresses of digits too.
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        connector=aiohttp.TCPConnector(ssl=address.verify, socket_factory=create_socket),
    )
    try:
        client = await _open(attempts, session, seconds)
        try:
            yield Remote(client, address)
        finally:
            await client.close()
    finally:
        # Upstream leaves answers unread, of which aiohttp would complain.
        for one in opened:
            one.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await session.close()
                await _all_closed(sockets)


async def _all_closed(sockets: Sequence[socket.socket]) -> None:
    """Wait until all are: aiohttp leaves TLS, which says good-bye, to close by itself."""
    while any(one.fileno() >= 0 for one in sockets):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(_LOOK_SECONDS)


async def _open(attempts: Sequence[Address], session: Any, seconds: float) -> _Client:
    """The first attempt that succeeds; the first failure, where none does."""
    failures: list[str] = []
    try:
        async with asyncio.timeout(seconds):
            for address in attempts:
                client = _Client(session, seconds=seconds)
                try:
                    await client.open(address)
                except ConnectRefusedError:
                    await client.close()
                    raise
                except Exception as error:  # noqa: BLE001 - upstream raises whatever it meets
                    failures.append(_reason(error))
                    await client.close()
                except BaseException:
                    await client.close()
                    raise
                else:
                    return client
    except TimeoutError:
        raise UnreachableError(f"no answer within {seconds:g} s") from None
    raise UnreachableError(failures[0])


def _reason(error: BaseException) -> str:
    """What happened, in the words of whoever knew first: upstream hides it behind its own exceptions."""
    chain = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(below)
    for one in chain:
        if isinstance(status := getattr(one, "status", None), int):
            return f"the server answered {status}"
    for one in chain:
        if isinstance(one, ClosedError | OSError) and str(one):
            return _NOISE.sub("", str(one))
    if isinstance(error, socketio.exceptions.ConnectionError):
        body = chain[-1].args[1] if len(chain[-1].args) > 1 else None
        message = body.get("message") if isinstance(body, dict) else body
        return f"{error}: {message}" if isinstance(message, str) else _NOISE.sub("", str(error))
    return "what answers there does not speak Socket.IO"
