"""How often a run may send: it keeps to the rates of the document, which are not what it tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..engine import Bucket
from ..spec.model.by_event import ByEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.model import Namespace, Rate
    from .session import Session

_SLOWER = 0.95  # of the rate, since events don't arrive at the intervals at which they are sent
_CHANNEL = None  # in place of an event's name


class Supply:
    """What the rates of a namespace leave to a run, whose connections are of one user and one address.

    Args:
        declared: The namespace.
    """

    def __init__(self, declared: Namespace) -> None:
        self._events = ByEvent(declared.receives, None)
        self._rate = declared.rate
        self._shared: dict[str | None, Bucket] = {}
        self._own: WeakKeyDictionary[Session, dict[str | None, Bucket]] = WeakKeyDictionary()

    def rates(self, event: str) -> Iterator[tuple[str | None, Rate]]:
        """Yield the rates that count an event, that of the message under its name and the channel's under None."""
        declared = self._events[event]
        if declared is not None and declared.rate is not None:
            yield declared.name, declared.rate
        if self._rate is not None:
            yield _CHANNEL, self._rate

    def renews(self, event: str) -> bool:
        """Return whether an event may be sent at once on a new connection."""
        return all(rate.by == "connection" for _, rate in self.rates(event))

    def wait(self, session: Session | None, event: str) -> float:
        """Return after how many seconds an event may be sent on a connection, or with None on a new one."""
        return max((bucket.wait() for bucket in self._buckets(session, event)), default=0.0)

    def take(self, session: Session, event: str) -> None:
        """Count an event that is sent."""
        for bucket in self._buckets(session, event):
            bucket.overdraw()

    def _buckets(self, session: Session | None, event: str) -> Iterator[Bucket]:
        for name, rate in self.rates(event):
            if rate.by != "connection":
                buckets = self._shared
            elif session is None:
                continue
            else:
                buckets = self._own.setdefault(session, {})
            if name not in buckets:
                buckets[name] = Bucket(_SLOWER * rate.limit / rate.per, rate.burst)
            yield buckets[name]
