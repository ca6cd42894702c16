"""Whether requests that we answer get what uvicorn's class would send, found out by driving it with both.

Runs once per process that has our HTTP protocol, on a transport that only records, in a few milliseconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from ..direct import register
from ..environ import encode_head, encode_headers
from .offline import Transport, check, until
from .polling import PollingProtocol

if TYPE_CHECKING:
    from ..environ import Head
    from .request import Request

_GET = b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
_POST = b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
_KIND = (("Content-Type", "text/plain"),)
_HEAD = encode_head("200 OK", _KIND)
_BODY = b"answer"
_HEADERS = [(b"date", b"now"), (b"server", b"uvicorn")]


def run() -> None:
    """Send requests that are answered by both; needs a thread without an event loop.

    Raises:
        MismatchError: The answers differ, or a connection does; nothing of the process was changed.
    """
    asyncio.run(_run())


class _Application:
    """Answers by ASGI as it does at once."""

    def __init__(self) -> None:
        self.called = self.asked = 0
        self.bodies: list[bytes] = []

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        self.called += 1
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event["body"], event["more_body"]
        self.bodies.append(body)
        headers = [*encode_headers(_KIND), (b"content-length", b"%d" % len(_BODY))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _BODY})

    def answer_at_once(self, request: Request, scheme: str) -> tuple[Head, bytes]:
        check(
            that=(request.path, request.query, scheme) == ("/a", b"b", "http"),
            what="a request is another one",
        )
        self.asked += 1
        self.bodies.append(request.body)
        return _HEAD, _BODY


def _find(app: Any, path: str, root: str) -> Any:
    del path, root
    return app


register(_Application.__call__, _find)


async def _run() -> None:
    app = _Application()
    options: dict[str, Any] = {"log_config": None, "lifespan": "off", "ws": "none", "http": "httptools"}
    config = uvicorn.Config(
        app, interface="asgi3", **options
    )  # which turns off logs of the process if told so
    config.load()
    config.loaded_app = ProxyHeadersMiddleware(app, "*")  # at TRACE it would be another one
    state = ServerState()
    state.default_headers = _HEADERS
    protocol: Any = PollingProtocol(config, state, {}, asyncio.get_running_loop())
    # Older ones take nothing more on some connections that stay open, where we would answer.
    check(that=hasattr(protocol.parser, "set_dangerous_leniencies"), what="httptools is older than 0.6.3")
    protocol.access_log = False
    transport = Transport(protocol)
    protocol.connection_made(transport)

    async def answer(*reads: bytes) -> bytes:
        transport.sent = b""
        for data in reads:
            protocol.data_received(data)
        await until(lambda: transport.sent.endswith(_BODY), "a request is not answered")
        await asyncio.sleep(0)
        return transport.sent

    for request in (_GET, _POST):
        theirs = await answer(request[:9], request[9:])
        asked = app.asked
        ours = await answer(request)
        check(that=app.asked == asked + 1, what="a plain request is not known as one")
        check(that=ours == theirs, what=f"uvicorn answers {theirs!r}, not {ours!r}")
    transport.sent = b""
    protocol.data_received(_GET.replace(b"GET", b"HEAD"))
    await until(lambda: protocol.cycle.response_complete, "HEAD is not answered")
    protocol.data_received(_GET)
    answers = transport.sent.partition(b"\r\n\r\n")
    check(that=answers[2] == await answer(_GET), what="an answer overtakes the one to HEAD")
    del app.bodies[4:]
    check(that=app.bodies == [b"", b"", b"body", b"body"], what="a body is lost")
    check(that=(app.called, state.total_requests) == (3, 7), what="requests are counted in another way")
    protocol.timeout_keep_alive_handler()
    check(that=not transport.closed, what="a connection in use is closed")
    protocol.timeout_keep_alive = 0
    protocol.timeout_keep_alive_handler()
    check(that=transport.closed, what="an idle connection stays open")
    protocol.connection_lost(None)
    check(that=not state.connections, what="a connection stays after its end")
