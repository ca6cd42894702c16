"""A TCP proxy whose connections break as they do in a network."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Proxy:
    """Passes on what comes, until it is told otherwise; lives in a thread of its own.

    Attributes:
        url: Where clients connect to.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._lost: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self.url = ""

    def cut(self) -> None:
        """Break all connections, on both sides."""
        self._run(self._cut)

    def lose(self) -> None:
        """Break all connections on the clients' side; the server notices nothing."""
        self._run(self._lose)

    def _run(self, method: Callable[[], None]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(method)
        self._loop.call_soon_threadsafe(done.set)
        assert done.wait(30)

    def _cut(self) -> None:
        for client, server in list(self._pairs):
            client.transport.abort()
            server.transport.abort()

    def _lose(self) -> None:
        for client, server in list(self._pairs):
            self._lost.add(server)
            client.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            answers, server = await asyncio.open_connection(*self._target)
            pair = client, server
            self._pairs.add(pair)
            await asyncio.gather(self._pass(reader, server), self._pass(answers, client))
            self._pairs.discard(pair)
            await _closed(server)
        except OSError:
            client.transport.abort()
        finally:
            await _closed(client)
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if not writer.transport.is_closing():  # a lost client's, whose server goes on
                    writer.write(data)
        if writer not in self._lost:
            writer.transport.abort()

    async def _main(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stop.wait()
        server.close()
        self._lost.clear()
        while self._tasks:
            self._cut()
            await asyncio.wait(self._tasks, timeout=0.1)

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve until the block ends, which it does when no client is left."""
        ready, stop = threading.Event(), asyncio.Event()
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(ready, stop),))
        thread.start()
        try:
            assert ready.wait(30)
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            self._loop.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
