"""Client managers that reach other processes through a message queue."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from socketio.async_aiopika_manager import AsyncAioPikaManager
from socketio.async_redis_manager import AsyncRedisManager

from ...errors import QueueError, RefusedError
from ...extras import require
from ...logs import Throttle
from ..codec import UndecodableError, UnencodableError, choose_codec
from ..logs import logger
from ..rooms import Rooms
from .outages import OutageLog, without_secrets
from .process_id import Identified
from .relayed import check_names, emitted, is_callback
from .seals import ForgedError, Seal, is_sealed, read_secrets
from .subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .seals import Secret

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

# What upstream's managers and ours raise for a message that has not the form of any of theirs.
_UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, RecursionError)


class _Checked(Identified):
    """What goes over the queue is strict JSON, and an error of the sender's is raised at the sender.

    What other processes ask for is done if it can be read; it may come from anybody, and in any form.

    Attributes:
        json: Reads and writes messages, and signs them if there is a secret.
        place: The queue's URL, as it may be logged.
        check: Raises for an emit of another process that must not reach clients; None takes all.
    """

    server: Any
    json: QueueJson
    place: str
    check: Callable[[str, Any, str], None] | None = None

    @property
    def dropped(self) -> Counter[str]:
        """Messages of the queue that were not taken, by the reason."""
        return self.json.dropped

    def set_server(self, server: Any) -> None:
        codec = self.json
        super().set_server(server)  # type: ignore[misc]  # upstream's, further down the line
        self.json = codec  # upstream takes that of the packets

    @cached_property
    def _outages(self) -> OutageLog:
        return OutageLog(super()._get_logger(), self.place)  # type: ignore[misc]  # upstream's

    def _get_logger(self) -> OutageLog:
        return self._outages

    async def _publish(self, data: Any) -> None:
        if self.server is None:
            self.json.check(data)  # nothing was encoded before; upstream would log the error and go on
        await super()._publish(data)  # type: ignore[misc]  # upstream's, further down the line

    # -- what other processes ask for --------------------------------------------------------

    def drop(self, reason: str) -> None:
        self.json.drop(reason)

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        with self._reading(message) as by_others:
            if by_others:
                check_names(message)
            if by_others and self.check is not None:
                self.check(*emitted(message))
            await super()._handle_emit(message)

    async def _handle_disconnect(self, message: dict[str, Any]) -> None:
        with self._reading(message):
            await super()._handle_disconnect(message)  # type: ignore[misc]  # upstream's, further down the line

    async def _handle_enter_room(self, message: dict[str, Any]) -> None:
        with self._reading(message):
            await super()._handle_enter_room(message)  # type: ignore[misc]  # as above

    async def _handle_leave_room(self, message: dict[str, Any]) -> None:
        with self._reading(message):
            await super()._handle_leave_room(message)  # type: ignore[misc]  # as above

    async def _handle_close_room(self, message: dict[str, Any]) -> None:
        with self._reading(message):
            await super()._handle_close_room(message)  # type: ignore[misc]  # as above

    @contextlib.contextmanager
    def _reading(self, message: dict[str, Any]) -> Iterator[bool]:
        """Drop a message that can't be done; what is wrong with one of our own, the caller is told.

        Nothing of an application's runs meanwhile whose errors would get lost here.
        """
        by_others = message.get("host_id") != self.host_id
        try:
            yield by_others
        except RefusedError as error:
            self.json.drop("not allowed by the document", detail=str(error))
        except _UNREADABLE as error:
            if not by_others:
                raise
            self.json.drop("malformed", detail=type(error).__name__)

    # -- answers that will not come ----------------------------------------------------------

    def lose(self, callback: Callable[..., Any], *, gone: bool) -> None:
        """Tell the process that waits for this callback, which may be another one."""
        if not (isinstance(callback, partial) and callback.func == self._return_callback):  # type: ignore[attr-defined]  # upstream's
            super().lose(callback, gone=gone)  # type: ignore[misc]  # of `Rooms`
            return
        host_id, room, namespace, ack_id = callback.args  # as upstream's `_handle_emit` has made it
        if host_id == self.host_id:
            self.lose_relayed(room, ack_id, gone=gone)  # type: ignore[attr-defined]  # of `Rooms`
            return
        # Without "args", upstream's managers pass it over.
        lost = {"method": "callback", "host_id": host_id, "sid": room, "namespace": namespace, "id": ack_id}
        self.server._spawn(self._publish({**lost, "lost": "gone" if gone else "displaced"}))  # noqa: SLF001  # our server's

    async def _handle_callback(self, message: dict[str, Any]) -> None:
        lost = message.get("lost")
        if message.get("host_id") != self.host_id:
            return  # another process asked
        if not is_callback(message):
            self.json.drop("malformed", detail="no callback")
        elif lost is None:
            await super()._handle_callback(message)  # type: ignore[misc]  # upstream's, further down the line
        else:
            self.lose_relayed(message.get("sid"), message.get("id"), gone=lost == "gone")  # type: ignore[attr-defined]  # of `Rooms`


class RedisRooms(_Checked, Subscription, AsyncRedisManager, Rooms):  # type: ignore[misc]  # python-socketio is untyped
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
                    raise _unreachable(self.place, error) from error
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

    async def _publish(self, message: Any) -> None:
        """Publish; a process that serves nobody hears when nobody could hear it.

        Raises:
            QueueError: the queue can't be reached, in a process that only emits.
        """
        try:
            await super()._publish(message)
        except UnencodableError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise  # else it is upstream's word for a channel that the broker has closed
            if self.write_only:
                raise _unreachable(self.place, error) from error
            why = str(error) or "its connection was lost"
            self._get_logger().error("Cannot publish", extra={"rabbitmq_exception": why})

    async def close(self) -> None:
        """Close the connection to the queue; a later emit opens it again."""
        connection, self.publisher_connection = self.publisher_connection, None
        if connection is not None:
            await connection.close()


def _unreachable(place: str, error: BaseException) -> QueueError:
    why = "its connection was lost" if isinstance(error, asyncio.CancelledError) else repr(error)
    return QueueError(f"nothing was emitted, as {place} can't be reached: {why}")


class QueueJson:
    """What travels over the queue is as strict as what travels to clients, and signed if it is to be.

    Attributes:
        dropped: How many messages were not taken, by the reason.
    """

    def __init__(self, seal: Seal | None = None) -> None:
        self._codec = choose_codec(None, depth=512)
        self._seal = seal
        self._throttle = Throttle()
        self.dropped: Counter[str] = Counter()

    def check(self, value: Any) -> str:
        """The text of a value, unsigned.

        Raises:
            UnencodableError: it has no JSON form.
        """
        attachments: list[bytes] = []
        try:
            text = self._codec.dumps(value, attachments).decode()
        except UnencodableError as error:
            sent = value.get("data", value) if isinstance(value, dict) else value
            raise UnencodableError.of(error, sent) from None
        if attachments:
            raise UnencodableError("bytes outside a packet")
        return text

    def dumps(self, value: Any, **options: Any) -> str:
        """Value to text; signed, it is another text each time.

        Raises:
            UnencodableError: it has no JSON form.
        """
        del options  # upstream's separators
        text = self.check(value)
        return text if self._seal is None else self._seal.seal(text)

    def loads(self, text: str | bytes) -> Any:
        """Text to message; anything but an object is an empty one, which upstream passes over, and counted.

        Raises:
            UndecodableError: it is not JSON.
            ForgedError: it is not signed as it must be.
        """
        try:
            if isinstance(text, bytes):
                text = text.decode()
            if self._seal is not None:
                text = self._seal.open(text)
            elif is_sealed(text):
                raise ForgedError("signed")  # counted below with the others
            message = self._codec.loads(text)
        except ForgedError as error:
            hint = "this process has no message_queue_secret" if error.fault == "signed" else ""
            self.drop(error.fault, detail=hint)
            raise
        except UnicodeDecodeError as error:
            self.drop("not UTF-8")
            raise UndecodableError("not UTF-8") from error
        except UndecodableError:
            self.drop("not JSON")
            raise
        if not isinstance(message, dict):
            self.drop("malformed", detail="no object")
            return {}
        return message

    def drop(self, reason: str, *, detail: str = "") -> None:
        """Count a message that is not taken, and log it now and then."""
        self.dropped[reason] += 1
        unsaid = self._throttle.admits(reason)
        if unsaid is not None:
            logger.warning(
                "a message of the queue was dropped: %s%s%s", reason, detail and f": {detail}", unsaid
            )


def create_manager(
    url: str,
    *,
    channel: str = "socketio",
    secret: Secret | Iterable[Secret] | None = None,
    write_only: bool = False,
    logger: Any = None,
    options: Mapping[str, Any] | None = None,
) -> Rooms:
    """The client manager for a message queue.

    Args:
        url: ``redis://``, ``rediss://``, ``redis+sentinel://``, the same with ``valkey``,
            ``amqp://`` or ``amqps://``.
        channel: The same in every process that belongs together.
        secret: Signs messages, the first of several; all verify. Unsigned ones are then dropped.
        write_only: For processes that emit and serve nobody.
        logger: Where connection problems are reported.
        options: For the Redis client, such as its timeouts.

    Raises:
        ValueError: the URL is of another kind, or a secret is too short.
        ModuleNotFoundError: the queue's client package is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme not in _CLIENTS:
        known = ", ".join(f"{name}://" for name in _CLIENTS)
        raise ValueError(f"message_queue must begin with one of {known}; got {scheme or 'no scheme'!r}")
    module, extra = _CLIENTS[scheme]
    require(module, f"message_queue {scheme}://", extra)
    codec = QueueJson(None if secret is None else Seal(read_secrets(secret), channel=channel))
    manager: AmqpRooms | RedisRooms
    if module == "aio_pika":
        manager = AmqpRooms(url, channel=channel, write_only=write_only, logger=logger, json=codec)
    else:
        manager = RedisRooms(
            url,
            channel=channel,
            write_only=write_only,
            logger=logger,
            json=codec,
            redis_options=dict(options or {}),
        )
    manager.place = without_secrets(url)
    return manager
