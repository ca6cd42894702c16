"""A transport on which the head of a response waits for its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_HEAD = b"HTTP/1.1 "
_MOST_BYTES = 64 * 1024  # of what is copied to be joined


class JoiningTransport:
    """Writes head and body of a response in one piece, where uvicorn hands them over in two.

    Writing them separately would cost a system call on each side. A head whose body has not come by the next turn
    of the event loop is written alone.

    Args:
        transport: Of the connection.
        loop: Its event loop.

    Attributes:
        plain: The transport itself.
    """

    __slots__ = ("_head", "_loop", "_write", "is_closing", "plain")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.plain = transport
        self._loop = loop
        self._head = b""
        self._write = transport.write
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep a head, and write all else behind what was kept."""
        if not self._head:
            if type(data) is bytes and data.startswith(_HEAD):  # bodies may be other buffers
                self._head = data
                self._loop.call_soon(self.flush)
            else:
                self._write(data)
        elif len(data) > _MOST_BYTES:
            self.flush()
            self._write(data)
        else:
            head, self._head = self._head, b""
            self._write(head + data)

    def write_whole(self, response: bytes) -> None:
        """Write head and body, behind what was kept."""
        if self._head:
            self.flush()
        self._write(response)

    def flush(self) -> None:
        """Write a head that was kept."""
        head, self._head = self._head, b""
        if head and not self.is_closing():
            self._write(head)

    def close(self) -> None:
        """Close behind what was kept."""
        self.flush()
        self.plain.close()
