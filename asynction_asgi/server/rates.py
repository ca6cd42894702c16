"""``x-rate``: counts the events of clients as they arrive, before anything else is done about them."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from ..engine import Bucket, exceeded
from ..logs import get_logger
from .namespace_routes import WILDCARD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..engine import Peer
    from ..errors import LimitError
    from ..spec.model import Namespace, Rate

__all__ = ["MOST_BUCKETS", "Rates"]

logger = get_logger()

MOST_BUCKETS = 10_000  # of one rate by user or address; the one that was idle longest makes room
_LONGEST_KEY = 100
_NETWORK = 64  # bits of an IPv6 address; the others are the client's choice


class Rates:
    """Counts the events of all clients of a declared namespace.

    Its concrete namespaces share what is counted by user and by address.

    Args:
        declared: The namespace.
    """

    def __init__(self, declared: Namespace) -> None:
        whole = () if declared.rate is None else (_Quota(declared.rate, "the channel"),)
        self._of_event = {
            name: whole if event.rate is None else (_Quota(event.rate, repr(name)), *whole)
            for name, event in declared.receives.items()
        }
        self._of_others = self._of_event.get(WILDCARD, whole)

    @classmethod
    def of(cls, declared: Namespace) -> Rates | None:
        """Return what counts the events of a namespace, or None if it has no rate."""
        rates = (declared.rate, *(event.rate for event in declared.receives.values()))
        return None if all(rate is None for rate in rates) else cls(declared)

    def admit(self, peer: Peer[Any], event: str) -> LimitError | None:
        """Count an event, or return its refusal; an event that is refused is not counted."""
        quotas = self._of_event.get(event, self._of_others)
        buckets = [quota.bucket(peer) for quota in quotas]
        longest, limit = 0.0, ""
        for quota, bucket in zip(quotas, buckets, strict=True):
            if (wait := bucket.wait()) > longest:
                longest, limit = wait, quota.name
        if longest:
            return exceeded(limit, longest)
        for bucket in buckets:
            bucket.take()
        return None


class _Quota:
    """One rate, with a bucket for each of those whom it counts.

    Attributes:
        name: What it limits and by how much, for the log.
    """

    def __init__(self, rate: Rate, what: str) -> None:
        self.name = f"x-rate of {what}, {rate}"
        self._size = rate.limit / rate.per, rate.burst
        self._key = _KEYS[rate.by]
        self._shared: OrderedDict[str, Bucket] = OrderedDict()
        self._is_address_known = True

    def bucket(self, peer: Peer[Any]) -> Bucket:
        """Return the bucket of a client; it is the connection's own if the client has no user or address."""
        key = self._key(peer)
        if key is None:
            return self._own(peer)
        shared = self._shared
        bucket = shared.get(key)
        if bucket is not None:
            shared.move_to_end(key)
            return bucket
        if len(shared) >= MOST_BUCKETS:
            shared.popitem(last=False)
        bucket = shared[key] = Bucket(*self._size)
        return bucket

    def _own(self, peer: Peer[Any]) -> Bucket:
        if self._key is _address and self._is_address_known:
            self._is_address_known = False
            logger.warning(
                "%s: the ASGI server does not know the addresses of clients, so each connection is counted by"
                " itself; let it take them from the proxy (uvicorn: --forwarded-allow-ips)",
                self.name,
            )
        conversation = peer.state
        buckets: dict[object, Bucket] = conversation.buckets or {}
        conversation.buckets = buckets
        bucket = buckets.get(self)
        if bucket is None:
            bucket = buckets[self] = Bucket(*self._size)
        return bucket


def _connection(_: Peer[Any]) -> None:
    """Return None: each connection has buckets of its own."""


def _user(peer: Peer[Any]) -> str | None:
    """Return what stands for the user of a client, whatever a security function returned, or None."""
    user = peer.state.socket.user
    try:
        return None if user is None else _short(ascii(user))
    except Exception:  # noqa: BLE001  # an object of the application's may raise anything
        return None


def _address(peer: Peer[Any]) -> str | None:
    """Return the IPv4 address of a client, or the network of its IPv6 address, or None if neither is known."""
    client = peer.environ["asgi.scope"].get("client")
    return _network(_short(client[0])) if client and client[0] else None


@lru_cache(maxsize=1024)
def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:  # what a proxy says may be anything
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> _NETWORK:x}"


def _short(text: str) -> str:
    """Return a text, or if it is long what identifies it."""
    return text if len(text) <= _LONGEST_KEY else blake2b(ascii(text).encode()).hexdigest()


_KEYS: Mapping[str, Callable[[Peer[Any]], str | None]] = {
    "connection": _connection,
    "user": _user,
    "address": _address,
}
