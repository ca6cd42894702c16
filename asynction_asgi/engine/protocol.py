"""The former place of `WebSocketProtocol`, for ``uvicorn --ws``; kept until 0.3."""

from .transport.uvicorn.protocol import WebSocketProtocol as WebSocketProtocol  # noqa: PLC0414  # exported
