"""Plain functions in worker threads: how many at a time, and what becomes of those whose client left."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asynction_asgi import AsynctionSocketIO, Limits
from tests.clients import connected
from tests.engine.stage import serve_app, until

from .documents import channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NONE = {"type": "array", "maxItems": 0}
SPEC = document(
    root=channel(
        receives=[
            message("block", NONE, **{"x-ack": {"args": {"type": "integer"}}}),
            message("await", NONE, **{"x-ack": True}),
            message("pass", NONE, **{"x-ack": {"args": {"type": "boolean"}}}),
        ]
    )
)


class Blocking:
    """A handler that occupies its thread until it is let go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.running = self.most = self.ended = 0

    def __call__(self) -> int:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            if not self.gate.wait(20):
                raise TimeoutError("nobody let go")
            return threading.get_ident()
        finally:
            with self.lock:
                self.running -= 1
                self.ended += 1


@contextlib.asynccontextmanager
async def threads(count: int) -> AsyncIterator[None]:
    """As many worker threads in this loop, in place of anyio's forty."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, count
    try:
        yield
    finally:
        limiter.total_tokens = before


@contextlib.asynccontextmanager
async def served(block: Blocking, **options: Any) -> AsyncIterator[tuple[AsynctionSocketIO, str]]:
    async def awaited() -> str:
        return "done"

    def passed() -> bool:
        return threading.current_thread() is not threading.main_thread()

    app = AsynctionSocketIO.from_spec(
        SPEC, handlers={"/": {"block": block, "await": awaited, "pass": passed}}, **options
    )
    try:
        async with serve_app(app) as url:
            yield app, url
            block.gate.set()
            await app.server.shutdown(5.0)
    finally:
        block.gate.set()


async def test_so_many_threads_and_no_more() -> None:
    """Further plain handlers wait for one; coroutine handlers and other clients do not wait at all."""
    block = Blocking()
    async with threads(3), served(block) as (_, url), connected(url) as client, connected(url) as other:
        calls = [asyncio.ensure_future(client.call("block")) for _ in range(12)]
        await until(lambda: block.running == 3, "three threads")
        assert await client.call("await") == "done"
        assert await other.call("await") == "done"
        waiting = asyncio.ensure_future(other.call("pass"))
        assert await other.call("await") == "done"
        assert not waiting.done(), "there is no thread for it"
        assert (block.running, block.most) == (3, 3)
        block.gate.set()
        assert len(await asyncio.gather(*calls)) == 12
        assert await waiting is True
    assert (block.most, block.ended) == (3, 12)


async def test_one_client_occupies_only_as_many_threads_as_it_may_run_handlers() -> None:
    """The bound of its handlers leaves threads to others."""
    block = Blocking()
    async with (
        threads(3),
        served(block, limits=Limits(handlers=2)) as (_, url),
        connected(url) as client,
        connected(url) as other,
    ):
        calls = [asyncio.ensure_future(client.call("block")) for _ in range(6)]
        await until(lambda: block.running == 2, "two threads")
        assert await other.call("pass") is True
        assert (block.running, block.most) == (2, 2)
        block.gate.set()
        await asyncio.gather(*calls)


async def test_a_thread_whose_client_left_keeps_its_place() -> None:
    """It can't be stopped, so it counts until it ends: who comes and goes can't start any number of them."""
    block = Blocking()
    limits = Limits(drain_seconds=0.05)
    async with threads(2), served(block, limits=limits) as (app, url):
        for _ in range(4):
            async with connected(url) as client:
                for _ in range(3):
                    await client.emit("block")
                await until(lambda: block.running == 2, "both threads")
            await until(lambda: not app.server.eio.sockets, "the client is forgotten")
        assert (block.running, block.most) == (2, 2)
        async with connected(url) as client:
            assert await client.call("await") == "done"
            waiting = asyncio.ensure_future(client.call("pass"))
            block.gate.set()
            assert await waiting is True
    assert block.most == 2


async def test_a_stop_does_not_wait_for_threads_for_ever() -> None:
    """Their tasks are cancelled when time is up; the threads end by themselves."""
    block = Blocking()
    async with threads(2), served(block) as (app, url):
        async with connected(url) as client:
            await client.emit("block")
            await until(lambda: block.running == 1, "the thread")
            async with asyncio.timeout(10):
                await app.server.shutdown(0.2)
        assert block.running == 1
        block.gate.set()
        await until(lambda: block.ended == 1, "its end")
