"""uvicorn's WebSocket class, which also answers clients that uvicorn would leave waiting or fail on."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .answers import UNREADABLE


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which also answers handshakes that it cannot read.

    Optional: ``uvicorn --ws asynction_asgi.engine.transport.uvicorn.protocol:WebSocketProtocol``;
    `asynction-asgi run` has it. The parser of websockets takes smaller heads than that of HTTP, and
    uvicorn would wait for a request that can't come any more.
    """

    def data_received(self, data: bytes) -> None:
        """Hand on the data, then close the connection if the handshake can no longer succeed."""
        super().data_received(data)
        unanswered = self.conn.handshake_exc is not None and self.conn.eof_sent
        if unanswered and not self.transport.is_closing():
            self.transport.write(UNREADABLE)
            self.transport.close()

    def handle_parser_exception(self) -> None:
        """Close on malformed frames that arrive before the handshake completes.

        uvicorn would fail an assertion.
        """
        if self.conn.close_sent is None:
            self.transport.write(UNREADABLE)
            self.transport.close()
        else:
            super().handle_parser_exception()
