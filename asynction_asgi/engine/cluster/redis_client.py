"""Connections to Redis and Valkey, without the retries of their clients, which would write a message twice."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from socketio.redis_manager import parse_redis_sentinel_url

from .broker import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .urls import QueueUrl

_CLOSE_SECONDS = 1.0


class RedisClients:
    """Makes clients for one queue.

    Args:
        url: The queue.
        service: The server's name for sentinels, if the URL has none.
        options: For the client; they override ours.
    """

    def __init__(self, url: QueueUrl, *, service: str, options: Mapping[str, Any]) -> None:
        self._url = url
        self._service = service
        self._module = importlib.import_module(f"{url.module}.asyncio")
        retry = importlib.import_module(f"{url.module}.asyncio.retry")
        backoff = importlib.import_module(f"{url.module}.backoff")
        self._options = {
            "socket_connect_timeout": CONNECT_SECONDS,
            "protocol": 2,  # the same form of answers, whatever the client's default
            "retry": retry.Retry(backoff.NoBackoff(), 0),
            **options,
        }

    def check(self) -> None:
        """Make a connection without opening it.

        Raises:
            ValueError: The client does not accept the URL or the options.
        """
        try:
            self.connect(seconds=None).connection_pool.make_connection()
        except (TypeError, ValueError) as error:
            why = "" if "@" in urlsplit(self._url.plain).query else f": {error}"  # part of a password else
            text = f"message_queue {self._url.place}: the package {self._url.module} refuses its options{why}"
            raise ValueError(text) from None

    def connect(self, *, seconds: float | None) -> Any:
        """Return a client that connects when it is used.

        Args:
            seconds: Timeout of an answer; None waits for ever.
        """
        options = {"socket_timeout": seconds, **self._options}
        if not self._url.sentinel:
            return self._module.Redis.from_url(self._url.plain, **options)
        scheme = f"{self._url.module}+sentinel://"
        hosts, service, addressed = parse_redis_sentinel_url(scheme + self._url.plain.partition("://")[2])
        options.update(addressed)
        if self._url.secure:
            options["ssl"] = True
        own = {"socket_timeout": CONNECT_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
        sentinel = self._module.sentinel.Sentinel(hosts, sentinel_kwargs=own, **options)
        return sentinel.master_for(service or self._service)


def errors_in(answers: Iterable[Any]) -> list[Exception]:
    """Return the errors among the answers to a pipeline."""
    return [answer for answer in answers if isinstance(answer, Exception)]


def is_full(error: Exception) -> bool:
    """Return whether the broker refused a command because its memory, `maxmemory`, is full."""
    return type(error).__name__ == "OutOfMemoryError" or "because of: OOM " in str(error)


async def close_client(client: Any) -> None:
    """Close a client or a subscription; abandon a connection that does not answer within a second."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.aclose()
