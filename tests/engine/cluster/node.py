"""A server process for the tests of the queue: ``python -m tests.engine.cluster.node '{"url": …}'``.

Clients control it by events; it prints its port once it serves.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import uvicorn

from asynction_asgi.engine import create_server
from asynction_asgi.engine.cluster.managers import QueueRooms
from asynction_asgi.engine.cluster.rhythm import Rhythm
from asynction_asgi.engine.cluster.settings import create_settings
from asynction_asgi.engine.cluster.view import Queue
from asynction_asgi.errors import QueueError
from asynction_asgi.spec.model import Recovery
from tests.engine.stage import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

    Step = tuple[str, int | str | None]

# Between two steps of a spray.
SPRAY_SECONDS = 0.003


class Node:
    """The events by which clients control the process."""

    def __init__(
        self,
        url: str,
        *,
        channel: str,
        secret: str | None,
        rhythm: dict[str, float],
        recovery: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        settings = create_settings(url, channel=channel, secret=secret, rhythm=Rhythm(**rhythm), **options)
        self.manager = QueueRooms(settings)
        self.script = Script()
        if recovery is not None:
            self.script.recoveries["/"] = Recovery(**recovery)
        self.server = create_server(self.script, client_manager=self.manager)
        self.script.handlers = {
            name: getattr(self, f"on_{name}")
            for name in ("flood", "burst", "chain", "call", "count", "poll", "state", "drop", "join", "spray")
        }
        self.script.on_disconnect = self._disconnected
        self.slow_disconnect = float(os.environ.get("SLOW_DISCONNECT", "0"))

    async def on_flood(self, peer: Peer[Any], count: int, per_second: float, size: int) -> Sequence[Any]:
        """Emit numbers to all clients at a rate per second; answer with the longest emit, in seconds."""
        begin, longest = time.monotonic(), 0.0
        for number in range(count):
            wait = begin + number / per_second - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            before = time.monotonic()
            await self.server.emit("n", {"i": number, "at": time.time(), "x": "x" * size}, skip_sid=peer.sid)
            longest = max(longest, time.monotonic() - before)
        return [longest]

    async def on_spray(self, _: Peer[Any], name: str, sids: list[str], steps: list[Step]) -> Sequence[Any]:
        """Emit numbers to clients and rooms, and move clients between rooms, step by step."""
        for number, (method, target) in enumerate(steps):
            to = sids[target] if isinstance(target, int) else target
            if method == "emit":
                await self.server.emit("step", (name, number), to=to)
            elif method == "enter":
                await self.server.enter_room(str(to), name)
            else:
                await self.server.leave_room(str(to), name)
            await asyncio.sleep(SPRAY_SECONDS)
        return []

    async def on_burst(self, peer: Peer[Any], count: int) -> Sequence[Any]:
        """Emit this many events concurrently."""
        await asyncio.gather(
            *(self.server.emit("n", {"i": i, "at": time.time()}, skip_sid=peer.sid) for i in range(count))
        )
        return []

    async def on_chain(self, peer: Peer[Any], number: int) -> Sequence[Any]:
        """Emit a single event; clients send many of these back to back."""
        await self.server.emit("n", {"i": number, "at": time.time()}, skip_sid=peer.sid)
        return []

    async def on_call(self, _: Peer[Any], sid: str, seconds: float) -> Sequence[Any]:
        """Call a client; answer with the result or error and the time in seconds."""
        begin = time.monotonic()
        try:
            result = await self.server.call("q", 1, to=sid, timeout=seconds)
        except Exception as error:  # noqa: BLE001  # reported to the test
            result = type(error).__name__
        return [result, time.monotonic() - begin]

    async def on_count(self, _: Peer[Any], seconds: float) -> Sequence[Any]:
        """Count all clients; answers with the number, or the error's text."""
        try:
            return [await self.server.clients.count("/", None, timeout=seconds)]
        except QueueError as error:
            return [str(error)]

    async def on_poll(self, _: Peer[Any], seconds: float) -> Sequence[Any]:
        """Ask all clients; answers with the kinds of their answers, and of what ended that."""
        poll = await self.server.clients.ask("q", 1, "/", None, timeout=seconds)
        deadline, kinds = asyncio.get_running_loop().time() + seconds, []
        try:
            while (reply := await poll.next(deadline)) is not None:
                kinds.append("answer" if reply.error is None else type(reply.error).__name__)
        except QueueError as error:
            kinds.append(str(error))
        return [kinds]

    async def on_state(self, _: Peer[Any]) -> Sequence[Any]:
        """Answer with the state of the queue."""
        queue = Queue(self.manager)
        return [
            {
                "connected": queue.connected,
                "lost": dict(queue.lost),
                "dropped": dict(queue.dropped),
                "pending": queue.pending,
                "processes": dict(queue.processes),
                "moved": dict(queue.moved),
            }
        ]

    async def on_drop(self, _: Peer[Any], sid: str) -> Sequence[Any]:
        """Disconnect a client of any process."""
        await self.server.disconnect(sid)
        return []

    async def on_join(self, peer: Peer[Any], room: str) -> Sequence[Any]:
        """Enter a room."""
        await self.server.enter_room(peer.sid, room)
        return []

    async def _disconnected(self, _: Peer[Any], reason: str) -> None:
        if self.slow_disconnect and reason == "server disconnect":
            await asyncio.sleep(self.slow_disconnect)


class Uvicorn(uvicorn.Server):
    """A server that prints its port once it serves and has reached the queue."""

    def __init__(self, node: Node, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._node = node

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._node.server.listen()
        assert self._node.manager.link is not None
        await self._node.manager.link.subscribed.wait()
        port = self.servers[0].sockets[0].getsockname()[1]
        os.write(1, f"{port}\n".encode())

    async def shutdown(self, sockets: Any = None) -> None:
        await super().shutdown(sockets)
        await self._node.server.shutdown(1.0)


def main(settings: dict[str, Any]) -> None:
    """Serve until a signal, with at most so many open ``files`` if that is not None."""
    files = settings.pop("files")
    if files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    node = Node(**settings)
    Uvicorn(node, uvicorn.Config(node.server.app, port=0, log_level="warning", lifespan="off")).run()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
