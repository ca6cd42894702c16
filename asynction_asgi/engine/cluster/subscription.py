"""The subscription to a queue's channel, made again soon after the queue is back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from ..logs import logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["Subscription", "pauses"]


def pauses() -> Iterator[float]:
    """Seconds before each attempt to subscribe again, without end.

    They grow little: publishing works as soon as the queue is back, and whatever is published
    before this process listens again is lost to its clients.
    """
    return chain((0.25, 0.5, 1.0, 2.0), repeat(4.0))


class Subscription:
    """Listens as python-socketio's Redis manager does, whose pauses grow to a minute.

    In place of ``AsyncRedisManager._redis_listen_with_retries`` of python-socketio 5.18.
    """

    channel: str
    place: str
    pubsub: Any
    redis: Any

    async def _redis_listen_with_retries(self) -> AsyncIterator[Any]:
        waiting, lost = pauses(), 0.0
        while True:
            try:
                if lost:  # upstream's connect leaves to the garbage what it takes the place of
                    with contextlib.suppress(Exception):
                        await self.redis.aclose()
                self._redis_connect()  # type: ignore[attr-defined]  # upstream's
                await self.pubsub.subscribe(self.channel)
                if lost:
                    logger.warning(
                        "the message queue %s is heard again; what others emitted in %.0f seconds is lost",
                        self.place,
                        time.monotonic() - lost,
                    )
                waiting, lost = pauses(), 0.0
                async for message in self.pubsub.listen():
                    yield message
            except Exception as error:  # noqa: BLE001  # redis and valkey have classes of their own
                lost = lost or time.monotonic()
                self._get_logger().error(  # type: ignore[attr-defined]  # upstream's
                    "Cannot receive from the queue", extra={"redis_exception": str(error)}
                )
                await asyncio.sleep(next(waiting))
