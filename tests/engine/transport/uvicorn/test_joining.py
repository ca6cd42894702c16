"""Responses in as few pieces as the application allows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from asynction_asgi.engine.transport.uvicorn.joining import JoiningTransport
from tests.protocols import OWN

from ...stage import serve_app

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
LARGE = b"x" * 70_000


class Recorder:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        """Keep a piece."""
        self.pieces.append(data)

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Close."""
        self.closed = True

    abort = close


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b"one", b"two"], [HEAD + b"one", b"two"]),
        ([HEAD, LARGE], [HEAD, LARGE]),
        (
            [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, b"body"],
            [b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD, b"body"],
        ),
        ([HEAD, b"body", HEAD, b"body"], [HEAD + b"body"] * 2),
        (
            [HEAD, memoryview(b"one"), memoryview(b"two"), bytearray(b"three")],
            [HEAD + b"one", b"two", b"three"],
        ),
    ],
    ids=["usual", "chunks", "large", "continue", "two", "buffers"],
)
async def test_a_head_goes_with_its_body(written: Sequence[bytes], pieces: Sequence[bytes]) -> None:
    """Both are one piece, unless joining them would copy much."""
    recorder = Recorder()
    transport = JoiningTransport(recorder, asyncio.get_running_loop())
    for data in written:
        transport.write(data)
    assert recorder.pieces == pieces
    await asyncio.sleep(0)
    assert recorder.pieces == pieces


async def test_bodies_may_be_any_buffers() -> None:
    """As Starlette's responses may have them, after a turn of the event loop, too."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] == "http":
            headers = [(b"content-length", b"20")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for number in range(4):
                await asyncio.sleep(0.01)
                body = memoryview(b"%04d\n" % number)
                await send({"type": "http.response.body", "body": body, "more_body": number < 3})

    async with serve_app(app, ws=OWN) as url, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).text == "0000\n0001\n0002\n0003\n"


async def test_a_head_does_not_wait_for_long() -> None:
    """It goes alone if nothing follows within a turn, and before the connection is closed."""
    recorder = Recorder()
    transport = JoiningTransport(recorder, asyncio.get_running_loop())
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert recorder.pieces == [HEAD]
    transport.write(HEAD)
    transport.close()
    assert (recorder.pieces, recorder.closed) == ([HEAD, HEAD], True)


async def test_a_whole_response_stays_behind_a_head() -> None:
    """What is written in one piece does not overtake a head whose body has not come, as that of HEAD never does."""
    recorder = Recorder()
    transport = JoiningTransport(recorder, asyncio.get_running_loop())
    transport.write(HEAD)
    transport.write_whole(b"next")
    assert recorder.pieces == [HEAD, b"next"]


async def test_a_head_is_dropped_with_its_connection() -> None:
    """Nothing is written to a transport that was aborted."""
    recorder = Recorder()
    transport = JoiningTransport(recorder, asyncio.get_running_loop())
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert recorder.pieces == []


async def test_the_head_of_a_stream_arrives_before_its_body() -> None:
    """An application that sends headers at once and the body later is served as it wants to be."""
    arrived = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.wait_for(arrived.wait(), 30)
            await send({"type": "http.response.body", "body": b"late"})

    async with serve_app(app, ws=OWN) as url, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        arrived.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"4\r\nlate\r\n0\r\n\r\n"
        writer.close()
