"""The client's end of a WebSocket to an ASGI application in this process, without a port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    ASGIApp = Callable[
        [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
    ]

_ABNORMAL = 1006  # RFC 6455, 7.4.1: closed without a close frame


class WebSocket:
    """One WebSocket; messages from the application are passed on at once.

    Args:
        app: The application.
        scope: ASGI's scope of the handshake.
        arrived: Called with each message.
        ended: Called once, when no message will come any more.

    Attributes:
        code: The close code, or None while the WebSocket is open.
        failure: The exception that the application raised, or None.
    """

    def __init__(
        self, app: ASGIApp, scope: Message, *, arrived: Callable[[Any], None], ended: Callable[[], None]
    ) -> None:
        self._arrived = arrived
        self._ended = ended
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.code: int | None = None
        self.failure: Exception | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: Message) -> None:
        try:
            await asyncio.sleep(0)  # an eager task factory starts this before its owner is complete
            await app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001  # an application may raise anything; the test gets it
            self.failure = error
        finally:
            self.end(_ABNORMAL)

    async def _receive(self) -> Message:
        return await self._inbox.get()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            if self.code is None:
                text = message.get("text")
                self._arrived(message["bytes"] if text is None else text)
        elif kind == "websocket.close":
            self.end(message.get("code") or 1000)

    def end(self, code: int) -> None:
        """Close the WebSocket and notify the application."""
        if self.code is None:
            self.code = code
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
            self._ended()

    def put(self, frame: str | bytes) -> None:
        """Send a message, or lose it if the WebSocket is closed, as on a network."""
        if self.code is None:
            key = "text" if isinstance(frame, str) else "bytes"
            self._inbox.put_nowait({"type": "websocket.receive", key: frame})

    async def close(self, code: int, *, seconds: float) -> bool:
        """Close, and wait until the application is done with the connection.

        Returns:
            Whether it was done within `seconds`; if not, it is cancelled.
        """
        self.end(code)
        done, late = await asyncio.wait([self._task], timeout=seconds)
        for task in late:
            task.cancel()
            await asyncio.wait([task], timeout=seconds)
        return bool(done)
