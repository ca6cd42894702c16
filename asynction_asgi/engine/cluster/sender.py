"""Emits and room changes of a process without a server, from any thread or event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..carrier import carried
from .courier import Courier

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..carrier import Carrier
    from .settings import QueueSettings


class QueueSender:
    """Puts messages on a queue; each method encodes its message at once, and returns a future.

    The futures resolve once the broker has confirmed the message, or raise `QueueError`.

    Args:
        settings: The queue, and how to use it.
        timeout: Seconds that the broker may take to confirm one message.
        carrier: Takes traces along with messages, or None.
    """

    def __init__(self, settings: QueueSettings, *, timeout: float, carrier: Carrier | None = None) -> None:
        self._carrier = carrier
        self._codec = settings.codec
        self._courier = Courier(settings, timeout=timeout)

    def emit(self, event: str, data: Any, *, namespace: str, room: Any, skip_sid: Any) -> Future[None]:
        """Emit to the clients of every server.

        Raises:
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        text = self._codec.emit(
            data,
            host_id=self._courier.name,
            event=event,
            namespace=namespace,
            room=room,
            skip_sid=skip_sid,
            callback=None,
            **carried(self._carrier),
        )
        return self._courier.send(text)

    def enter_room(self, sid: str, namespace: str, room: Any) -> Future[None]:
        """Put a client into a room."""
        return self._ask("enter_room", sid=sid, namespace=namespace, room=room)

    def leave_room(self, sid: str, namespace: str, room: Any) -> Future[None]:
        """Take a client out of a room."""
        return self._ask("leave_room", sid=sid, namespace=namespace, room=room)

    def close_room(self, namespace: str, room: Any) -> Future[None]:
        """Take every client out of a room."""
        return self._ask("close_room", namespace=namespace, room=room)

    def disconnect(self, sid: str, namespace: str) -> Future[None]:
        """End a client's connection to a namespace."""
        return self._ask("disconnect", sid=sid, namespace=namespace)

    def close(self) -> Future[None]:
        """Close the connection; a later message opens one again."""
        return self._courier.close()

    def _ask(self, method: str, **members: Any) -> Future[None]:
        members |= carried(self._carrier)
        return self._courier.send(
            self._codec.check({"host_id": self._courier.name, "method": method, **members})
        )
