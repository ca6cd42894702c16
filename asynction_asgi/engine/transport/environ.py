"""The environ of a request and its response, as python-engineio has them, from and to ASGI."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence

    Header = tuple[bytes, bytes]
    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

# Answers hold session ids and packets: no cache keeps them, and no page gets one to run as a script or style.
PRIVATE: Sequence[Header] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


# Headers that upstream looks at.
_OFTEN = {
    f"HTTP_{name.upper().replace('-', '_')}": name.encode()
    for name in ("origin", "accept-encoding", "access-control-request-headers")
}


async def translate_request(environ: dict[str, Any]) -> dict[str, Any]:
    """Begin with a request that the guard has admitted."""
    if environ["asgi.scope"]["type"] == "websocket":
        await environ["asgi.receive"]()  # websocket.connect
    return environ


class Environ(dict[str, Any]):
    """The environ of a request, with the keys that upstream's handlers know.

    Unlike upstream's, it has the true address of the client and scheme of the request. Most of it is made when
    something looks at it, which for most connections nothing ever does: upstream looks at a few keys and
    headers alone.
    """

    __slots__ = ("_is_whole",)

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scheme = scope.get("scheme", "http")  # optional in ASGI, and Daphne leaves it out
        super().__init__(
            {
                "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
                "REQUEST_METHOD": scope.get("method", "GET"),
                "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
                "asgi.receive": receive,
                "asgi.send": send,
                "asgi.scope": scope,
            }
        )
        if scope["type"] == "websocket":  # over HTTP/2 there are no such headers, and upstream looks for them
            self["HTTP_CONNECTION"] = "upgrade"
            self["HTTP_UPGRADE"] = "websocket"
        self._is_whole = False

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, and make the others only if it is not one of those that are looked at for any request."""
        if not self._is_whole and not super().__contains__(key):
            name = _OFTEN.get(key)
            if name is not None:
                scope: Scope = super().__getitem__("asgi.scope")
                return _read_headers(scope["headers"], name).get(key, default)
            self._complete()
        return super().get(key, default)

    def __missing__(self, key: str) -> Any:
        value = self.get(key, self)
        if value is self:
            raise KeyError(key)
        return value

    def __contains__(self, key: Any) -> bool:
        return self.get(key, self) is not self

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ({**self},)  # copies are plain

    def _complete(self) -> None:
        """Make what is missing; what was set meanwhile stays. Handlers in two threads may do it at once."""
        if self._is_whole:
            return
        scope: Scope = super().__getitem__("asgi.scope")
        for key, value in _read_scope(scope).items():
            super().setdefault(key, value)
        self._is_whole = True


def _when_whole(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def complete(environ: Environ, *arguments: Any) -> Any:
        environ._complete()  # noqa: SLF001  # this is a method of it
        return method(environ, *arguments)

    return complete


_READING = (
    "__eq__",
    "__iter__",
    "__len__",
    "__ne__",
    "__or__",
    "__repr__",
    "__reversed__",
    "__ror__",
    "copy",
)
_VIEWING = ("items", "keys", "values")
_CHANGING = ("__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault")
for _name in (*_READING, *_VIEWING, *_CHANGING):
    setattr(Environ, _name, _when_whole(getattr(dict, _name)))


def _read_scope(scope: Scope) -> dict[str, Any]:
    client = scope.get("client") or ("", 0)
    server = scope.get("server") or ("", 0)
    query = scope.get("query_string", b"").decode("latin-1")
    return {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.async": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "SERVER_SOFTWARE": "asgi",
        "PATH_INFO": scope["path"],
        "RAW_URI": f"{scope['path']}?{query}" if query else scope["path"],
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/" + scope.get("http_version", "1.1"),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        **_read_headers(scope["headers"]),
    }


def _read_headers(headers: list[tuple[bytes, bytes]], wanted: bytes | None = None) -> dict[str, str]:
    """Return the headers by WSGI's keys; only those of a name, if one is given.

    A name with an underscore would share the key of the name with a hyphen: a client could so set a
    header that the proxy in front takes from everybody, such as X-Forwarded-Host. It is left out, as by
    other servers.
    """
    read: dict[str, str] = {}
    if wanted is not None:
        headers = [header for header in headers if header[0].lower() == wanted]
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
        read[key] = f"{read[key]}{between}{value}" if key in read else value
    return read


class Head(NamedTuple):
    """What a response has on the wire before its body, without its length and what the server adds.

    Attributes:
        status: The code.
        lines: The headers.
    """

    status: int
    lines: bytes


@functools.lru_cache(64)
def encode_head(status: str, headers: tuple[tuple[str, str], ...]) -> Head:
    """Return upstream's status and headers as bytes; they are kept, so none may be large, or of one client only."""
    raw = encode_headers(headers)
    return Head(int(status.split(" ", 1)[0]), b"".join(b"%b: %b\r\n" % header for header in raw))


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[Header]:
    """Return upstream's headers as ASGI has them, with those of every answer.

    Header names are lower case, as ASGI demands and CORS middleware relies on.
    """
    # Values of a request that are echoed, as in CORS, were read as UTF-8.
    return [*((name.lower().encode("latin-1"), value.encode()) for name, value in headers), *PRIVATE]


async def send_response(
    status: str, headers: Iterable[tuple[str, str]], body: bytes, environ: Mapping[str, Any]
) -> None:
    """Answer the request of an environ as upstream decided; a WebSocket is only closed."""
    send = environ["asgi.send"]
    if environ["asgi.scope"]["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    raw = [*encode_headers(headers), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": int(status.split(" ", 1)[0]), "headers": raw})
    await send({"type": "http.response.body", "body": body})
