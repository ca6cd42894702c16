"""RabbitMQ: an exchange that copies each message into the queue of every process."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from ...reasons import Lost
from .broker import CONNECT_SECONDS, Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

# The exchange and the expiry of queues are as in python-socketio's manager, which may share them.
_EXPIRES_MS = 300_000
_UNHANDLED = 500
_CLOSE_SECONDS = 1.0


class Amqp:
    """One end of a channel on RabbitMQ.

    The queue of a reader outlives its connection, so messages that arrive meanwhile are read later. A broker
    that restarts forgets queues and exchange, and with them messages written before each reader is back.
    Readers may receive the messages of different processes in different orders.

    Args:
        url: The broker's URL.
        channel: The exchange's name.
        seconds: How long the broker may take to confirm a batch.
    """

    missing = Lost.MISSED

    def __init__(self, url: str, channel: str, *, seconds: float) -> None:
        self._url = url
        self._exchange_name = channel
        self._queue_name = f"{channel}.{secrets.token_hex(16)}"
        self._seconds = seconds
        self._connection: Any = None
        self._channel: Any = None
        self._exchange: Any = None
        self._queue: Any = None
        self._arrived: asyncio.Queue[Any] = asyncio.Queue()
        self._unacknowledged: Any = None

    async def write(self, batch: Sequence[str]) -> int | None:
        """Publish messages, and wait until the broker has confirmed each."""
        import aio_pika  # noqa: PLC0415  # of the optional extra "amqp"

        exchange = await self._open()
        async with asyncio.timeout(self._seconds):
            await asyncio.gather(
                *(
                    exchange.publish(
                        aio_pika.Message(text.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT),
                        routing_key="*",
                    )
                    for text in batch
                )
            )
        return None

    async def read(self) -> Sequence[Delivery]:
        """Wait for messages."""
        if self._queue is None:
            await self._subscribe()
            return ()
        if self._unacknowledged is not None:
            await self._unacknowledged.ack(multiple=True)
            self._unacknowledged = None
        messages = [await self._arrived.get()]
        while not self._arrived.empty():
            messages.append(self._arrived.get_nowait())
        if any(message is None for message in messages):
            raise ConnectionError("its connection was lost")
        self._unacknowledged = messages[-1]
        return [Delivery(message.body) for message in messages]

    async def listeners(self) -> int | None:
        """Open the connection, and return None: the broker does not say."""
        await self._open()
        return None

    async def close(self) -> None:
        """Close the connection; the broker forgets the queue after some minutes without a reader."""
        connection, self._connection = self._connection, None
        self._exchange = self._queue = self._unacknowledged = None
        self._arrived = asyncio.Queue()
        if connection is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await connection.close()

    async def _open(self) -> Any:
        if self._exchange is None:
            import aio_pika  # noqa: PLC0415  # as above
            from yarl import URL  # noqa: PLC0415  # which it depends on

            # Stored before it is open, so that `close` also closes a connection that failed to open.
            self._connection = aio_pika.Connection(URL(self._url))
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connection.connect()
                self._channel = await self._connection.channel()
                self._exchange = await self._channel.declare_exchange(
                    self._exchange_name, aio_pika.ExchangeType.FANOUT
                )
        return self._exchange

    async def _subscribe(self) -> None:
        exchange = await self._open()
        arrived = self._arrived

        def lost(*_: Any) -> None:
            arrived.put_nowait(None)

        async with asyncio.timeout(CONNECT_SECONDS):
            await self._channel.set_qos(prefetch_count=_UNHANDLED)
            queue = await self._channel.declare_queue(
                self._queue_name, durable=False, arguments={"x-expires": _EXPIRES_MS}
            )
            await queue.bind(exchange)
            await queue.consume(arrived.put)
        self._connection.close_callbacks.add(lost)
        self._channel.close_callbacks.add(lost)
        self._queue = queue
