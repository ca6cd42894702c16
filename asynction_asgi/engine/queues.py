"""Client managers that reach other processes through a message queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from socketio.async_aiopika_manager import AsyncAioPikaManager
from socketio.async_redis_manager import AsyncRedisManager

from ..errors import QueueError
from .codec import UndecodableError, UnencodableError, choose_codec
from .rooms import Rooms

if TYPE_CHECKING:
    from collections.abc import Mapping

# URL scheme: the module that must be there, and the extra that installs it.
_CLIENTS = {
    "redis": ("redis", "redis"),
    "rediss": ("redis", "redis"),
    "redis+sentinel": ("redis", "redis"),
    "valkey": ("valkey", "valkey"),
    "valkeys": ("valkey", "valkey"),
    "valkey+sentinel": ("valkey", "valkey"),
    "amqp": ("aio_pika", "amqp"),
    "amqps": ("aio_pika", "amqp"),
}


class _Checked:
    """What goes over the queue is strict JSON, and an error of the sender's is raised at the sender."""

    server: Any
    json: Any

    def set_server(self, server: Any) -> None:
        super().set_server(server)  # type: ignore[misc]  # upstream's, further down the line
        self.json = StrictJson()  # upstream takes that of the packets

    async def _publish(self, data: Any) -> None:
        if self.server is None:
            self.json.dumps(data)  # nothing was encoded before; upstream would log the error and go on
        await super()._publish(data)  # type: ignore[misc]  # upstream's, further down the line


class RedisRooms(_Checked, AsyncRedisManager, Rooms):  # type: ignore[misc]  # python-socketio is untyped
    """python-socketio's Redis and Valkey manager on top of our rooms."""

    connected: bool

    async def _publish(self, message: Any) -> Any:
        """Publish; a process that serves nobody hears when nobody could hear it.

        Raises:
            QueueError: the queue can't be reached, in a process that only emits.
        """
        if not self.write_only:
            return await super()._publish(message)  # which logs, and local clients are served all the same
        for last in (False, True):  # a connection that was idle may have been closed meanwhile
            try:
                if not self.connected:
                    self._redis_connect()
                return await self.redis.publish(self.channel, self.json.dumps(message))
            except UnencodableError:
                raise
            except Exception as error:
                self.connected = False
                if last:
                    raise QueueError(f"nothing was emitted: {type(error).__name__}: {error}") from error
        return None

    async def close(self) -> None:
        """Close the connections to the queue; a later emit opens them again."""
        self.connected = False
        for client in (self.pubsub, self.redis):
            if client is not None:
                await client.aclose()


class AmqpRooms(_Checked, AsyncAioPikaManager, Rooms):  # type: ignore[misc]  # python-socketio is untyped
    """python-socketio's RabbitMQ manager on top of our rooms."""

    publisher_connection: Any

    async def close(self) -> None:
        """Close the connection to the queue; a later emit opens it again."""
        connection, self.publisher_connection = self.publisher_connection, None
        if connection is not None:
            await connection.close()


class StrictJson:
    """What travels over the queue is as strict as what travels to clients."""

    def __init__(self) -> None:
        self._codec = choose_codec(None, depth=512)

    def dumps(self, value: Any, **options: Any) -> str:
        """Value to text.

        Raises:
            UnencodableError: it has no JSON form.
        """
        del options  # upstream's separators
        attachments: list[bytes] = []
        text = self._codec.dumps(value, attachments).decode()
        if attachments:
            raise UnencodableError("bytes outside a packet")
        return text

    def loads(self, text: str | bytes) -> Any:
        """Text to message; anything but an object is an empty one, which upstream passes over.

        Raises:
            UndecodableError: it is not JSON.
        """
        try:
            message = self._codec.loads(text.decode() if isinstance(text, bytes) else text)
        except UnicodeDecodeError as error:
            raise UndecodableError("not UTF-8") from error
        return message if isinstance(message, dict) else {}


def create_manager(
    url: str,
    *,
    channel: str = "socketio",
    write_only: bool = False,
    logger: Any = None,
    options: Mapping[str, Any] | None = None,
) -> Rooms:
    """The client manager for a message queue.

    Args:
        url: ``redis://``, ``rediss://``, ``redis+sentinel://``, the same with ``valkey``,
            ``amqp://`` or ``amqps://``.
        channel: The same in every process that belongs together.
        write_only: For processes that emit and serve nobody.
        logger: Where connection problems are reported.
        options: For the Redis client, such as its timeouts.

    Raises:
        ValueError: the URL is of another kind.
        ModuleNotFoundError: the queue's client package is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme not in _CLIENTS:
        known = ", ".join(f"{name}://" for name in _CLIENTS)
        raise ValueError(f"message_queue must begin with one of {known}; got {scheme or 'no scheme'!r}")
    module, extra = _CLIENTS[scheme]
    try:
        __import__(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"message_queue {scheme}:// needs a package that is not installed: "
            f"pip install 'asynction-asgi[{extra}]'",
            name=module,
        ) from error
    manager: Rooms
    if module == "aio_pika":
        manager = AmqpRooms(url, channel=channel, write_only=write_only, logger=logger, json=StrictJson())
    else:
        manager = RedisRooms(
            url,
            channel=channel,
            write_only=write_only,
            logger=logger,
            json=StrictJson(),
            redis_options=dict(options or {}),
        )
    return manager
