"""An engine served in the test's own event loop, with a scripted endpoint and raw clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from asynction_asgi.engine import create_server
from asynction_asgi.engine.transport.uvicorn import compat
from asynction_asgi.errors import BindingError
from tests.protocols import LONG_WAY, http_beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from asynction_asgi.engine import Peer, Server
    from asynction_asgi.spec.model import Ordering, Recovery

SECONDS = 30.0
usual_ws = LONG_WAY  # uvicorn's option, where a test does not care


async def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until a condition of the server holds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110  # the server has no event for it
                await asyncio.sleep(0.002)
            return
    raise AssertionError(f"timed out waiting for: {what}")


class Script:
    """An endpoint that admits ``/`` and ``/chat`` and does what the test says; it echoes by default."""

    def __init__(self) -> None:
        self.namespaces = {"/", "/chat"}
        self.told: list[tuple[Any, ...]] = []
        self.peers: list[Peer[Any]] = []
        self.orderings: dict[str, Ordering] = {}
        self.recoveries: dict[str, Recovery] = {}
        self.depths: dict[str, int] = {}
        self.on_connect: Callable[[Peer[Any], Any], Awaitable[None]] | None = None
        self.handlers: dict[str, Callable[..., Awaitable[Sequence[Any]]]] = {}
        self.on_disconnect: Callable[[Peer[Any], str], Awaitable[None]] | None = None

    ends = None

    def admits(self, namespace: str) -> bool:
        return namespace in self.namespaces

    def check_registration(self, namespace: str, event: str | None) -> None:
        if self.admits(namespace):
            raise BindingError([])

    def ordering(self, peer: Peer[Any], event: str) -> Ordering | None:
        return self.orderings.get(event)

    def depth(self, peer: Peer[Any], event: str) -> int | None:
        return self.depths.get(event)

    def recovery(self, namespace: str) -> Recovery | None:
        return self.recoveries.get(namespace)

    def user(self, peer: Peer[Any]) -> Any:
        return peer.state

    async def check_connect(self, peer: Peer[Any], auth: Any) -> None:
        peer.state = auth.get("user") if isinstance(auth, dict) else None

    async def connect(self, peer: Peer[Any], auth: Any) -> None:
        self.told.append(("connect", peer.namespace, auth))
        peer.ordered = True
        if self.on_connect is not None:
            await self.on_connect(peer, auth)
        self.peers.append(peer)

    async def event(self, peer: Peer[Any], event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        self.told.append((event, *arguments))
        handler = self.handlers.get(event)
        return arguments if handler is None else await handler(peer, *arguments)

    async def disconnect(self, peer: Peer[Any], reason: str) -> None:
        self.told.append(("disconnect", peer.namespace, reason))
        if self.on_disconnect is not None:
            await self.on_disconnect(peer, reason)

    def let_go(self, peer: Peer[Any]) -> None:
        """Keep everything."""


class Stage:
    """A running server."""

    def __init__(self, url: str, server: Server, script: Script) -> None:
        self.url = url
        self.server = server
        self.script = script

    @property
    def holdings(self) -> dict[str, int]:
        """What the server stores for its clients, as counts."""
        server = self.server
        return {
            "sockets": len(server.eio.sockets),
            "environs": len(server.environ),
            "members": sum(map(len, server.manager.members.values())),
            "rooms": sum(map(len, server.manager.rooms.values())),
            "callbacks": len(server.manager.relayed),
        }

    async def emptied(self) -> None:
        """Wait until the server stores nothing for any client."""
        await until(lambda: not any(self.holdings.values()), "everything freed")

    @contextlib.asynccontextmanager
    async def websocket(self, query: str = "", **options: Any) -> AsyncIterator[WebSocketClient]:
        """Open a transport and read the server's OPEN packet."""
        url = f"{self.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket{query}"
        options = {"compression": None, "proxy": None, **options}
        async with connect(url, max_size=None, **options) as raw:
            client = WebSocketClient(raw)
            if not query:
                client.opened = json.loads((await client.receive())[1:])
            yield client

    @contextlib.asynccontextmanager
    async def websocket_at(self, url: str) -> AsyncIterator[ClientConnection]:
        """Open a WebSocket to any URL."""
        async with connect(url, proxy=None) as raw:
            yield raw

    @contextlib.asynccontextmanager
    async def client(self, namespace: str = "/", auth: Any = None) -> AsyncIterator[WebSocketClient]:
        """Open a transport and connect to a namespace."""
        async with self.websocket() as client:
            await client.join(namespace, auth)
            yield client

    @contextlib.asynccontextmanager
    async def polling(self) -> AsyncIterator[PollingClient]:
        """Open a session over polling."""
        async with httpx.AsyncClient(base_url=self.url, timeout=SECONDS, trust_env=False) as http:
            client = PollingClient(http)
            await client.open()
            yield client


class WebSocketClient:
    """A client that writes packets by hand over a WebSocket and answers heartbeats."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw
        self.opened: dict[str, Any] = {}
        self.sid = ""

    async def send(self, *messages: str | bytes) -> None:
        for message in messages:
            await self.raw.send(message)

    async def receive(self) -> Any:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.raw.recv()
                if message == "2":
                    await self.raw.send("3")
                elif message != "6":
                    return message

    async def join(self, namespace: str = "/", auth: Any = None) -> None:
        place = "" if namespace == "/" else f"{namespace},"
        await self.send(f"40{place}" + ("" if auth is None else json.dumps(auth)))
        answer = await self.receive()
        assert answer.startswith(f"40{place}"), answer
        self.sid = json.loads(answer[2 + len(place) :])["sid"]

    async def ask(self, message: str) -> Any:
        """Send an event and read the next packet's JSON."""
        await self.send(message)
        return payload(await self.receive())

    async def ask_raw(self, message: str) -> Any:
        """Send an event and return the next packet unparsed."""
        await self.send(message)
        return await self.receive()

    async def closed(self) -> int:
        """Read until the server closes, and return its close code."""
        async with asyncio.timeout(SECONDS):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.raw.recv()
            await self.raw.wait_closed()
        return self.raw.close_code or 0


class PollingClient:
    """A client that writes packets by hand over long-polling."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.opened: dict[str, Any] = {}
        self.sid = ""
        self.target = "/socket.io/?EIO=4&transport=polling"

    async def open(self) -> None:
        answer = await self.http.get(self.target)
        self.opened = json.loads(answer.text[1:])
        self.sid = self.opened["sid"]
        self.target += f"&sid={self.sid}"

    async def post(self, *packets: str) -> httpx.Response:
        return await self.http.post(self.target, content="\x1e".join(packets))

    async def get(self) -> httpx.Response:
        return await self.http.get(self.target)

    async def poll(self) -> list[str]:
        answer = await self.get()
        assert answer.status_code == 200, answer
        return answer.text.split("\x1e")


def payload(message: str) -> Any:
    """Return the JSON of a packet."""
    start = min(at for at in (message.find("["), message.find("{")) if at >= 0)
    return json.loads(message[start:])


@contextlib.asynccontextmanager
async def serve(
    script: Script | None = None, *, ws: str | None = None, **options: Any
) -> AsyncIterator[Stage]:
    """Run an engine until the block ends, and then shut it down."""
    script = script or Script()
    server = create_server(script, **options)
    async with serve_app(server.app, ws=ws or usual_ws) as url:
        yield Stage(url, server, script)
        await server.shutdown(1.0)


@contextlib.asynccontextmanager
async def serve_app(app: Any, *, ws: str = LONG_WAY, **options: Any) -> AsyncIterator[str]:
    """Run an ASGI application on a loopback port, in this event loop."""
    options = {"log_config": None, "lifespan": "off", "timeout_graceful_shutdown": 2, **options}
    options.setdefault("ws_per_message_deflate", False)
    options.setdefault("timeout_keep_alive", 60)  # a busy machine may pause a client for uvicorn's 5 s
    options.setdefault("http", http_beside(ws))
    config = uvicorn.Config(app, ws=ws, **options)
    runner = uvicorn.Server(config)
    config.load()
    compat.prepare()  # as the lifespan does
    runner.lifespan = config.lifespan_class(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        await runner.startup(sockets=[listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await runner.shutdown(sockets=[listener])
