"""A client for remote servers, built on python-socketio's: each end has a reason, each wait and queue a bound."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import socketio

from .remote_client import (
    TRANSPORTS,
    Address,
    Arrival,
    Client,
    ClosedError,
    ConnectRefusedError,
)
from .remote_http import RedirectedError, UnreachableError, open_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Container, Sequence

# Packets that may wait to be written before the next event waits for them. By polling they are one request,
# and servers in Python refuse one with more than 16, of which an event with attachments has several.
_PILED = {"polling": 1, "websocket": 16}
_NOISE = re.compile(r" ssl:\S+")  # in aiohttp's message about an unreachable host


class Remote:
    """A connection to one namespace of a server, made by `connect`."""

    def __init__(self, client: Client, address: Address) -> None:
        self._client = client
        self._namespace = address.namespace
        self._turn = asyncio.Lock()

    @property
    def sid(self) -> str:
        """The id that the server gave this connection."""
        return str(self._client.get_sid(self._namespace))

    @property
    def transport(self) -> str:
        """The current transport: ``polling`` or ``websocket``."""
        return str(self._client.transport())

    async def emit(self, event: str, arguments: Sequence[Any]) -> None:
        """Emit an event and wait until it is handed to the network; events leave in the order of the calls.

        Raises:
            ClosedError: The connection has ended.
        """
        await self._emit(event, arguments, None)
        await self._written()

    async def call(self, event: str, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """Emit an event and wait for its acknowledgement, without a timeout.

        Returns:
            The acknowledgement's arguments.

        Raises:
            ClosedError: The connection ended before the acknowledgement came.
        """
        answer: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

        def answered(*values: Any) -> None:
            if not answer.done():
                answer.set_result(values)

        await self._emit(event, arguments, answered)
        await self._unless_closed(answer)
        return answer.result()

    async def receive(self) -> Arrival:
        """Return the next event, in the order of arrival.

        Raises:
            ClosedError: The connection has ended, and every event before that was received.
        """
        queue = self._client.arrivals
        if queue.empty():
            arrival = asyncio.ensure_future(queue.get())
            try:
                await self._unless_closed(arrival)
            finally:
                arrival.cancel()
            received = arrival.result()
        else:
            received = queue.get_nowait()
        self._client.made_room()
        return received

    def take(self) -> list[Arrival]:
        """Return the events that have arrived and were not yet received, in the order of arrival."""
        queue = self._client.arrivals
        arrivals = [queue.get_nowait() for _ in range(queue.qsize())]
        self._client.made_room()
        return arrivals

    @property
    def ended(self) -> ClosedError | None:
        """How the connection ended, or None while it is open."""
        ended = self._client.ended
        return ended.result() if ended.done() else None

    async def send_text(self, packet: str) -> None:
        """Send a packet of Socket.IO as it is written on the wire, valid or not.

        Raises:
            ClosedError: The connection has ended.
        """
        if self.ended is not None:
            raise self.ended
        await self._client.eio.send(packet)

    async def acknowledge(self, arrival: Arrival, answer: Sequence[Any]) -> None:
        """Answer an event whose ``ack_id`` is not None."""
        async with self._turn:
            if self.transport == "polling":
                await self._room()
            await self._client.acknowledge(self._namespace, arrival.ack_id, answer)

    async def _emit(self, event: str, arguments: Sequence[Any], callback: Any) -> None:
        async with self._turn:
            await self._room()
            if self._client.ended.done():
                raise self._client.ended.result()
            await self._client.emit(event, tuple(arguments), namespace=self._namespace, callback=callback)

    async def _room(self) -> None:
        """Wait until another event may be queued."""
        if self._client.eio.queue.qsize() >= _PILED[self.transport]:
            await self._written()

    async def _written(self) -> None:
        """Wait until nothing waits to be written."""
        written = asyncio.ensure_future(self._client.eio.queue.join())
        try:
            await self._unless_closed(written)
        finally:
            written.cancel()

    async def _unless_closed(self, awaited: asyncio.Future[Any]) -> None:
        ended = self._client.ended
        await asyncio.wait({awaited, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not awaited.done():
            raise ended.result()


@contextlib.asynccontextmanager
async def connect(
    address: Address, *, seconds: float, events: Container[str] | None = None, paced: bool = False
) -> AsyncIterator[Remote]:
    """Connect to a namespace; the connection is closed when the block ends, in bounded time.

    If the server refuses long-polling, which opens the connection, WebSocket alone is tried.

    Args:
        address: The server and namespace.
        seconds: How long to wait for the server's answer.
        events: Names of the events that `Remote.receive` returns, or None for all. Others are dropped as
            they arrive.
        paced: Whether nothing is read from the server while 500 events wait for `Remote.receive`. Without
            it the connection ends once 1,000 wait.

    Raises:
        MissingClientError: aiohttp is not installed.
        UnreachableError: No server answers at the address, or not in Socket.IO, or not in time.
        RedirectedError: The server points to another address; nothing was sent there.
        ConnectRefusedError: The namespace refused the connection.
    """
    attempts = [address]
    if address.transports == TRANSPORTS:
        attempts.append(replace(address, transports=("websocket",)))
    async with open_session(address.headers, verify=address.verify) as session:
        client = await _open(attempts, session, events, seconds, paced=paced)
        try:
            yield Remote(client, address)
        finally:
            await client.close()


async def _open(
    attempts: Sequence[Address],
    session: Any,
    events: Container[str] | None,
    seconds: float,
    *,
    paced: bool,
) -> Client:
    """Return the client of the first attempt that succeeds; raise the first failure if none does."""
    failures: list[str] = []
    try:
        async with asyncio.timeout(seconds):
            for address in attempts:
                client = Client(
                    session, namespace=address.namespace, events=events, seconds=seconds, paced=paced
                )
                try:
                    await client.open(address)
                except (ConnectRefusedError, RedirectedError):
                    await client.close()
                    raise
                except Exception as error:  # noqa: BLE001  # upstream raises many kinds
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
    """Return the reason at the root of an error, which upstream wraps in exceptions of its own."""
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(deeper)
    for cause in chain:
        if isinstance(status := getattr(cause, "status", None), int):
            return f"the server answered {status}"
    for cause in chain:
        if isinstance(cause, ClosedError | UnreachableError | OSError) and str(cause):
            return _NOISE.sub("", str(cause))
    if isinstance(error, socketio.exceptions.ConnectionError):
        body = chain[-1].args[1] if len(chain[-1].args) > 1 else None
        message = body.get("message") if isinstance(body, dict) else body
        return f"{error}: {message}" if isinstance(message, str) else _NOISE.sub("", str(error))
    return "the server at this address does not speak Socket.IO"
