"""Emits from processes without a server, which servers need not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cluster.courier import ANSWER_SECONDS
from .cluster.sender import QueueSender
from .cluster.settings import create_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .carrier import Carrier
    from .options import Secret


def create_emitter(
    message_queue: str,
    *,
    channel: str = "socketio",
    message_queue_secret: Secret | Iterable[Secret] | None = None,
    message_queue_retention: float | None = None,
    timeout: float = ANSWER_SECONDS,
    carrier: Carrier | None = None,
) -> QueueSender:
    """Make what emits from a process without a server to the servers of a queue.

    Args:
        message_queue: URL of the queue, as the servers have it.
        channel: The queue's channel, as the servers have it.
        message_queue_secret: As the servers have it; of several, the first signs.
        message_queue_retention: As the servers have it, to remove what is older from a stream; None removes nothing.
        timeout: Seconds that the broker may take to answer for one message.
        carrier: Takes traces along.

    Raises:
        ValueError: The URL is of a kind that is not supported, a secret is too short, or the retention is not one,
            or not for a stream.
        ModuleNotFoundError: The queue's client package is not installed.
    """
    settings = create_settings(
        message_queue,
        channel=channel,
        secret=message_queue_secret,
        retention=message_queue_retention,
        trims=message_queue_retention is not None,
    )
    return QueueSender(settings, timeout=timeout, carrier=carrier)
