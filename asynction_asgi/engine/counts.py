"""What only the engine sees of its connections, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Counts since the server was made. Bytes are counted after `Server.count_traffic` only.

    Attributes:
        pauses: How often a client's input was paused because its events wait.
        paused_seconds: For how long, over all clients.
        received_by_websocket: Bytes of messages from clients.
        received_by_polling: Likewise.
        sent_by_websocket: Bytes of messages for clients.
        sent_by_polling: Likewise.
    """

    pauses: int = 0
    paused_seconds: float = 0.0
    received_by_websocket: int = 0
    received_by_polling: int = 0
    sent_by_websocket: int = 0
    sent_by_polling: int = 0
