"""Plain functions in worker threads: how many run, and what happens if their client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asynction_asgi import AsynctionSocketIO, Limits, RefusedError
from tests.clients import connected
from tests.engine.stage import serve_app, until

from .documents import channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    """A handler that occupies its thread until the test opens the gate."""

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
                raise TimeoutError("the gate was not opened")
            return threading.get_ident()
        finally:
            with self.lock:
                self.running -= 1
                self.ended += 1


@contextlib.asynccontextmanager
async def threads(count: int) -> AsyncIterator[None]:
    """Set the number of worker threads in this loop."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, count
    try:
        yield
    finally:
        limiter.total_tokens = before


@contextlib.asynccontextmanager
async def served(
    block: Blocking, around: Callable[..., Any] | None = None, **options: Any
) -> AsyncIterator[tuple[AsynctionSocketIO, str]]:
    async def awaited() -> str:
        return "done"

    def passed() -> bool:
        return threading.current_thread() is not threading.main_thread()

    app = AsynctionSocketIO.from_spec(
        SPEC, handlers={"/": {"block": block, "await": awaited, "pass": passed}}, **options
    )
    if around is not None:
        app.around(around)
    try:
        async with serve_app(app) as url:
            yield app, url
            block.gate.set()
            await app.server.shutdown(5.0)
    finally:
        block.gate.set()


async def test_the_number_of_threads_is_limited() -> None:
    """Further plain handlers wait for a thread, and coroutine handlers do not."""
    block = Blocking()
    async with threads(3), served(block) as (_, url), connected(url) as client, connected(url) as other:
        calls = [asyncio.ensure_future(client.call("block")) for _ in range(12)]
        await until(lambda: block.running == 3, "three threads")
        assert await client.call("await") == "done"
        assert await other.call("await") == "done"
        waiting = asyncio.ensure_future(other.call("pass"))
        assert await other.call("await") == "done"
        assert not waiting.done(), "all threads are occupied"
        assert (block.running, block.most) == (3, 3)
        block.gate.set()
        assert len(await asyncio.gather(*calls)) == 12
        assert await waiting is True
    assert (block.most, block.ended) == (3, 12)


async def test_the_handler_limit_limits_a_clients_threads() -> None:
    """A client occupies at most `handlers` threads and leaves the others to other clients."""
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


async def test_a_thread_outlives_its_client() -> None:
    """Threads cannot be stopped, so those of clients that left count towards the limit until they end."""
    block = Blocking()
    limits = Limits(drain_seconds=0.05)
    async with threads(2), served(block, limits=limits) as (app, url):
        for _ in range(4):
            async with connected(url) as client:
                for _ in range(3):
                    await client.emit("block")
                await until(lambda: block.running == 2, "both threads")
            await until(lambda: not app.server.eio.sockets, "the client is removed")
        assert (block.running, block.most) == (2, 2)
        async with connected(url) as client:
            assert await client.call("await") == "done"
            waiting = asyncio.ensure_future(client.call("pass"))
            block.gate.set()
            assert await waiting is True
    assert block.most == 2


async def test_a_cancelled_call_that_waits_for_a_thread_is_not_made() -> None:
    """A hook's timeout ends a handler that has not begun for good; one that has begun runs on."""
    block, slow = Blocking(), Blocking()

    async def at_most(call: Any, proceed: Any) -> Any:
        if call.event != "pass":
            return await proceed()
        try:
            async with asyncio.timeout(0.05):
                return await proceed()
        except TimeoutError:
            raise RefusedError("timeout", "too slow") from None

    async with threads(1), served(block, at_most) as (app, url):
        app.on("pass")(slow)
        async with connected(url) as client:
            blocked = asyncio.ensure_future(client.call("block"))
            await until(lambda: block.running == 1, "the only thread")
            refused = await asyncio.gather(*(client.call("pass") for _ in range(5)))
            assert {answer["error"]["code"] for answer in refused} == {"timeout"}
            block.gate.set()
            await blocked
            await client.call("block")  # its turn comes after theirs
        assert slow.most == 0


async def test_a_shutdown_does_not_wait_for_threads() -> None:
    """After the timeout their tasks are cancelled, and the threads end later."""
    block = Blocking()
    async with threads(2), served(block) as (app, url):
        async with connected(url) as client:
            await client.emit("block")
            await until(lambda: block.running == 1, "the thread")
            async with asyncio.timeout(10):
                await app.server.shutdown(0.2)
        assert block.running == 1
        block.gate.set()
        await until(lambda: block.ended == 1, "the thread ends")
