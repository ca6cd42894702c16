"""PUBLISH and SUBSCRIBE: a process misses what is published while it is not subscribed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...reasons import Lost
from .broker import CONNECT_SECONDS, Delivery
from .redis_client import close_client, errors_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from .redis_client import RedisClients


class PubSub:
    """One end of a channel of Redis or Valkey, which python-socketio's own processes may share.

    Args:
        clients: Makes connections.
        channel: The channel's name.
        seconds: How long the broker may take to confirm a batch.
    """

    missing = Lost.MISSED

    def __init__(self, clients: RedisClients, channel: str, *, seconds: float) -> None:
        self._clients = clients
        self._channel = channel
        self._seconds = seconds
        self._client: Any = None
        self._subscription: Any = None
        self._messages: AsyncIterator[dict[str, Any]] | None = None

    async def write(self, batch: Sequence[str]) -> int | None:
        """Publish messages in one round trip, and return how many processes received the last one."""
        pipeline = self._writing().pipeline(transaction=False)
        for text in batch:
            pipeline.publish(self._channel, text)
        received: list[int] = await pipeline.execute(raise_on_error=False)  # its own errors quote the message
        for error in errors_in(received):
            raise error
        return received[-1] if received else None

    async def read(self) -> Sequence[Delivery]:
        """Wait for one message."""
        if self._messages is None:
            await self._subscribe()
            return ()
        message = await anext(self._messages)
        return (Delivery(message["data"]),) if message["type"] == "message" else ()

    async def listeners(self) -> int | None:
        """Return how many processes have subscribed."""
        ((_, count),) = await self._writing().pubsub_numsub(self._channel)
        return int(count)

    async def close(self) -> None:
        """Close both connections."""
        subscription, client = self._subscription, self._client
        self._subscription = self._client = self._messages = None
        for opened in (subscription, client):
            if opened is not None:
                await close_client(opened)

    def _writing(self) -> Any:
        if self._client is None:
            self._client = self._clients.connect(seconds=self._seconds)
        return self._client

    async def _subscribe(self) -> None:
        """Subscribe, and wait until the broker has confirmed it.

        Reading has no timeout: a timer per message would cost a third more, and the listener's watchdog
        notices silence.
        """
        self._client = self._clients.connect(seconds=None)
        self._subscription = self._client.pubsub()
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._subscription.subscribe(self._channel)
            messages = self._subscription.listen()
            await anext(messages)
        self._messages = messages
