"""A Socket.IO 5 client over Engine.IO 4 whose packets the test writes by hand, as text."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any, Protocol

from .sockets import SECONDS, ClosedError, Connection, Response, WebSocket, request, request_head

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/socket.io/"
SEPARATOR = "\x1e"
Packet = str | bytes


class Transport(Protocol):
    """One Engine.IO transport: packets as text with their type, attachments as bytes."""

    async def send(self, message: Packet) -> None: ...

    async def receive(self) -> Packet: ...

    def reset(self) -> None: ...


class Polling:
    """Engine.IO over HTTP long-polling."""

    def __init__(self, url: str, path: str, sid: str) -> None:
        self.url = url
        self.target = f"{path}?EIO=4&transport=polling&sid={sid}"
        self.sid = sid
        self.waiting: list[Packet] = []
        self.largest_answer = 0
        self.poll_connection: Connection | None = None

    @classmethod
    async def open(cls, url: str, path: str = PATH) -> Polling:
        """Open a session."""
        answer = await request(url, f"{path}?EIO=4&transport=polling")
        assert answer.status == 200, answer
        return cls(url, path, json.loads(answer.body[1:])["sid"])

    async def post(self, body: str | bytes, **headers: str) -> Response:
        """Send a body as it is."""
        data = body.encode() if isinstance(body, str) else body
        return await request(self.url, self.target, method="POST", body=data, headers=headers)

    async def send(self, message: Packet) -> None:
        """POST one packet."""
        text = message if isinstance(message, str) else "b" + base64.b64encode(message).decode()
        answer = await self.post(text)
        if answer.status != 200:
            raise ClosedError(answer.status)

    async def poll(self) -> Response:
        """One GET, as long as the server likes; `reset` cuts it off."""
        connection = self.poll_connection = await Connection.dial(self.url)
        try:
            await connection.raw(request_head(self.url, "GET", self.target, {"Connection": "close"}))
            return await connection.response()
        finally:
            connection.writer.close()  # its own: another poll may have begun meanwhile

    async def waiting_poll(self) -> asyncio.Task[Response]:
        """Return a GET that waits: the server has answered a request that was sent after it."""
        self.poll_connection = None
        poll = asyncio.ensure_future(self.poll())
        await until(lambda: self.poll_connection is not None, "dialled")
        other = await request(self.url, self.target.replace(self.sid, "nobody"))
        assert other.status == 400
        return poll

    async def receive(self) -> Packet:
        """Return the next packet, polling as often as it takes."""
        while not self.waiting:
            answer = await self.poll()
            if answer.status != 200:
                raise ClosedError(answer.status)
            packets = answer.body.split(SEPARATOR)
            self.largest_answer = max(self.largest_answer, len(packets))
            self.waiting += [base64.b64decode(one[1:]) if one.startswith("b") else one for one in packets]
        return self.waiting.pop(0)

    def reset(self) -> None:
        """Vanish in the middle of a poll."""
        if self.poll_connection is not None:
            self.poll_connection.reset()


class Client:
    """A client that answers pings and keeps what it receives until the test asks for it."""

    def __init__(self, transport: Transport, *, answers_pings: bool = True) -> None:
        self.transport = transport
        self.answers_pings = answers_pings
        self.inbox: list[Packet] = []
        self.ended: ClosedError | None = None
        self._news = asyncio.Event()
        self._acks = 700
        self._pump = asyncio.ensure_future(self._read())

    @classmethod
    async def open(
        cls, url: str, *, transport: str = "websocket", path: str = PATH, answers_pings: bool = True
    ) -> Client:
        """Open a transport; no namespace is connected yet."""
        if transport == "polling":
            return cls(await Polling.open(url, path), answers_pings=answers_pings)
        socket = await WebSocket.open(url, f"{path}?EIO=4&transport=websocket")
        async with asyncio.timeout(SECONDS):
            opening = await socket.receive()
        assert isinstance(opening, str)
        assert opening.startswith("0{"), opening
        return cls(socket, answers_pings=answers_pings)

    @property
    def socket(self) -> WebSocket:
        """The WebSocket beneath, for frames of the test's own making."""
        assert isinstance(self.transport, WebSocket)
        return self.transport

    @property
    def polling(self) -> Polling:
        """The polling transport beneath."""
        assert isinstance(self.transport, Polling)
        return self.transport

    async def _read(self) -> None:
        try:
            while True:
                packet = await self.transport.receive()
                if packet == "2":
                    if self.answers_pings:
                        await self.transport.send("3")
                elif packet == "1":
                    raise ClosedError
                elif packet != "6":
                    self.inbox.append(packet)
                    self._news.set()
        except ClosedError as error:
            self.ended = error
        except (ConnectionError, OSError):
            self.ended = ClosedError()
        finally:
            self._news.set()

    async def stop_reading(self) -> None:
        """Leave everything that follows in the buffers between the server and this client."""
        self._pump.cancel()
        await asyncio.wait([self._pump])

    async def vanish(self) -> None:
        """Drop the connection without a word."""
        self.transport.reset()
        await self.stop_reading()

    async def close(self) -> None:
        """End the session, politely, whatever its state."""
        if self.ended is None:
            with contextlib.suppress(ClosedError, OSError, TimeoutError):
                await self.transport.send("1")
        await self.stop_reading()
        if isinstance(self.transport, WebSocket):
            await self.transport.hang_up()

    async def send(self, *packets: Packet) -> None:
        """Send packets; a server that has closed meanwhile is judged by what it sent."""
        with contextlib.suppress(ClosedError, OSError):
            for packet in packets:
                await self.transport.send(packet)

    async def take(self, wanted: Callable[[Packet], bool], what: str, seconds: float = SECONDS) -> Packet:
        """Remove and return the first packet that is wanted, waiting for it.

        Raises:
            AssertionError: it did not come, or the connection ended first.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for packet in self.inbox:
                        if wanted(packet):
                            self.inbox.remove(packet)
                            return packet
                    if self.ended is not None:
                        raise AssertionError(
                            f"closed ({self.ended.code}) instead of {what}; got {self.inbox}"
                        )
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} within {seconds} s; got {self.inbox}") from None

    async def expect(self, prefix: str, seconds: float = SECONDS) -> str:
        """Return the first text packet with this prefix; returns what follows the prefix."""
        packet = await self.take(lambda one: isinstance(one, str) and one.startswith(prefix), prefix, seconds)
        assert isinstance(packet, str)
        return packet[len(prefix) :]

    async def next(self, seconds: float = SECONDS) -> Packet:
        """Return the next packet, whatever it is."""
        return await self.take(lambda _: True, "packet", seconds)

    async def closed(self, seconds: float = SECONDS) -> None:
        """Wait until the server has closed the connection.

        Raises:
            AssertionError: it has not, within the time.
        """
        try:
            async with asyncio.timeout(seconds):
                while self.ended is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not closed within {seconds} s; got {self.inbox}") from None

    async def connect(self, namespace: str = "/", auth: Any = None) -> str:
        """Connect to a namespace; returns the sid."""
        await self.send(connect_packet(namespace, auth))
        answer = decode(await self.expect("40" + prefix(namespace)))
        sid = answer["sid"]
        assert isinstance(sid, str)
        return sid

    async def call(self, event: str, *arguments: Any, namespace: str = "/") -> Any:
        """Emit with an ack id of its own and return the list that the server answers."""
        self._acks += 1
        await self.send(f"42{prefix(namespace)}{self._acks}{json.dumps([event, *arguments])}")
        return await self.answer(self._acks, namespace)

    async def answer(self, ack: int | str, namespace: str = "/") -> Any:
        """Return the list with which the server acknowledges a packet."""
        return decode("[" + await self.expect(f"43{prefix(namespace)}{ack}["))


def decode(text: str) -> Any:
    """Parse JSON as a browser does.

    Raises:
        AssertionError: it is no JSON; Python's own parser takes NaN and Infinity for numbers.
    """

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError as error:
        raise AssertionError(f"no JSON: {error}") from None


def prefix(namespace: str) -> str:
    """How a packet names its namespace."""
    return "" if namespace == "/" else namespace + ","


def connect_packet(namespace: str = "/", auth: Any = None) -> str:
    """Return a CONNECT packet inside its Engine.IO message."""
    return f"40{prefix(namespace)}{'' if auth is None else json.dumps(auth)}"


async def until(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait for something that happens in the server's thread.

    Raises:
        AssertionError: it did not happen within the time.
    """
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # what happens is in another thread
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds} s") from None
