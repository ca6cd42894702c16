"""Clients that connect, misbehave at random and drop; the server must free their state."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import TYPE_CHECKING

from .clients import PATH, SEPARATOR, Client, Polling, connect_packet, until
from .sockets import ClosedError, Connection, RejectedError, WebSocket, frame, request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

# Seeds of the fuzzer: each packet is valid, and most of its mutations are not.
PACKETS = (
    "40",
    '40/moods,{"mood":"greet"}',
    '40/moods,{"mood":"refuse"}',
    "41/moods,",
    '42["echo",1,"two",{"three":[4.5,null,true]}]',
    '42/moods,7["echo",{"a":"\\ud83d\\ude00"}]',
    '4212["text","hello"]',
    '42["join","room"]',
    '42["ask later"]',
    '452-3["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    '461-1[{"_placeholder":true,"num":0}]',
    '431["answer"]',
    '44{"message":"no"}',
    "3",
    "5",
    "2probe",
)
SPLICES = (
    "[",
    "]",
    "{",
    "}",
    '"',
    ",",
    "-",
    "/",
    "0",
    "9" * 30,
    "\x00",
    "\x1e",
    "NaN",
    "1e999",
    "null",
    "\\u",
    "é",
)
CLIENTS = ("sockets", "environs", "memberships", "callbacks", "leaving", "attachments")
SETTLE_SECONDS = 60.0
GONE = (ClosedError, RejectedError, ConnectionError)


class Fuzzer:
    """A generator of packets and frames, reproducible by its seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def packet(self) -> str | bytes:
        """Return a packet mutated up to three times, or sometimes an attachment."""
        chance = self.random
        if chance.random() < 0.15:
            return chance.randbytes(chance.randrange(40))
        text = chance.choice(PACKETS)
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(text) + 1)
            match chance.randrange(5):
                case 0:
                    text = text[:place]
                case 1:
                    text = text[:place] + chance.choice(SPLICES) + text[place:]
                case 2:
                    text = text[:place] + text[place + 1 :]
                case 3:
                    text = text[:place] + chr(chance.randrange(32, 0x2FF)) + text[place + 1 :]
                case _:
                    text = text[:place] + chance.choice(PACKETS) + text[place:]
        return text

    def frame(self) -> bytes:
        """Return a WebSocket frame whose header may be wrong in any bit."""
        packet = self.packet()
        chance = self.random
        data = bytearray(
            frame(
                chance.choice([0x0, 0x1, 0x1, 0x1, 0x2, 0x8, 0x9, 0xB]),
                packet.encode(errors="replace") if isinstance(packet, str) else packet,
                fin=chance.random() < 0.8,
                mask=chance.random() < 0.9,
                key=chance.randbytes(4),
            )
        )
        for _ in range(chance.randrange(3)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(data)


async def _by_websocket(url: str, fuzzer: Fuzzer) -> None:
    client = await Client.open(url)
    try:
        await client.connect()
        for _ in range(fuzzer.random.randrange(6)):
            await client.send(fuzzer.packet())
        if fuzzer.random.random() < 0.7:  # else it vanishes before the server has read everything
            await client.send("40", '42991["echo"]')  # rejoin: it may have left, with another namespace open
            await until(lambda: client.ended is not None or "43991[]" in client.inbox, "an answer or the end")
    finally:
        if fuzzer.random.random() < 0.5:
            await client.vanish()
        else:
            await client.close()


async def _by_frames(url: str, fuzzer: Fuzzer) -> None:
    socket = await WebSocket.open(url, f"{PATH}?EIO=4&transport=websocket")
    try:
        await socket.send(connect_packet())
        for _ in range(fuzzer.random.randrange(1, 4)):
            await socket.raw(fuzzer.frame())
    finally:
        socket.reset()


async def _by_polling(url: str, fuzzer: Fuzzer) -> None:
    polling = await Polling.open(url)
    await polling.post("40")
    parts = [fuzzer.packet() for _ in range(fuzzer.random.randrange(1, 5))]
    await polling.post(SEPARATOR.join(part if isinstance(part, str) else part.hex() for part in parts))
    if fuzzer.random.random() < 0.9:  # the others end by their heartbeat
        await polling.post("1")


async def _by_upgrade(url: str, fuzzer: Fuzzer) -> None:
    polling = await Polling.open(url)
    await polling.post("40")
    socket = await WebSocket.open(url, polling.target.replace("polling", "websocket"))
    try:
        for packet in ("2probe", "5", fuzzer.packet()):
            await socket.send(fuzzer.packet() if fuzzer.random.random() < 0.3 else packet)
    finally:
        socket.reset()


async def _by_bytes(url: str, fuzzer: Fuzzer) -> None:
    connection = await Connection.dial(url)
    request_line = f"GET {PATH}?EIO=4&transport=polling&x=".encode()
    try:
        await connection.raw(
            request_line + fuzzer.random.randbytes(fuzzer.random.randrange(60)) + b"\r\n\r\n"
        )
    finally:
        connection.reset()


WAYS: tuple[Callable[[str, Fuzzer], Awaitable[None]], ...] = (
    *(_by_websocket, _by_websocket, _by_websocket),
    *(_by_frames, _by_polling, _by_upgrade, _by_bytes),
)


async def soak(url: str, *, connections: int, seed: int, at_once: int = 16) -> None:
    """Open this many connections, misbehave on each and drop it.

    Raises:
        AssertionError: A well-behaved client was not served in between, or another client was
            neither served nor closed.
        TimeoutError: A client got no answer.
    """
    fuzzer = Fuzzer(seed)
    slots = asyncio.Semaphore(at_once)

    async def misbehave() -> None:
        async with slots:
            async with asyncio.timeout(SETTLE_SECONDS):
                with contextlib.suppress(*GONE):
                    await fuzzer.random.choice(WAYS)(url, fuzzer)

    bystander = await Client.open(url)
    await bystander.connect()
    for start in range(0, connections, 250):
        await asyncio.gather(*(misbehave() for _ in range(min(250, connections - start))))
        assert await bystander.call("echo", start) == [start]
    await bystander.close()


async def holdings(url: str) -> dict[str, int]:
    """Return what the server of `tests.wire.process` stores now, by kind."""
    held: dict[str, int] = json.loads((await request(url, "/holdings")).body)
    return held


async def forgotten(url: str) -> dict[str, int]:
    """Return what the server stores once it stores nothing for clients that are gone, timers included.

    Raises:
        TimeoutError: The server does not free their state.
    """
    async with asyncio.timeout(SETTLE_SECONDS):
        before, now = {"objects": 0}, await holdings(url)
        while any(now[kind] for kind in CLIENTS) or now["objects"] != before["objects"]:
            await asyncio.sleep(0.5)  # the longest time that a client's timer may outlive it
            before, now = now, await holdings(url)
    return now


def growth(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return the kinds of which there are more than before, with the differences."""
    return {kind: after[kind] - before[kind] for kind in after if after[kind] > before[kind]}
