"""The broker that the URL of a message queue means."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ...extras import is_installed, require

# By the first word of the scheme: the words that may follow it.
_SERVER = frozenset(("stream", "sentinel"))
_KINDS = {
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys"), _SERVER),
    "unix": frozenset(("stream",)),
    **dict.fromkeys(("amqp", "amqps"), frozenset[str]()),
}
# The required package, and the extra that installs it.
_CLIENTS = {
    "redis": ("redis", "redis"),
    "rediss": ("redis", "redis"),
    "valkey": ("valkey", "valkey"),
    "valkeys": ("valkey", "valkey"),
    "unix": ("redis", "redis"),
    "amqp": ("aio_pika", "amqp"),
    "amqps": ("aio_pika", "amqp"),
}
_KNOWN = (
    "redis://, rediss://, valkey:// or valkeys://, with +sentinel, +stream or +sentinel+stream before the colon,"
    " unix:// or unix+stream://, amqp:// or amqps://"
)
_REFUSED = {
    "cluster": (
        "one channel lives on one shard of a cluster, so a cluster gains nothing here; "
        "use redis:// with the address of a single server, or redis+sentinel://"
    ),
    "nats": "NATS is not supported; use redis+stream:// or amqp://",
    "kafka": "Kafka is not supported; use redis+stream:// or amqp://",
    "zmq": "ZeroMQ has no broker that keeps or orders messages; use redis+stream:// or amqp://",
}


# Options of clients that this package sets itself.
_OURS = ("socket_timeout", "decode_responses")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueUrl:
    """The parsed URL of a queue.

    Attributes:
        place: The URL without secrets, for logs.
        module: The client's package: ``redis``, ``valkey`` or ``aio_pika``.
        plain: The URL in the form that clients read, without ``+stream`` and ``+sentinel``.
        stream: Whether messages go through a stream, which keeps them, instead of pub/sub.
        sentinel: Whether the hosts are sentinels, which know the server's address.
        secure: Whether the connection uses TLS.
    """

    place: str
    module: str
    plain: str
    stream: bool
    sentinel: bool
    secure: bool


def read_url(url: str) -> QueueUrl:
    """Parse the URL of a queue.

    Raises:
        ValueError: The scheme is not supported, the port is not a number, or the query has a forbidden option.
        ModuleNotFoundError: The client's package is not installed.
    """
    scheme = urlsplit(url).scheme
    base, *kinds = scheme.split("+")
    for word in (base, *kinds):
        if word in _REFUSED:
            raise ValueError(f"message_queue {scheme}://: {_REFUSED[word]}")
    if len(set(kinds)) < len(kinds) or base not in _KINDS or not set(kinds) <= _KINDS[base]:
        raise ValueError(f"message_queue must begin with one of {_KNOWN}; got {scheme or 'no scheme'!r}")
    if not url.lower().startswith(f"{scheme}://"):
        raise ValueError(f"message_queue must begin with {scheme}://; a slash is missing after {scheme!r}")
    module, extra = _CLIENTS[base]
    if base == "unix" and not is_installed("redis"):
        module = "valkey"
    require(module, f"message_queue {scheme}://", extra)
    rest = url.partition("://")[2]
    if "sentinel" not in kinds and not _has_port(url):
        raise ValueError(
            f"message_queue {without_secrets(url)}: the port is not a number up to 65535; if it is part of a password,"
            " percent-encode the password"
        )
    for name, _ in parse_qsl(urlsplit(url).query):
        if name in _OURS:
            raise ValueError(
                f"message_queue {without_secrets(url)}: remove {name}, which is set by this package"
            )
    return QueueUrl(
        place=without_secrets(url),
        module=module,
        plain=f"{base}://{rest}",
        stream="stream" in kinds,
        sentinel="sentinel" in kinds,
        secure=base in ("rediss", "valkeys", "amqps"),
    )


def _has_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def without_secrets(url: str) -> str:
    """Return the URL of a queue without user, password and query, even if the password is not percent-encoded."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    # A question mark may be part of the password, and so may the text before it.
    return f"{scheme}://{'…' if '@' in query else place.rpartition('@')[2]}"
