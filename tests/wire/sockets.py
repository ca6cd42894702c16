"""Raw HTTP and WebSocket over asyncio streams, to send what no library would send."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# Less than a heartbeat needs to notice that a client is gone, see `stages.DEFAULTS`.
SECONDS = 30.0
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class ClosedError(Exception):
    """The server closed the connection; `code` is WebSocket's, or None without a close frame."""

    def __init__(self, code: int | None = None) -> None:
        self.code = code
        super().__init__(code)


class RejectedError(Exception):
    """The server answered a WebSocket handshake with an HTTP status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


# Connections that a test leaves open, whether it failed or not, are closed by a fixture.
OPENED: list[Connection] = []


class Connection:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        OPENED.append(self)

    @classmethod
    async def dial(cls, url: str, *, receives: int | None = None) -> Self:
        """Connect to the host and port of a URL.

        Args:
            url: Of any server.
            receives: So many bytes that are not read fit into the kernel, about; its default is megabytes.
        """
        parts = urlsplit(url)
        sock = socket.socket()
        if receives is not None:
            # Before it connects: a window that shrinks later lets kernels drop each other's acknowledgements.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
            return cls(*await asyncio.open_connection(sock=sock))
        except BaseException:
            sock.close()
            raise

    async def raw(self, data: bytes) -> None:
        """Send bytes unchanged; a closed connection is ignored, as many tests expect it."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    def reset(self) -> None:
        """Reset the TCP connection without a close frame or a FIN."""
        sock = self.writer.get_extra_info("socket")
        if sock.fileno() < 0:
            return  # closed already
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang_up(self) -> None:
        """Close the TCP connection regularly."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read a status line and headers."""
        try:
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ClosedError from error
        status, *lines = text.strip().split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return int(status.split()[1]), {name.lower(): value.strip() for name, value in pairs}

    async def response(self) -> Response:
        """Read a whole HTTP response on a connection that ends with it."""
        status, headers = await self.head()
        try:
            if headers.get("transfer-encoding") == "chunked":
                body = await self._chunks()
            else:
                body = await self.reader.read()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ClosedError from error
        return Response(status=status, headers=headers, body=body.decode())

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline() or b"0", 16):  # a response to HEAD has no body
            body += (await self.reader.readexactly(size + 2))[:-2]
        return body


def request_head(url: str, method: str, target: str, headers: Mapping[str, str | int]) -> bytes:
    """Return the first lines of an HTTP request."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def request(
    url: str, target: str, *, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] = {}
) -> Response:
    """Send an HTTP request and wait for the response.

    Raises:
        ClosedError: The server closed without a response.
        TimeoutError: The server neither responded nor closed.
    """
    connection = await Connection.dial(url)
    lines: dict[str, str | int] = {"Connection": "close", **headers}
    if method != "GET":
        lines.setdefault("Content-Length", len(body))
    try:
        async with asyncio.timeout(SECONDS):
            await connection.raw(request_head(url, method, target, lines) + body)
            return await connection.response()
    finally:
        await connection.hang_up()


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    mask: bool = True,
    length: int | None = None,
    key: bytes | None = None,
) -> bytes:
    """Build a WebSocket frame (RFC 6455 section 5.2); `length` may differ from the payload's."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    flag = 0x80 if mask else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 1 << 16:
        head += bytes([flag | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    key = key or os.urandom(4)
    stretched = (key * (len(payload) // 4 + 1))[: len(payload)]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")
    return head + key + masked.to_bytes(len(payload), "big")


class WebSocket(Connection):
    """A WebSocket client that sends any frame, and reads only when asked."""

    @classmethod
    async def open(
        cls, url: str, target: str, headers: Mapping[str, str] = {}, *, receives: int | None = None
    ) -> Self:
        """Perform the opening handshake; `receives` is that of `dial`.

        Raises:
            RejectedError: The server answered with a status other than 101.
        """
        self = await cls.dial(url, receives=receives)
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade: dict[str, str | int] = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": 13,
        }
        async with asyncio.timeout(SECONDS):
            await self.raw(request_head(url, "GET", target, {**upgrade, "Sec-WebSocket-Key": key, **headers}))
            status, _ = await self.head()
        if status != 101:
            await self.hang_up()
            raise RejectedError(status)
        return self

    async def send(self, message: str | bytes) -> None:
        """Send a whole message."""
        if isinstance(message, str):
            await self.raw(frame(TEXT, message.encode()))
        else:
            await self.raw(frame(BINARY, message))

    async def receive(self) -> str | bytes:
        """Read a whole message; servers here never fragment.

        Raises:
            ClosedError: The connection ended, with or without a close frame.
        """
        while True:
            try:
                first, second = await self.reader.readexactly(2)
                size = second & 0x7F
                if size >= 126:
                    size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
                payload = await self.reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise ClosedError from error
            opcode = first & 0x0F
            if opcode == CLOSE:
                await self.raw(frame(CLOSE, payload[:2]))
                raise ClosedError(int.from_bytes(payload[:2], "big") or None)
            if opcode == PING:
                await self.raw(frame(PONG, payload))
            elif opcode == TEXT:
                return payload.decode()
            elif opcode == BINARY:
                return payload

    async def ended(self) -> None:
        """Read until the server closes the connection.

        Raises:
            TimeoutError: The server does not close it.
        """
        with contextlib.suppress(ClosedError):
            async with asyncio.timeout(SECONDS):
                while True:
                    await self.receive()


async def turned_away(url: str, target: str, *, headers: Mapping[str, str] = {}, says: str = "") -> None:
    """Open a WebSocket that the server must refuse with a 4xx status or close.

    Raises:
        AssertionError: The server answered with another status.
        TimeoutError: The server did not close it.
    """
    try:
        socket = await WebSocket.open(url, target, headers)
    except RejectedError as error:
        if not 400 <= error.status < 500:
            raise AssertionError(f"refused with {error.status}") from None
        return
    if says:
        await socket.send(says)
    await socket.ended()
