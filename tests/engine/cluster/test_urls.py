"""The URLs of message queues."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import pytest

from asynction_asgi.engine.cluster.settings import create_settings
from asynction_asgi.engine.cluster.urls import QueueUrl, read_url, without_secrets
from asynction_asgi.engine.emitter import create_emitter
from tests.cases import each_case

SENTINELS = "u:p@one:1,two:2/0/name"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("rediss://:p/a#s@s@host:1/0?password=x", "rediss://host:1/0"),
        ("redis://:pa?ss@host:1", "redis://…"),
        ("redis://host?password=a@b", "redis://…"),
        ("redis+sentinel+stream://u:p@one:1,two:2/0/name", "redis+sentinel+stream://one:1,two:2/0/name"),
    ],
)
def test_a_queue_is_shown_without_secrets(url: str, shown: str) -> None:
    """A URL is shown without its secrets, in whatever form they are written."""
    assert without_secrets(url) == shown


@each_case(
    ("url", "expected"),
    [
        ("redis://h:1/0", ("redis", "redis://h:1/0", False, False, False)),
        ("rediss+stream://h", ("redis", "rediss://h", True, False, True)),
        ("valkey+sentinel://" + SENTINELS, ("valkey", "valkey://" + SENTINELS, False, True, False)),
        ("valkeys+sentinel+stream://h", ("valkey", "valkeys://h", True, True, True)),
        ("redis+stream+sentinel://h", ("redis", "redis://h", True, True, False)),
        ("unix:///run/redis.sock", ("redis", "unix:///run/redis.sock", False, False, False)),
        ("unix+stream:///run/redis.sock?db=1", ("redis", "unix:///run/redis.sock?db=1", True, False, False)),
        ("amqps://h", ("aio_pika", "amqps://h", False, False, True)),
    ],
)
def test_a_url_selects_client_and_kind(url: str, expected: tuple[Any, ...]) -> None:
    """The scheme selects the client library, and whether messages are kept in a stream."""
    module, plain, stream, sentinel, secure = expected
    assert read_url(url) == QueueUrl(
        place=without_secrets(url),
        module=module,
        plain=plain,
        stream=stream,
        sentinel=sentinel,
        secure=secure,
    )


@each_case(
    ("url", "words"),
    [
        ("kafka://x", "Kafka is not supported; use redis"),
        ("nats://x", "NATS is not supported; use redis"),
        ("zmq+tcp://x", "ZeroMQ has no broker"),
        ("redis+cluster://x", "one shard of a cluster"),
        ("rabbit://x", "'rabbit'"),
        ("redis+stream+stream://x", "stream"),
        ("unix+sentinel://x", "unix"),
        ("amqp+stream://x", "amqp"),
        ("localhost:6379", "localhost"),
        ("redis:/sesame", "^message_queue must begin with redis://; a slash"),
        ("redis+stream:sesame@h", "must begin with redis.stream://; a slash"),
        ("", "no scheme"),
    ],
)
def test_an_unsupported_queue_is_refused(url: str, words: str) -> None:
    """The error gives the reason and a supported alternative."""
    with pytest.raises(ValueError, match=words) as refused:
        read_url(url)
    assert "redis" in str(refused.value)


@each_case(
    ("url", "words"),
    [
        ("redis://h:port", "^message_queue redis://h:port: the port is not a number up to 65535"),
        ("redis+stream://h:65536", "the port is not a number up to 65535"),
        ("amqp://:sesa#me@h", "^message_queue amqp://h: .* percent-encode the password$"),
        ("redis+stream://h?socket_timeout=1", "^message_queue redis.stream://h: remove socket_timeout"),
        ("valkey://h?decode_responses=true", "remove decode_responses"),
        ("redis://h:1?nope=1", "^message_queue redis://h:1: the package redis refuses its options: .*'nope'"),
        (
            "valkey+stream://h?health_check_interval=x",
            "the package valkey refuses its options: .*Invalid value",
        ),
        ("redis://:sesame?sesame=x@h:1", "^message_queue redis://…: the port"),
        ("redis://sesame?sesame=x@h:1", "^message_queue redis://…: the package redis refuses its options$"),
    ],
)
def test_a_url_that_no_client_takes_is_refused(url: str, words: str) -> None:
    """It is refused when the server is made, without its password; each connection would fail."""
    with pytest.raises(ValueError, match=words) as refused:
        create_settings(url)
    assert "sesa" not in str(refused.value)


@each_case("retention", [0, -1, "5", True, math.inf, math.nan, 1e306])
def test_a_retention_is_a_number_of_seconds(retention: Any) -> None:
    """Others are refused; the stream could not be trimmed by them."""
    with pytest.raises(ValueError, match="message_queue_retention takes seconds above zero, up to"):
        create_settings("redis+stream://h", retention=retention)


@pytest.mark.parametrize(
    ("url", "extra"), [("redis://", "redis"), ("valkeys://", "valkey"), ("amqp://", "amqp")]
)
def test_a_missing_package_names_its_extra(url: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    find = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> Any:
        return None if name in ("redis", "valkey", "aio_pika") else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(ModuleNotFoundError, match=rf"asynction-asgi\[{extra}\]"):
        create_emitter(url)
