"""Requests of long-polling that the engine answers at once, without uvicorn's cycle and ASGI.

That cycle costs more than all else of an event. Whatever is unusual, or has to wait, is left to it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from ..direct import find_engine
from .heads import BoundedProtocol
from .request import parse_request

if TYPE_CHECKING:
    from ..direct import Engine
    from ..environ import Head, Header
    from .request import Request

_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 400: b"HTTP/1.1 400 Bad Request\r\n"}


class PollingProtocol(BoundedProtocol):
    """Asks the engine for the answer to each plain request after the first one of a connection."""

    _is_between = False  # whether what comes next begins a request
    _answered = 0.0  # when this was done last, in the event loop's seconds
    _path = ""
    _engine: Engine | None = None  # what answers there
    _added: list[Header] | None = None  # by the server to each response
    _lines = b""  # the same as they are on the wire

    def data_received(self, data: bytes) -> None:
        """Answer, or leave the data to uvicorn's class."""
        if not (self._is_between and self._answer(data)):
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_between = True
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing comes; a timer for each answer would cost more than the answer's bytes."""
        left = self._answered + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _answer(self, data: bytes) -> bool:
        # Nothing else is under way, and nothing has come that leads to no request yet.
        if not self.cycle.response_complete or self._unread or self._timer is not None:
            return False
        # What is answered here does not arm the timer.
        if self.timeout_keep_alive_task is None or self.flow.write_paused or self.transport.is_closing():
            return False
        request = parse_request(data)
        if request is None:
            return False
        is_logged = self.access_log and self.access_logger.isEnabledFor(logging.INFO)
        if is_logged and request.is_forwarded:
            return False  # the line is to name the client for whom a proxy speaks
        if request.path != self._path:
            self._path, self._engine = request.path, self._find(request.path)
        answer = None if self._engine is None else self._engine.answer_at_once(request, self.scheme)
        if answer is None:
            return False
        head, body = answer
        if is_logged:
            self._log(request, head.status)
        self._write(head, body)
        self.server_state.total_requests += 1
        self._answered = self.loop.time()
        return True

    def _find(self, path: str) -> Engine | None:
        if self.limit_concurrency is not None or getattr(self.config, "reset_contextvars", False):
            return None
        app = self.config.loaded_app
        if type(app) is ProxyHeadersMiddleware:
            app = app.app  # what it changes is not asked for
        return find_engine(app, path, self.root_path)

    def _log(self, request: Request, status: int) -> None:
        scope: Any = {
            "client": self.client,
            "path": self.root_path + request.path,
            "query_string": request.query,
        }
        self.access_logger.info(
            '%s - "%s %s HTTP/%s" %d',
            get_client_addr(scope),
            request.method,
            get_path_with_query_string(scope),
            "1.1",
            status,
        )

    def _write(self, head: Head, body: bytes) -> None:
        added = self.server_state.default_headers
        if added is not self._added:  # uvicorn makes them anew in each second
            self._added, self._lines = added, b"".join(b"%b: %b\r\n" % header for header in added)
        length = b"content-length: %d\r\n\r\n" % len(body)
        self.transport.write_whole(b"".join((_STATUS[head.status], self._lines, head.lines, length, body)))
