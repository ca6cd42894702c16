"""python-engineio's server with our sockets, our view of ASGI and plain CORS."""

from __future__ import annotations

import asyncio
import json
import re
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, NoReturn

import engineio
from engineio.exceptions import EngineIOError

from ...reasons import Rejection
from ..counts import Counts
from ..crashes import must_pass
from ..ids import new_id
from ..logs import logger
from ..wire.frames import Frame
from ..wire.payload import join_payload
from .counted import CountedSocket, CountedWebSocket
from .environ import encode_head, send_response, translate_request
from .origins import Origins
from .refused import FAULTS, UNSUPPORTED_VERSION, advise_transport, refuse_transport
from .session import EngineSocket
from .uvicorn.compat import find_limit, is_exiting
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..limits import Limits
    from ..ports import Uplink
    from ..reports import Reports
    from .environ import Head
    from .uvicorn.request import Request

_TEXT, _PACKETS = ("Content-Type", "text/plain"), ("Content-Type", "text/plain; charset=UTF-8")
_TAKEN = b"ok"  # Engine.IO protocol 4, "HTTP long-polling"
_EXIT_CHECK_SECONDS = 0.5
_ROUTE = re.compile(r"[A-Za-z0-9_-]{1,32}")
# The default of uvicorn, and of Hypercorn, for one WebSocket message.
_USUAL_LIMIT = 16 * 1024 * 1024


def check_route(name: str) -> str:
    """Return a name for `EngineServer.route`.

    Raises:
        ValueError: It would need quotes in a URL or in the configuration of a load balancer.
    """
    if not _ROUTE.fullmatch(name):
        raise ValueError(f"route takes up to 32 letters, digits, '-' and '_', not {name!r}")
    return name


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # python-engineio is untyped
    """The Engine.IO half of `Server`.

    Attributes:
        owner: The Socket.IO half, which takes messages without upstream's detour; None when
            another handler is registered for ``message``.
        socket_class: Of new connections.
        own_handlers: Coroutine functions by event; they are called without upstream's wrappers, as long as
            no other handler replaces them.
        counts: What they count.
    """

    owner: Uplink | None = None
    socket_class: type[EngineSocket] = EngineSocket
    _async: dict[str, Any]

    def __init__(
        self,
        *,
        limits: Limits,
        reports: Reports,
        counts: Counts | None = None,
        route: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(async_mode="asgi", monitor_clients=False, **options)
        self.limits = limits
        self.counts = counts or Counts()
        self.own_handlers: dict[str, Callable[..., Awaitable[Any]]] = {}
        self.reports = reports
        self._async = {
            **self._async,
            "translate_request": translate_request,
            "websocket": WebSocket,
        }
        self._exit_check: asyncio.TimerHandle | None = None
        self._told_of_limit = False
        self.origins = Origins(self.cors_allowed_origins, credentials=self.cors_credentials)
        self.route = route

    @property
    def route(self) -> str | None:
        """The name that the ids of connections begin with, so that a load balancer knows their process."""
        return self._route

    @route.setter
    def route(self, name: str | None) -> None:
        self._route = None if name is None else check_route(name)
        self._id_prefix = "" if name is None else f"{name}."

    def count_bytes(self) -> None:
        """Count what new connections receive and send from now on, in `counts`."""
        self.socket_class = CountedSocket
        self._async = {**self._async, "websocket": CountedWebSocket}

    def on(self, event: str, handler: Any = None) -> Any:
        """Register a handler; another one for ``message`` takes the messages from Socket.IO."""
        if event == "message" and handler is not None:
            self.owner = None
        return super().on(event, handler)

    async def _trigger_event(self, event: str, *arguments: Any, run_async: bool = False) -> Any:
        """Call a handler; an error is logged, and refuses a client if it was to be connected."""
        handler = self.own_handlers.get(event)
        if run_async or handler is None or self.handlers.get(event) is not handler:
            return await super()._trigger_event(event, *arguments, run_async=run_async)
        task = asyncio.current_task()
        try:
            return await handler(*arguments)
        except BaseException as error:
            if must_pass(error, task):
                raise
            self.logger.exception("%s handler error", event)
            return False if event == "connect" else None

    def trigger_message(self, socket: EngineSocket, data: str | bytes) -> Awaitable[None]:
        """Hand a message to the handler that is registered in place of the Socket.IO half."""
        message = data[1:] if isinstance(data, str) else data
        pending: Awaitable[None] = self._trigger_event("message", socket.sid, message)
        return pending

    def name_limit(self, server_limit: int | None = None) -> str:
        """Return the name and value of the limit on the size of one message, for the log.

        Args:
            server_limit: The largest that the ASGI server takes, where that is known.
        """
        if server_limit is not None and server_limit < self.max_http_buffer_size:
            return f"uvicorn's --ws-max-size, {server_limit} bytes"
        ours = self.max_http_buffer_size == self.limits.packet_bytes
        return (
            f"{'Limits.packet_bytes' if ours else 'max_http_buffer_size'}, {self.max_http_buffer_size} bytes"
        )

    def _largest_payload(self, environ: Mapping[str, Any]) -> int:
        """Return what to announce: the ASGI server may take less over WebSocket than the limit says."""
        server_limit = find_limit(environ["asgi.receive"])
        largest: int = min(self.max_http_buffer_size, _USUAL_LIMIT if server_limit is None else server_limit)
        if largest < self.max_http_buffer_size and not self._told_of_limit:
            self._told_of_limit = True
            who = "the ASGI server may take" if server_limit is None else "uvicorn takes"
            logger.warning(
                "%s WebSocket messages of %d bytes at most, less than %s: the smaller limit is announced to clients."
                " Raise the server's limit (uvicorn: --ws-max-size; `asynction-asgi run` does it by itself),"
                " or lower this one",
                *(who, largest, self.name_limit()),
            )
        return largest

    async def refuse_transport(self, environ: dict[str, Any], transport: str) -> None:
        """Answer and report a request for a transport that is not served."""
        advice = advise_transport(transport, self.transports)
        if advice is None:
            self.reports.rejected(Rejection.MALFORMED, environ["asgi.scope"], "unknown transport")
        else:
            self.reports.rejected(Rejection.TRANSPORT, environ["asgi.scope"], advice)
        await self._make_response(refuse_transport(self.transports), environ)

    async def refuse_plain(self, environ: dict[str, Any]) -> None:
        """Refuse a request for a WebSocket that is no handshake, whatever its headers say."""
        await self._make_response(self._bad_request("Invalid websocket upgrade"), environ)

    def generate_id(self) -> str:
        """Return a new id."""
        return new_id()

    def create_queue(self, *args: Any, **kwargs: Any) -> None:
        """Return None: upstream's socket would have a queue of 2 KB, in whose place ours has an outbox."""

    def create_websocket(self, handler: Callable[[Any], Awaitable[None]]) -> WebSocket:
        """Return a WebSocket that is not accepted yet, which calls `handler` with itself once it is."""
        websocket: WebSocket = self._async["websocket"](handler, self)
        return websocket

    async def open_websocket(self, environ: dict[str, Any]) -> None:
        """Serve a WebSocket that begins a connection, from its acceptance to its end.

        It does what `handle_request` does for it, whose checks the guard has made.
        """
        await environ["asgi.receive"]()  # websocket.connect
        answer = await self._handle_connect(environ, "websocket")
        if isinstance(answer, dict):  # it was not accepted
            await self._make_response(answer, environ)

    async def serve_polling(
        self, socket: EngineSocket, environ: dict[str, Any], body: bytes | None = None
    ) -> None:
        """Answer a poll of a client that has a session, or take the body of its POST.

        It does what `handle_request` does for them, whose checks the guard has made.
        """
        response = await self._answer_polling(socket, environ["asgi.receive"], body)
        if self._is_long(response["response"]):
            short, encoding = self._compress(response["response"], environ.get("HTTP_ACCEPT_ENCODING", ""))
            response = {**response, "headers": [*response["headers"], *encoding], "response": short}
        await self._make_response(response, environ)

    async def _answer_polling(self, socket: EngineSocket, receive: Any, body: bytes | None) -> dict[str, Any]:
        if not socket.connected:
            return self._bad_request("Not connected")
        if socket.upgraded:
            return self._bad_request("Unexpected HTTP request")
        try:
            if body is not None:
                await socket.take_payload(body)
                return self._ok()
            frames = await socket.fetch(receive)
            if frames is None:  # no fault of the client's
                refusal: dict[str, Any] = super()._bad_request("Unexpected HTTP request")
                return refusal
            return self._ok(frames)
        except EngineIOError:
            await self.disconnect(socket.sid)
            return self._bad_request()

    def answer_at_once(self, socket: EngineSocket, request: Request) -> tuple[Head, bytes] | None:
        """Return what `serve_polling` would answer; None, with nothing done, if that may have to wait.

        Args:
            socket: Of the session.
            request: Its origin is admitted.
        """
        if socket.upgraded or "_ok" in vars(
            self
        ):  # replaced, as upstream's `instrument` does to count answers
            return None
        status, kind, body = "200 OK", _TEXT, _TAKEN
        if request.method == "GET":
            frames = socket.fetch_at_once()
            if not frames:
                return None
            kind, body = _PACKETS, join_payload(frames)
        else:
            taken = socket.take_at_once(request.body)
            if taken is None:
                return None
            if not taken:
                refusal = self._bad_request()
                status, body = refusal["status"], refusal["response"]
        headers, environ = [kind], {"REQUEST_METHOD": request.method}
        if b"origin" in request.fields:
            environ["HTTP_ORIGIN"] = request.fields[b"origin"].decode()
        if self._is_long(body):
            body, encoding = self._compress(body, request.fields.get(b"accept-encoding", b"").decode())
            headers += encoding
        return encode_head(status, (*headers, *self._cors_headers(environ))), body

    def _is_long(self, body: bytes) -> bool:
        """Return whether a body is to be compressed if the client can read that."""
        return bool(self.http_compression) and len(body) >= self.compression_threshold

    def _compress(self, body: bytes, accepted: str) -> tuple[bytes, list[tuple[str, str]]]:
        """Return a body as short as a client can read it, and the headers that say so."""
        words = [word.split(";")[0].strip() for word in accepted.split(",")]
        method = next((word for word in words if word in self.compression_methods), None)
        if method is None:
            return body, []
        return getattr(self, f"_{method}")(body), [("Content-Encoding", method)]

    async def transport_closed(self, socket: EngineSocket, reason: str) -> None:
        """Call the disconnect handler that upstream would call."""
        await self._trigger_event("disconnect", socket.sid, reason, run_async=False)

    async def disconnect(self, sid: str | None = None) -> None:
        """Close one connection or all."""
        sockets = list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]
        await asyncio.gather(*(socket.close(wait=False) for socket in sockets if socket is not None))

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> Any:
        sid = self._id_prefix + self.generate_id()
        socket = self.socket_class(self, sid, environ["asgi.scope"])
        self.sockets[sid] = socket
        terms = _lay_out_terms(
            upgrades=tuple(self._upgrades(sid, transport)),
            pingTimeout=int(self.ping_timeout * 1000),
            pingInterval=int((self.ping_interval + self.ping_interval_grace_period) * 1000),
            maxPayload=self._largest_payload(environ),
        )
        socket.outbox.deliver([Frame(b'0{"sid":' + encode_basestring_ascii(sid).encode() + terms)])
        kept = self.origins.without_ambient_credentials(environ)
        try:
            answer = await self._trigger_event("connect", sid, kept, run_async=False)
        except BaseException:
            self._forget(socket)
            raise
        if answer is not None and answer is not True:
            self._forget(socket)
            return self._unauthorized(answer or None)
        socket.schedule_ping()
        if transport == "websocket":
            try:
                return await socket.handle_get_request(environ)
            finally:
                socket.drop(self.reason.TRANSPORT_CLOSE)  # the client may have gone before it was accepted
        socket.connected = True
        return self._ok(socket.poll(), headers=self._cookie_headers(sid), jsonp_index=jsonp_index)

    def _forget(self, socket: EngineSocket) -> None:
        """Forget a connection that has not begun."""
        del self.sockets[socket.sid]
        socket.let_go()

    def _cookie_headers(self, sid: str) -> list[tuple[str, str]]:
        if not self.cookie:
            return []
        attributes = self.cookie
        if not isinstance(attributes, dict):
            attributes = {"name": attributes, "path": "/", "SameSite": "Lax"}
        return [("Set-Cookie", self._generate_sid_cookie(sid, attributes))]

    def _ok(self, packets: Any = None, headers: Any = None, jsonp_index: int | None = None) -> dict[str, Any]:
        """Return the response to a poll, with its frames, or to any other request."""
        del jsonp_index  # the guard refuses such requests
        kind, body = _TEXT, _TAKEN
        if packets is not None:
            kind, body = _PACKETS, join_payload(packets)
        return {"status": "200 OK", "headers": [kind, *(headers or ())], "response": body}

    def _bad_request(self, message: str | None = None) -> dict[str, Any]:
        """Return a refusal that, unlike upstream's, does not repeat the peer's values.

        `_make_response` reports its ``fault``, unless `EngineApp` has reported the request.
        """
        if message is not None and message.startswith("Invalid session"):
            message = "Invalid session"
        elif message is not None and message.startswith("The client is using an unsupported version"):
            return dict(UNSUPPORTED_VERSION)
        return {**super()._bad_request(message), "fault": FAULTS.get(message or "")}

    def _log_error_once(self, message: str, message_key: str) -> None:
        """Log nothing: what a client did wrong is not an error of the server, and is reported with its address."""

    async def _make_response(self, response: Mapping[str, Any], environ: Mapping[str, Any]) -> None:
        fault = response.get("fault")
        if fault is not None:
            self.reports.rejected(Rejection.MALFORMED, environ["asgi.scope"], fault)
        headers = (*response["headers"], *self._cors_headers(environ))
        await send_response(response["status"], headers, response["response"], environ)

    def _cors_allowed_origins(self, environ: Mapping[str, Any]) -> list[str]:
        """Return the origin of the request: the guard admitted it, or upstream would not have got it."""
        return [environ.get("HTTP_ORIGIN", "")]

    def _cors_headers(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        """CORS without surprises: ``*`` is a plain ``*``, credentials only where asked for."""
        if self.origins.unchecked:
            return []
        headers = []
        if self.origins.any:
            headers.append(("Access-Control-Allow-Origin", "*"))
        else:
            headers.append(("Vary", "Origin"))
            origin = environ.get("HTTP_ORIGIN")
            if origin is None:
                return headers
            headers.append(("Access-Control-Allow-Origin", origin))
            if self.cors_credentials:
                headers.append(("Access-Control-Allow-Credentials", "true"))
        if environ["REQUEST_METHOD"] == "OPTIONS":
            headers.append(("Access-Control-Allow-Methods", "OPTIONS, GET, POST"))
            if "HTTP_ACCESS_CONTROL_REQUEST_HEADERS" in environ:
                wanted = environ["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"]
                headers.append(("Access-Control-Allow-Headers", wanted))
        return headers

    # -- the end ---------------------------------------------------------------------------

    def watch_for_exit(self) -> None:
        """While a poll is held, look whether the server is about to exit.

        uvicorn waits for every request to end before it announces its stop; with other servers a poll
        lasts until it is cancelled.
        """
        if self._exit_check is None:
            loop = asyncio.get_running_loop()
            self._exit_check = loop.call_later(_EXIT_CHECK_SECONDS, self._check_exit)

    def _check_exit(self) -> None:
        self._exit_check = None
        polling = [socket for socket in self.sockets.values() if socket.outbox.poller is not None]
        if not polling:
            return
        if is_exiting():
            if self.owner is not None:
                self.owner.begin_stop()
                return
            for socket in polling:
                socket.drop(self.reason.SERVER_DISCONNECT)
        else:
            self.watch_for_exit()

    async def _service_task(self) -> NoReturn:
        """Stand for upstream's watch over all connections: each watches over itself."""
        raise NotImplementedError("every connection has a heartbeat of its own")


@lru_cache(maxsize=16)
def _lay_out_terms(**terms: Any) -> bytes:
    """Return what follows the sid in an OPEN packet, which is the same for nearly all connections."""
    return b"," + json.dumps(terms, separators=(",", ":"))[1:].encode()
