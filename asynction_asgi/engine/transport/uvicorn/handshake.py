"""What an application answers to a WebSocket handshake, from its ASGI events to bytes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from ....logs import uvicorns_logger
from . import answers

if TYPE_CHECKING:
    from ..environ import Header

_logger = uvicorns_logger()


class Handshake:
    """A handshake that is not answered yet.

    Args:
        scope: Of the WebSocket.
        proof: The value of ``Sec-WebSocket-Accept``.
        headers: That the server adds.
    """

    __slots__ = ("_headers", "_proof", "_refusal", "_scope")

    def __init__(self, scope: dict[str, Any], proof: bytes, headers: list[Header]) -> None:
        self._scope: Any = scope
        self._proof = proof
        self._headers = headers
        self._refusal: tuple[int, list[tuple[str, str]], bytes] | None = None

    def take(self, message: Any) -> tuple[bytes, int | None] | None:
        """Return the answer's bytes, with its status if it is a refusal, or None if it is not complete yet.

        Raises:
            RuntimeError: The event can't come here; nothing is to be sent.
            InvalidHeaderValue: A header's value could end its line.
        """
        kind = message["type"]
        if self._refusal is not None:
            return self._extend(message)
        if kind == "websocket.accept":
            self._log("[accepted]")
            headers, subprotocol = message.get("headers", ()), message.get("subprotocol")
            return answers.accept(self._proof, self._headers, headers, subprotocol), None
        if kind == "websocket.close":
            self._log("403")
            return answers.refuse(403, (), b""), 403
        if kind != "websocket.http.response.start":
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' or"
                f" 'websocket.http.response.start' but got '{kind}'."
            )
        status = message["status"]
        if not 100 <= status < 600:
            raise RuntimeError(f"Invalid HTTP status code '{status}' in response.")
        self._log(str(status))
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
        ]
        self._refusal = (status, headers, b"")
        return None

    def _extend(self, message: Any) -> tuple[bytes, int | None] | None:
        """Add to the body of a refusal."""
        if message["type"] != "websocket.http.response.body" or self._refusal is None:
            raise RuntimeError(
                f"Expected ASGI message 'websocket.http.response.body' but got '{message['type']}'."
            )
        status, headers, body = self._refusal
        body += message["body"]
        self._refusal = (status, headers, body)
        return None if message.get("more_body", False) else (answers.refuse(status, headers, body), status)

    def fail(self) -> bytes | None:
        """Return the answer for a client whose application has none, or None if it has begun one."""
        return None if self._refusal is not None else answers.refuse(500, (), b"Internal Server Error")

    def _log(self, answer: str) -> None:
        if _logger.isEnabledFor(logging.INFO):
            client, path = get_client_addr(self._scope), get_path_with_query_string(self._scope)
            _logger.info('%s - "WebSocket %s" %s', client, path, answer)
