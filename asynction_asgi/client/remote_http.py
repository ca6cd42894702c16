"""The HTTP session of a client: it follows no redirects, bounds answers and closes its sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from ..errors import shorten

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import aiohttp

CLOSE_SECONDS = 2.0
_LOOK_SECONDS = 0.01
_REDIRECTS = frozenset({301, 302, 303, 307, 308})  # RFC 9110, 15.4: those that name another address to ask
_LONGEST_ADDRESS = 200
_SEPARATOR = b"\x1e"  # Engine.IO 4: between the packets of a polling body


class MissingClientError(Exception):
    """aiohttp, which upstream's client speaks through, is not installed."""


class UnreachableError(Exception):
    """No Socket.IO server answered; says why."""


class RedirectedError(UnreachableError):
    """The server pointed to another address, which was not asked; says to which."""


class Answer:
    """The answer to a polling request, read to its end, as upstream's client asks for it."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body

    def split(self, most: int) -> tuple[Answer, bytes]:
        """Return an answer with the first packets of this one, and the body of the others."""
        packets = self._body.split(_SEPARATOR, most)
        rest = packets.pop() if len(packets) > most else b""
        return Answer(self.status, _SEPARATOR.join(packets)), rest

    async def read(self) -> bytes:
        """Return the body."""
        return self._body

    async def json(self) -> Any:
        """Return the body's value, or None if it is not JSON."""
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError):
            return None


async def read_answer(response: aiohttp.ClientResponse, most: int) -> Answer:
    """Read a response of at most `most` bytes.

    Raises:
        UnreachableError: The body is longer; the rest was not read.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            response.close()
            raise UnreachableError(f"the server answers one request with more than {most:,} bytes")
    return Answer(response.status, bytes(body))


@contextlib.asynccontextmanager
async def open_session(
    headers: Sequence[tuple[str, str]], *, verify: bool
) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a session whose every request carries `headers`; all of its sockets are closed afterwards.

    Raises:
        MissingClientError: aiohttp is not installed.
    """
    try:
        import aiohttp  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingClientError(str(error)) from error
    opened: set[aiohttp.ClientResponse] = set()

    async def keep(_session: Any, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        opened.difference_update([response for response in opened if response.closed])
        opened.add(params.response)

    sockets: list[socket.socket] = []

    def create_socket(address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, _ = address_info
        sockets.append(socket.socket(family, kind, protocol))
        sockets[-1].setblocking(False)
        return sockets[-1]

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(keep)
    session = aiohttp.ClientSession(
        headers=list(headers),
        trace_configs=[trace],
        middlewares=(_refuse_redirects,),
        # Servers behind a balancer know their clients by a cookie, at addresses of digits too.
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        connector=aiohttp.TCPConnector(ssl=verify, socket_factory=create_socket),
    )
    try:
        yield session
    finally:
        # Upstream leaves answers unread, of which aiohttp would complain.
        for response in opened:
            response.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await session.close()
                await _all_closed(sockets)


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Pass a request on, and raise where aiohttp would take its headers, query and body elsewhere.

    A header such as ``Authorization`` is meant for the server that was named. aiohttp drops that one on the
    way to another origin, but no header of another name, no query, and not the body.
    """
    response = await handler(request)
    # aiohttp takes the header of an old draft, too.
    location = response.headers.get("Location") or response.headers.get("URI")
    if response.status in _REDIRECTS and location:
        response.close()
        raise RedirectedError(
            f"the server redirects to {_address(str(request.url), location)} ({response.status}),"
            " which is not followed; if you trust that address, call it instead"
        )
    return response


def _address(asked: str, location: str) -> str:
    """Return the address that a ``Location`` names, without credentials, query and fragment."""
    try:
        parts = urlsplit(urljoin(asked, location))
    except ValueError:  # such as brackets without an address
        return "what is not a URL"
    return shorten(
        urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")), _LONGEST_ADDRESS
    )


async def _all_closed(sockets: Sequence[socket.socket]) -> None:
    """Wait until all sockets are closed: aiohttp leaves TLS, which sends a close alert, to close by itself."""
    while any(sock.fileno() >= 0 for sock in sockets):  # noqa: ASYNC110  # nothing notifies of it
        await asyncio.sleep(_LOOK_SECONDS)
