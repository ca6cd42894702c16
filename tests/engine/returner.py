"""A client that comes back, packet by packet."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from .stage import payload, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .stage import Stage, WebSocketClient


class Returner:
    """One client over its connections; it keeps pid and offset as socket.io-client does."""

    def __init__(self, stage: Stage, form: str = "argument", namespace: str = "/") -> None:
        self.stage = stage
        self.form = form
        self.namespace = namespace
        self.sid = self.pid = ""
        self.offset: Any = None
        self.recovered = False
        self.events: list[list[Any]] = []
        self.client: WebSocketClient

    @contextlib.asynccontextmanager
    async def there(self, **auth: Any) -> AsyncIterator[Returner]:
        """Be connected until the block ends, which breaks the connection."""
        async with self.stage.websocket() as self.client:
            shown = {"pid": self.pid, "offset": self.offset} if self.pid else {}
            kept = {name: value for name, value in {**shown, **auth}.items() if value is not None}
            place = "40" if self.namespace == "/" else f"40{self.namespace},"
            await self.client.send(place + json.dumps(kept))
            answer = await self.client.receive()
            assert answer.startswith(place), answer
            body = payload(answer)
            self.recovered = body["pid"] == self.pid
            self.sid, self.pid = body["sid"], body["pid"]
            yield self
            self.client.raw.transport.abort()
        await until(lambda: self.sid not in map(str, self._present()), "gone")

    def _present(self) -> list[str]:
        manager = self.stage.server.manager
        return [
            sid
            for sid in manager.members.get(self.namespace, {})
            if manager.is_connected(sid, self.namespace)
        ]

    async def take(self, count: int) -> list[Any]:
        """Read so many events, offsets included where they travel as such; return the first arguments of all."""
        while len(self.events) < count:
            event = payload(await self.client.receive())
            if isinstance(event[-1], str):
                self.offset = event[-1]
            if event[0] != "~":
                self.events.append(event)
        if self.form == "event":
            event = payload(await self.client.receive())
            assert event[0] == "~"
            self.offset = event[1]
        return [event[1] for event in self.events]
