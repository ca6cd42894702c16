"""Values that providers ask for by name: those of a connection, and of one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..injected import OF_SOCKET

if TYPE_CHECKING:
    from ..calls import Call
    from ..socket import Socket


class CallValues:
    """The values of one call by name."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self, name: str) -> Any:
        """Return the value of a name."""
        read = OF_SOCKET.get(name)
        return getattr(self._call, name) if read is None else read(self._call.socket)


class SocketValues:
    """The values of a connection by name."""

    __slots__ = ("_socket",)

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def __call__(self, name: str) -> Any:
        """Return the value of a name."""
        return OF_SOCKET[name](self._socket)
