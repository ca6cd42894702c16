"""The answers to WebSocket handshakes as bytes, and the scope of those that an application answers."""

from __future__ import annotations

import functools
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from uvicorn.protocols.utils import is_ssl
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeaderValue
from websockets.http11 import Response

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    import uvicorn

    from ..environ import Header
    from .opening import Opening

# To a client whose handshake or early frames can't be read.
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_ENDS_OF_LINES = frozenset("\r\n\0")
_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


def make_scope(
    opening: Opening, transport: asyncio.Transport, config: uvicorn.Config, app_state: dict[str, Any]
) -> dict[str, Any]:
    """Return the ASGI scope of a handshake, as uvicorn makes it."""
    root, path = config.root_path, opening.path
    peer = transport.get_extra_info("peername")
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss" if is_ssl(transport) else "ws",
        "server": _address(transport.get_extra_info("sockname")),
        "client": None if isinstance(peer, str) else _address(peer),
        "root_path": root,
        "path": root + unquote(path.decode("ascii")),
        "raw_path": root.encode("ascii") + path,
        "query_string": opening.query,
        "headers": opening.headers,
        "subprotocols": opening.subprotocols,
        "state": app_state.copy(),
        "extensions": {"websocket.http.response": {}},
    }


def _address(name: Any) -> tuple[str, int | None] | None:
    """Return an address as ASGI has it, of what the event loop knows since the connection was made.

    uvicorn asks the socket again, by five calls of the system, and raises for one that is closed.
    """
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    return (name, None) if isinstance(name, str) else None


def accept(
    proof: bytes, server: Iterable[Header], application: Iterable[Header], subprotocol: str | None
) -> bytes:
    """Return the answer that opens a WebSocket.

    Args:
        proof: The value of ``Sec-WebSocket-Accept``.
        server: Headers that the server adds, the same for a second.
        application: Headers that the application adds.
        subprotocol: That the application has chosen.

    Raises:
        InvalidHeaderValue: A value could end its line.
    """
    lines = _encode_again(tuple(server)) + _encode(application)
    if subprotocol:
        lines += _checked([("Sec-WebSocket-Protocol", subprotocol)]).serialize()[:-2]
    return b"%bSec-WebSocket-Accept: %b\r\n%b\r\n" % (_SWITCHING, proof, lines)


def _encode(headers: Iterable[Header]) -> bytes:
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    return _checked(pairs).serialize()[:-2] if pairs else b""


def _checked(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Return headers of which none can end its line; not every release of websockets looks at that."""
    headers = Headers(list(pairs))
    for name, value in headers.raw_items():
        if not _ENDS_OF_LINES.isdisjoint(name + value):
            raise InvalidHeaderValue(name, value)
    return headers


_encode_again = functools.lru_cache(2)(_encode)


def refuse(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Return an answer that does not open a WebSocket, with the headers that it needs.

    Raises:
        InvalidHeaderValue: A value could end its line.
    """
    fields = _checked(headers)
    fields.setdefault("Date", formatdate(usegmt=True))
    fields.setdefault("Connection", "close")
    fields.setdefault("Content-Length", str(len(body)))
    fields.setdefault("Content-Type", "text/plain; charset=utf-8")
    return Response(status, phrase(status), fields, body).serialize()


def phrase(status: int) -> str:
    """Return the text beside a status, or an empty one if it is unknown."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
