"""Heads and trailers that grow or last too long, before an application could refuse them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.engine.transport.uvicorn import http
from tests.protocols import OWN

from ...stage import serve_app, until
from .heads import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FIELDS = b"a:b\r\n" * 14_000
OK = b"HTTP/1.1 200"


@contextlib.asynccontextmanager
async def client(outcome: Outcome) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Serve, and connect to the server."""
    async with serve_app(outcome, ws=OWN) as url, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        try:
            yield reader, writer
        finally:
            writer.close()


async def answered(reader: asyncio.StreamReader) -> None:
    """Read the answer to a request."""
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(OK)
    assert await reader.readexactly(2) == b"ok"


@pytest.mark.parametrize("data", [HEAD + FIELDS, HEAD + b"a: " + FIELDS, b"GET /" + b"a" * 70_000], ids=len)
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
async def test_heads_are_bounded(data: bytes, *, second: bool) -> None:
    """Of every request of a connection, whatever part of it does not end; the application gets nothing of it."""
    outcome = Outcome()
    async with client(outcome) as (reader, writer):
        if second:
            writer.write(HEAD + b"\r\n")
            await answered(reader)
        writer.write(data)
        assert (await reader.read())[9:12] == b"431"
    assert len(outcome.scopes) == second


async def test_trailers_are_bounded() -> None:
    """They would be kept with the head, and the application never gets them."""
    outcome = Outcome()
    async with client(outcome) as (reader, writer):
        writer.write(POST + b"0\r\n")
        await until(lambda: outcome.scopes)
        writer.write(FIELDS)
        assert (await reader.read())[9:12] == b"431"


async def test_bodies_and_heads_within_the_bound_pass() -> None:
    """One after another on a connection, in whatever pieces, also much larger bodies in chunks."""
    body = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    async with client(Outcome()) as (reader, writer):
        for _ in range(3):
            writer.write(HEAD + FIELDS[:50_000])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(b"\r\n")
            await answered(reader)
            writer.write(POST)
            for _ in range(5):
                writer.write(body)
            writer.write(b"0\r\na:b\r\n\r\n")
            await answered(reader)


async def test_a_later_head_must_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first byte on; the time of the keep-alive ends with that."""
    monkeypatch.setattr(http, "_HEAD_SECONDS", 0.5)
    async with client(Outcome()) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        await answered(reader)
        writer.write(HEAD)
        assert (await reader.read())[9:12] == b"408"


async def test_a_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a head does not end a request whose head has come."""
    monkeypatch.setattr(http, "_HEAD_SECONDS", 5.0)
    outcome, loop, ahead = Outcome(), asyncio.get_running_loop(), [0.0]
    async with client(outcome) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        await answered(reader)
        writer.write(POST)
        await until(lambda: len(outcome.scopes) == 2)
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + sum(ahead))
        for piece in (b"3\r\n", b"abc\r\n0\r\n"):
            ahead.append(6.0)
            await asyncio.sleep(0.01)
            writer.write(piece)
        writer.write(b"\r\n")
        await answered(reader)
