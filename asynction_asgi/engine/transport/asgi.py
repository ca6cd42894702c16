"""The ASGI application of the engine: the guard before python-engineio."""

from __future__ import annotations

import asyncio
import re
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from ...reasons import Close, Rejection
from .direct import register
from .environ import PRIVATE, Environ
from .origins import describe
from .stepping import Rest
from .uvicorn.compat import complete_handshake, limit_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..ports import Application
    from .engineio_server import EngineServer
    from .environ import Head, Header, Receive, Scope, Send
    from .session import EngineSocket
    from .uvicorn.request import Request

_VARY: Header = (b"vary", b"Origin")
# In seconds; another process may take the client at once.
_RETRY_AFTER: Header = (b"retry-after", b"1")
# Of a client that begins over WebSocket, and asks for nothing else.
_USUAL_QUERY = b"EIO=4&transport=websocket"
_USUAL_VALUES: Mapping[str, list[str]] = MappingProxyType({"EIO": ["4"], "transport": ["websocket"]})
# Of one that polls, in JavaScript and in Python; the value of `t` keeps caches from answering.
_POLL = re.compile(
    rb"(?:EIO=4&transport=polling|transport=polling&EIO=4)(?:&t=[\w.\-]*)?&sid=([\w.\-]+)(?:&t=[\w.\-]*)?"
)
# In bytes, of origins that are answered at once, since what they are answered is kept.
_LONGEST_ORIGIN = 200
# The head of its first request is kept as long as a connection; not all HTTP parsers bound it.
_MOST_HEAD = 64 * 1024
_OLD_CLIENTS = (
    "clients of Socket.IO 1 and 2 speak Engine.IO 3; use those of Socket.IO 3 or 4 (in JavaScript,"
    " socket.io-client 3 or 4)"
)


class EngineApp:
    """The ASGI application of the Engine.IO path, whatever that path is.

    It takes ``http`` and ``websocket`` scopes; the caller has chosen them by path.
    """

    def __init__(self, server: Application) -> None:
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        engine: EngineServer = self.server.eio
        query = parse_query(scope.get("query_string", b""))
        socket = engine.sockets.get(query.get("sid", [""])[0])
        rejection = self._rejection(scope, query, known=socket is not None)
        if rejection is not None:
            reason, status, text, headers = rejection
            engine.reports.rejected(reason, scope, text)
            await respond(scope, receive, send, status, text.encode(), headers)
            return
        if scope["type"] == "websocket":
            limit_messages(receive, engine.max_http_buffer_size)
        environ = Environ(scope, receive, send)
        if not await engine.origins.admit(environ):
            engine.reports.rejected(Rejection.ORIGIN, scope, describe(environ))
            await respond(scope, receive, send, 400, b"Not an accepted origin", (_VARY,))
            return
        transport = query.get("transport", [""])[0] or "polling"
        if transport not in engine.transports:
            await engine.refuse_transport(environ, transport)
            return
        if "sid" in query:
            if socket is None and scope.get("method") != "OPTIONS":  # which is answered for any
                engine.reports.rejected(Rejection.UNKNOWN_SESSION, scope)
        elif query["EIO"] != ["4"]:
            engine.reports.rejected(Rejection.VERSION, scope, _OLD_CLIENTS)
        elif scope["type"] == transport == "websocket":
            await engine.open_websocket(environ)
            return
        if scope["type"] == "websocket":
            if socket is None or not (socket.upgraded or socket.upgrading):
                await engine.handle_request(environ)
                return
            # The first one goes on. Clients take a refusal of the handshake for a failure of it.
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
            return
        is_preflight = scope["method"] == "OPTIONS"
        if transport == "websocket" and not is_preflight and (socket is not None or "sid" not in query):
            await engine.refuse_plain(environ)
            return
        body: bytes | None = None
        if scope["method"] == "POST":
            body = await self._read(scope, receive, send, socket)
            if body is None:
                return
        if socket is None or is_preflight:
            await engine.handle_request(environ)
        else:
            await engine.serve_polling(socket, environ, body)

    def answer_at_once(self, request: Request, scheme: str) -> tuple[Head, bytes] | None:
        """Answer a poll or an event of a session that polls; return None, with nothing done, in any other case.

        Args:
            request: One that was not passed to uvicorn or to the application yet.
            scheme: Of the connection.
        """
        engine: EngineServer = self.server.eio
        query = _POLL.fullmatch(request.query)
        socket = None if query is None else engine.sockets.get(query[1].decode())
        if socket is None:
            return None
        origin = request.fields.get(b"origin")
        if origin is not None and (request.is_forwarded or len(origin) > _LONGEST_ORIGIN):
            return None  # whose scheme is asked for depends on whether the proxy is trusted
        if not engine.origins.admits(scheme, request.fields):
            return None
        return engine.answer_at_once(socket, request)

    def _rejection(
        self, scope: Scope, query: Mapping[str, list[str]], *, known: bool
    ) -> tuple[Rejection, int, str, Sequence[Header]] | None:
        """Return reason, status, text and headers to reject a request with by its head alone, or None."""
        if _head_bytes(scope) > _MOST_HEAD:
            return Rejection.TOO_LARGE, 431, "the headers are too large", ()
        if not self.server.admitting and not known:  # others fetch their last answers
            return Rejection.DRAINING, 503, "the server is stopping", (_RETRY_AFTER,)
        if scope.get("method", "GET") not in ("GET", "POST", "OPTIONS"):
            return Rejection.MALFORMED, 400, "no method of the protocol", ()
        if not query.get("transport", [""])[0] and scope.get("method") != "OPTIONS":
            return Rejection.MALFORMED, 400, "no transport", ()
        if "EIO" not in query and "sid" not in query:
            return Rejection.MALFORMED, 400, "no EIO", ()
        if "j" in query:  # a <script> of any page could read the answer; it comes with cookies and no Origin
            return Rejection.MALFORMED, 400, "Engine.IO 4 has no JSONP", ()
        return None

    async def _read(
        self, scope: Scope, receive: Receive, send: Send, socket: EngineSocket | None
    ) -> bytes | None:
        """Return the body of a request, or None if it was refused and its session, if there is one, closed."""
        body: bytes | int | None
        reading = _body(scope, receive, self.server.eio.max_http_buffer_size)
        try:
            pending = reading.send(None)
        except StopIteration as ended:  # as most bodies come with their head
            body = ended.value
        else:
            try:
                async with asyncio.timeout(self.server.limits.body_seconds):
                    body = await Rest(reading, pending)
            except TimeoutError:
                body = 408
        if not isinstance(body, int):
            return body
        reports = self.server.eio.reports
        large = body == 413
        limits = self.server.limits
        detail = f"larger than {self.server.eio.name_limit()}" if large else limits.name("body_seconds")
        if socket is None or socket.closing:  # which may have ended while this was read
            reports.rejected(Rejection.TOO_LARGE if large else Rejection.SLOW_BODY, scope, detail)
        else:
            reason = Close.TOO_LARGE if large else Close.SLOW_BODY
            reports.closing(reason, socket.sid, socket.scope, detail)
            socket.drop(self.server.reason.TRANSPORT_ERROR)
        text = b"the body is too large" if large else b"the body did not arrive in time"
        await respond(scope, receive, send, body, text)
        return None


def _whole(app: EngineApp, path: str, root: str) -> EngineApp:
    """Return what answers at any path of an application that is the engine itself."""
    del path, root
    return app


register(EngineApp.__call__, _whole)


def parse_query(query: bytes) -> Mapping[str, list[str]]:
    """Return the values of a query string by name, as `urllib.parse.parse_qs` does with blank values."""
    if query == _USUAL_QUERY:
        return _USUAL_VALUES
    text = query.decode("latin-1")
    if "%" in text or "+" in text:
        return parse_qs(text, keep_blank_values=True)
    values: dict[str, list[str]] = {}
    for pair in text.split("&"):  # most queries need nothing but this, in an eighth of the time
        if pair:
            name, _, value = pair.partition("=")
            values.setdefault(name, []).append(value)
    return values


def _head_bytes(scope: Scope) -> int:
    return len(scope.get("query_string", b"")) + sum(map(len, chain.from_iterable(scope["headers"])))


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes | int | None:
    """Return the request's body, the status of its refusal, or None if the client is gone."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit:
            return 413
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        part = event.get("body", b"")
        size += len(part)
        if size > limit:
            return 413
        parts.append(part)
        if not event.get("more_body", False):
            return b"".join(parts)


async def respond(
    scope: Scope, receive: Receive, send: Send, status: int, text: bytes, headers: Sequence[Header] = ()
) -> None:
    """Refuse a request or a WebSocket with a status and a sentence."""
    prefix = ""
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if status != 503 or "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})  # the ASGI server answers 403
            return
        prefix = "websocket."  # proxies look for another process
    kind = (b"content-type", b"text/plain")
    length = (b"content-length", str(len(text)).encode())
    every = [kind, length, *PRIVATE, *headers]
    await send({"type": f"{prefix}http.response.start", "status": status, "headers": every})
    await send({"type": f"{prefix}http.response.body", "body": text})
    if prefix:
        complete_handshake(receive)
