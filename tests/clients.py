"""python-socketio's client for tests: received events in order, refusals as data."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import socketio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WAIT_SECONDS = 30.0


class ConnectError(Exception):
    """The server answered CONNECT with CONNECT_ERROR; `answer` is its data."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        super().__init__(answer)


class Client:
    """A connection to a single namespace."""

    def __init__(self, namespace: str, serializer: str = "default") -> None:
        self.namespace = namespace
        self.sio = socketio.AsyncClient(reconnection=False, serializer=serializer)
        self.events: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.refusal: Any = None
        self.gone = asyncio.Event()
        self.sio.on("*", self._received, namespace=namespace)
        self.sio.on("connect_error", self._refused, namespace=namespace)
        self.sio.on("disconnect", self._gone, namespace=namespace)

    @property
    def sid(self) -> str:
        return str(self.sio.get_sid(self.namespace))

    async def emit(self, event: str, *arguments: Any) -> None:
        await self.sio.emit(event, arguments, namespace=self.namespace)

    async def call(self, event: str, *arguments: Any) -> Any:
        """Emit an event and return the ack: None, its only argument, or a tuple."""
        return await self.sio.call(event, arguments, namespace=self.namespace, timeout=WAIT_SECONDS)

    async def receive(self) -> tuple[Any, ...]:
        """Return the next event as a tuple of its name and arguments."""
        return await asyncio.wait_for(self.events.get(), WAIT_SECONDS)

    def on(self, event: str, handler: Any) -> None:
        self.sio.on(event, handler, namespace=self.namespace)

    async def wait_gone(self) -> None:
        await asyncio.wait_for(self.gone.wait(), WAIT_SECONDS)

    async def _received(self, event: str, *arguments: Any) -> None:
        await self.events.put((event, *arguments))

    async def _refused(self, answer: Any = None) -> None:
        self.refusal = answer

    async def _gone(self, *_: Any) -> None:
        self.gone.set()


@contextlib.asynccontextmanager
async def connected(
    url: str,
    namespace: str = "/",
    *,
    on: dict[str, Any] | None = None,
    serializer: str = "default",
    **options: Any,
) -> AsyncIterator[Client]:
    """Connect a client, and disconnect it when the block ends.

    Args:
        url: The URL of the server.
        namespace: The only namespace to connect.
        on: Handlers to register before connecting, by event; their return values are the acks.
        serializer: The name of a packet format of python-socketio.
        options: Options of ``AsyncClient.connect``: auth, headers, transports, socketio_path.

    Raises:
        ConnectError: The server answered with CONNECT_ERROR.
    """
    client = Client(namespace, serializer)
    for event, handler in (on or {}).items():
        client.on(event, handler)
    options = {"transports": ["websocket"], "wait_timeout": WAIT_SECONDS, **options}
    try:
        await client.sio.connect(url, namespaces=[namespace], **options)
    except socketio.exceptions.ConnectionError as error:
        await client.sio.disconnect()
        raise ConnectError(client.refusal) from error
    try:
        yield client
    finally:
        await client.sio.disconnect()
