"""A RabbitMQ broker that is unreachable."""

from __future__ import annotations

import socket

import aio_pika
import pytest

from asynction_asgi.engine.cluster.amqp import Amqp


async def test_a_connection_that_failed_to_open_is_closed() -> None:
    """Closing the broker also closes a connection that failed to open, so that no warning follows."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nothing listens on it
        broker = Amqp(f"amqp://127.0.0.1:{unused.getsockname()[1]}", "channel", seconds=1.0)
        for attempt in (broker.listeners, broker.read):
            with pytest.raises(aio_pika.exceptions.AMQPError):
                await attempt()
            connection = broker._connection
            await broker.close()
            assert connection.is_closed
            assert broker._connection is None
