"""RabbitMQ that can't be reached."""

from __future__ import annotations

import socket

import aio_pika
import pytest

from asynction_asgi.engine.cluster.amqp import Amqp


async def test_a_connection_that_did_not_open_is_closed() -> None:
    """Nothing of it is left to the garbage collector, which could only warn of it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nothing listens
        broker = Amqp(f"amqp://127.0.0.1:{taken.getsockname()[1]}", "channel", seconds=1.0)
        for attempt in (broker.listeners, broker.read):
            with pytest.raises(aio_pika.exceptions.AMQPError):
                await attempt()
            connection = broker._connection
            await broker.close()
            assert connection.is_closed
            assert broker._connection is None
