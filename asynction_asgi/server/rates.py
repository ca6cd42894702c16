"""``x-rate``: counts the events of clients as they arrive, before anything else is done about them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..engine import Bucket, exceeded
from ..logs import get_logger
from ..spec.model.by_event import ByEvent
from .rate_keys import key_of_address, key_of_user

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from ..engine import Peer
    from ..errors import LimitError
    from ..spec.model import Namespace, Rate

logger = get_logger()

MOST_BUCKETS = 10_000  # of one rate by user or address; the one that was idle longest makes room


class Rates:
    """Counts the events of all clients of a declared namespace.

    Its concrete namespaces share what is counted by user and by address.

    Args:
        declared: The namespace.
    """

    def __init__(self, declared: Namespace) -> None:
        whole = () if declared.rate is None else (_Quota(declared.rate, "the channel"),)
        by_event = {
            name: whole if event.rate is None else (_Quota(event.rate, repr(name)), *whole)
            for name, event in declared.receives.items()
        }
        self._quotas = ByEvent(by_event, whole)

    @classmethod
    def of(cls, declared: Namespace) -> Rates | None:
        """Return what counts the events of a namespace, or None if it has no rate."""
        rates = (declared.rate, *(event.rate for event in declared.receives.values()))
        return None if all(rate is None for rate in rates) else cls(declared)

    def admit(self, peer: Peer[Any], event: str) -> LimitError | None:
        """Count an event, or return its refusal; an event that is refused is not counted."""
        quotas = self._quotas[event]
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


@dataclass(slots=True)
class Tally:
    """How the events of one connection are counted.

    Attributes:
        own: Buckets that it shares with no other connection, by what they count.
        user: The user that `key` was made of.
        key: What stands for the user. It is kept, because an object of the application's may change.
    """

    own: dict[_Quota, Bucket] = field(default_factory=dict)
    user: Any = None
    key: Hashable = None


class _Quota:
    """One rate, with a bucket for each of those whom it counts.

    Attributes:
        name: What it limits and by how much, for the log.
    """

    def __init__(self, rate: Rate, what: str) -> None:
        self.name = f"x-rate of {what}, {rate}"
        self._size = rate.limit / rate.per, rate.burst
        self._key, self._why_alone = _COUNTED[rate.by]
        self._shared: OrderedDict[Hashable, Bucket] = OrderedDict()
        self._has_warned = False

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
        own = _tally(peer).own
        bucket = own.get(self)
        if bucket is None:
            bucket = own[self] = Bucket(*self._size)
            if not self._has_warned and (reason := self._why_alone(peer)):
                self._has_warned = True
                logger.warning("%s: each connection is counted by itself, because %s", self.name, reason)
        return bucket


def _tally(peer: Peer[Any]) -> Tally:
    conversation = peer.state
    if conversation.tally is None:
        conversation.tally = Tally()
    tally: Tally = conversation.tally
    return tally


def _nothing(_: Peer[Any]) -> None:
    """Return None: each connection is meant to be counted by itself."""


def _user(peer: Peer[Any]) -> Hashable:
    """Return what stands for the user of a client, or None."""
    user = peer.state.socket.user
    tally = _tally(peer)
    if tally.user is not user:
        tally.user, tally.key = user, key_of_user(user)
    return tally.key


def _why_no_user(peer: Peer[Any]) -> str | None:
    user = peer.state.socket.user
    if user is None:  # as documented
        return None
    return (
        f"users of type {type(user).__qualname__!r} are neither JSON nor hashable by value; let the security"
        " function return a text as 'sub', or define __eq__ and __hash__"
    )


def _address(peer: Peer[Any]) -> str | None:
    """Return what stands for the address of a client, or None if the ASGI server does not know it."""
    client = peer.environ["asgi.scope"].get("client")
    return key_of_address(client[0]) if client and client[0] else None


def _why_no_address(_: Peer[Any]) -> str:
    return (
        "the ASGI server does not know the addresses of clients; let it take them from the proxy"
        " (uvicorn: --forwarded-allow-ips)"
    )


# What returns a client's key, by which it is counted together with others, and what says why it has none.
_COUNTED: Mapping[str, tuple[Callable[[Peer[Any]], Hashable], Callable[[Peer[Any]], str | None]]] = {
    "connection": (_nothing, _nothing),
    "user": (_user, _why_no_user),
    "address": (_address, _why_no_address),
}
