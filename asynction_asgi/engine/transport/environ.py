"""The environ of a request and its response, as python-engineio has them, from and to ASGI."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence

    Header = tuple[bytes, bytes]
    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

# Answers hold session ids and packets: no cache keeps them, and no page gets one to run as a script or style.
PRIVATE: Sequence[Header] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class _Input:
    """What upstream reads a body from; the guard has read it already."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, length: int | None = None) -> bytes:
        del length  # the guard has bounded it
        return self._body


async def translate_request(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Complete the environ of a request that the guard has admitted and whose body it has read."""
    if environ["asgi.scope"]["type"] == "websocket":
        await environ["asgi.receive"]()  # websocket.connect
    environ["wsgi.input"] = _Input(body)
    return environ


def build_environ(scope: Scope, receive: Receive, send: Send) -> dict[str, Any]:
    """Return the environ of a request, with the keys that upstream's handlers know.

    Unlike upstream's, it has the true address of the client and scheme of the request.
    """
    client = scope.get("client") or ("", 0)
    server = scope.get("server") or ("", 0)
    scheme = scope.get("scheme", "http")  # optional in ASGI, and Daphne leaves it out
    query = scope.get("query_string", b"").decode("latin-1")
    environ: dict[str, Any] = {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.async": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
        "SERVER_SOFTWARE": "asgi",
        "REQUEST_METHOD": scope.get("method", "GET"),
        "PATH_INFO": scope["path"],
        "QUERY_STRING": query,
        "RAW_URI": f"{scope['path']}?{query}" if query else scope["path"],
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/" + scope.get("http_version", "1.1"),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }
    _add_headers(environ, scope["headers"])
    if scope["type"] == "websocket":  # over HTTP/2 there are no such headers, and upstream looks for them
        environ["HTTP_CONNECTION"] = "upgrade"
        environ["HTTP_UPGRADE"] = "websocket"
    return environ


def _add_headers(environ: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    """Add the headers by WSGI's keys.

    A name with an underscore would share the key of the name with a hyphen: a client could so set a
    header that the proxy in front takes from all requests, such as X-Forwarded-Host. It is left out, as by
    other servers.
    """
    for raw_name, raw_value in headers:
        try:
            name, value = raw_name.decode("ascii"), raw_value.decode()
        except UnicodeDecodeError:
            continue
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        # RFC 9113, 8.2.3: HTTP/2 may split cookies, which are joined by "; ".
        between = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{between}{value}" if key in environ else value


async def make_response(
    status: str,
    headers: list[tuple[str, str]],
    payload: bytes,
    environ: Mapping[str, Any],
) -> None:
    """Send what upstream decided.

    Header names are lower case, as ASGI demands and CORS middleware relies on.
    """
    # Values of a request that are echoed, as in CORS, were read as UTF-8.
    raw = [(name.lower().encode("latin-1"), value.encode()) for name, value in headers]
    code = int(status.split(" ", 1)[0])
    scope, send = environ["asgi.scope"], environ["asgi.send"]
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    raw += [(b"content-length", str(len(payload)).encode()), *PRIVATE]
    await send({"type": "http.response.start", "status": code, "headers": raw})
    await send({"type": "http.response.body", "body": payload})
