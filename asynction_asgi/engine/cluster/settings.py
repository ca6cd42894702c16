"""The queue of a manager, and how to use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..option_values import check_values
from .amqp import Amqp
from .messages import QueueJson
from .pubsub import PubSub
from .redis_client import RedisClients
from .rhythm import Rhythm
from .seals import Seal, read_secrets
from .stream import Stream
from .urls import read_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..options import Secret
    from .broker import Broker
    from .urls import QueueUrl

# How long a stream keeps messages.
RETENTION_SECONDS = 300.0
_AMQP = "aio_pika"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """A queue, as one process uses it.

    Attributes:
        place: The URL without secrets, for logs.
        channel: The name that all processes of the cluster share.
        codec: Reads, writes and signs messages.
        open: Makes one end of the channel, which connects when it is used.
        rhythm: Timeouts and intervals.
        ordered: Whether every process reads all messages in the same order.
    """

    place: str
    channel: str
    codec: QueueJson
    open: Callable[[], Broker]
    rhythm: Rhythm
    ordered: bool


def create_settings(
    url: str,
    *,
    channel: str = "socketio",
    secret: Secret | Iterable[Secret] | None = None,
    retention: float | None = None,
    trims: bool = True,
    options: Mapping[str, Any] | None = None,
    rhythm: Rhythm | None = None,
) -> QueueSettings:
    """Check the options of a message queue, and return its settings.

    Args:
        url: The kind and address of the queue.
        channel: The name that all processes of the cluster share.
        secret: The first signs messages, and all verify them. Unsigned messages are dropped then.
        retention: For how many seconds a stream keeps messages for processes that can't read;
            `RETENTION_SECONDS` by default.
        trims: Whether writing removes older messages from a stream. A process that only emits leaves that to
            the servers, unless it has their retention.
        options: For the client of Redis or Valkey; they override ours.
        rhythm: Timeouts and intervals, for tests.

    Raises:
        ValueError: The URL is of an unsupported kind, or has an option that the client does not accept; the
            channel is empty, a secret is too short, or the retention is not positive, too long or not for a stream.
        ModuleNotFoundError: The queue's client package is not installed.
    """
    check_values({"message_queue": url, "channel": channel})
    where = read_url(url)
    if retention is None:
        retention = RETENTION_SECONDS
    elif not where.stream:
        raise ValueError("message_queue_retention is for streams; use a URL such as redis+stream://")
    check_values({"message_queue_retention": retention})
    rhythm = rhythm or Rhythm()
    codec = QueueJson(None if secret is None else Seal(read_secrets(secret), channel=channel))
    return QueueSettings(
        place=where.place,
        channel=channel,
        codec=codec,
        open=_opener(
            where,
            channel=channel,
            retention=retention if trims else None,
            options=options or {},
            seconds=rhythm.write,
        ),
        rhythm=rhythm,
        ordered=where.module != _AMQP,
    )


def _opener(
    url: QueueUrl, *, channel: str, retention: float | None, options: Mapping[str, Any], seconds: float
) -> Callable[[], Broker]:
    if url.module == _AMQP:
        return lambda: Amqp(url.plain, channel, seconds=seconds)
    clients = RedisClients(url, service=channel, options=options)
    clients.check()
    if url.stream:
        return lambda: Stream(clients, channel, seconds=seconds, retention=retention)
    return lambda: PubSub(clients, channel, seconds=seconds)
