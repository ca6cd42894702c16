"""A Socket.IO 5 client over Engine.IO 4 whose packets the test writes by hand as text."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any, Protocol

from .sockets import SECONDS, ClosedError, Connection, Response, WebSocket, request, request_head

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/socket.io/"
SEPARATOR = "\x1e"
Packet = str | bytes


class Transport(Protocol):
    """An Engine.IO transport: packets as text with their type, attachments as bytes."""

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
        """POST a body unchanged."""
        data = body.encode() if isinstance(body, str) else body
        return await request(self.url, self.target, method="POST", body=data, headers=headers)

    async def send(self, message: Packet) -> None:
        """POST a single packet."""
        text = message if isinstance(message, str) else "b" + base64.b64encode(message).decode()
        answer = await self.post(text)
        if answer.status != 200:
            raise ClosedError(answer.status)

    async def poll(self) -> Response:
        """Send a GET and wait as long as the server holds it; `reset` aborts it."""
        connection = self.poll_connection = await Connection.dial(self.url)
        try:
            await connection.raw(request_head(self.url, "GET", self.target, {"Connection": "close"}))
            return await connection.response()
        finally:
            connection.writer.close()  # not self.poll_connection, which another poll may have replaced

    async def waiting_poll(self) -> asyncio.Task[Response]:
        """Return a poll that the server holds, proven by the answer to a later request."""
        self.poll_connection = None
        poll = asyncio.ensure_future(self.poll())
        await until(lambda: self.poll_connection is not None, "dialled")
        later = await request(self.url, self.target.replace(self.sid, "nobody"))
        assert later.status == 400
        return poll

    async def receive(self) -> Packet:
        """Return the next packet, polling as often as necessary."""
        while not self.waiting:
            answer = await self.poll()
            if answer.status != 200:
                raise ClosedError(answer.status)
            packets = answer.body.split(SEPARATOR)
            self.largest_answer = max(self.largest_answer, len(packets))
            self.waiting += [base64.b64decode(text[1:]) if text.startswith("b") else text for text in packets]
        return self.waiting.pop(0)

    def reset(self) -> None:
        """Reset the connection of the current poll."""
        if self.poll_connection is not None:
            self.poll_connection.reset()


class Client:
    """A client that answers pings and stores what it receives until the test asks for it."""

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
        cls,
        url: str,
        *,
        transport: str = "websocket",
        path: str = PATH,
        answers_pings: bool = True,
        receives: int | None = None,
    ) -> Client:
        """Open a transport without connecting a namespace; `receives`, for a WebSocket, is that of `dial`."""
        if transport == "polling":
            return cls(await Polling.open(url, path), answers_pings=answers_pings)
        socket = await WebSocket.open(url, f"{path}?EIO=4&transport=websocket", receives=receives)
        async with asyncio.timeout(SECONDS):
            opening = await socket.receive()
        assert isinstance(opening, str)
        assert opening.startswith("0{"), opening
        return cls(socket, answers_pings=answers_pings)

    @property
    def socket(self) -> WebSocket:
        """The WebSocket of this client, for sending hand-made frames."""
        assert isinstance(self.transport, WebSocket)
        return self.transport

    @property
    def polling(self) -> Polling:
        """The polling transport of this client."""
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
        """Leave everything that follows in the buffers between server and client."""
        self._pump.cancel()
        await asyncio.wait([self._pump])

    async def torn(self) -> None:
        """Wait, without reading, until the server has reset the connection."""
        transport = self.socket.writer.transport
        sock = transport.get_extra_info("socket")
        await until(
            lambda: transport.is_closing() or sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0,
            "reset",
        )

    async def vanish(self) -> None:
        """Reset the connection without a close frame."""
        self.transport.reset()
        await self.stop_reading()

    async def close(self) -> None:
        """Close the session in the regular way, in any state."""
        if self.ended is None:
            with contextlib.suppress(ClosedError, OSError, TimeoutError):
                await self.transport.send("1")
        await self.stop_reading()
        if isinstance(self.transport, WebSocket):
            await self.transport.hang_up()

    async def send(self, *packets: Packet) -> None:
        """Send packets; errors are ignored if the server has closed meanwhile."""
        with contextlib.suppress(ClosedError, OSError):
            for packet in packets:
                await self.transport.send(packet)

    async def take(self, wanted: Callable[[Packet], bool], what: str, seconds: float = SECONDS) -> Packet:
        """Remove and return the first packet that is wanted, waiting for it if necessary.

        Raises:
            AssertionError: The packet did not arrive, or the connection ended first.
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
        """Wait for the first text packet with this prefix, and return the rest of it."""
        packet = await self.take(
            lambda packet: isinstance(packet, str) and packet.startswith(prefix), prefix, seconds
        )
        assert isinstance(packet, str)
        return packet[len(prefix) :]

    async def next(self, seconds: float = SECONDS) -> Packet:
        """Return the next packet of any kind."""
        return await self.take(lambda _: True, "packet", seconds)

    async def closed(self, seconds: float = SECONDS) -> None:
        """Wait until the server has closed the connection.

        Raises:
            AssertionError: The connection is still open after this time.
        """
        try:
            async with asyncio.timeout(seconds):
                while self.ended is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not closed within {seconds} s; got {self.inbox}") from None

    async def connect(self, namespace: str = "/", auth: Any = None) -> str:
        """Connect to a namespace and return the sid."""
        await self.send(connect_packet(namespace, auth))
        answer = decode(await self.expect("40" + prefix(namespace)))
        sid = answer["sid"]
        assert isinstance(sid, str)
        return sid

    async def call(self, event: str, *arguments: Any, namespace: str = "/") -> Any:
        """Emit with a new ack id and return the list in the server's ack."""
        self._acks += 1
        await self.send(f"42{prefix(namespace)}{self._acks}{json.dumps([event, *arguments])}")
        return await self.answer(self._acks, namespace)

    async def answer(self, ack: int | str, namespace: str = "/") -> Any:
        """Return the list in the ack with this id."""
        return decode("[" + await self.expect(f"43{prefix(namespace)}{ack}["))


def decode(text: str) -> Any:
    """Parse JSON as a browser does.

    Raises:
        AssertionError: The text is not valid JSON; NaN and Infinity, which Python accepts, are refused.
    """

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError as error:
        raise AssertionError(f"not JSON: {error}") from None


def prefix(namespace: str) -> str:
    """Return the part of a packet that names its namespace."""
    return "" if namespace == "/" else namespace + ","


def connect_packet(namespace: str = "/", auth: Any = None) -> str:
    """Return a CONNECT packet inside its Engine.IO message."""
    return f"40{prefix(namespace)}{'' if auth is None else json.dumps(auth)}"


async def until(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait for a condition that the server's thread fulfils.

    Raises:
        AssertionError: The condition did not hold within this time.
    """
    pause = 0.001
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(pause)  # another thread fulfils it, and is held up by each look
                pause = min(pause * 1.5, 0.02)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds} s") from None
