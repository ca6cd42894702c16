"""Counts what observers learn, in the cells that the document's layout gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AckValidationError, SecurityError, ValidationError
from ..metrics import families
from ..metrics.layout import NO_EVENT, NO_NAMESPACE, NO_SCHEME
from ..metrics.outcomes import OTHER
from ..spec.model.by_event import WILDCARD, ByEvent
from ..spec.model.namespaces import Namespaces
from .observer import Observer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, MutableMapping

    from ..engine import Peer
    from ..metrics import Family, Layout, Metrics
    from ..reasons import Close, Rejection, Unanswered
    from ..spec import Spec

    Scope = MutableMapping[str, Any]


class Tallies(Observer):
    """Counts everything but events that were handled; `EventTimes` counts those.

    Args:
        metrics: Holds the cells.
        spec: The document, as it is served.
    """

    def __init__(self, metrics: Metrics, spec: Spec) -> None:
        self._metrics = metrics
        self._namespaces = Namespaces(spec)
        self._sent = _cells_of_sent(spec, metrics.layout)
        self._rows: dict[tuple[Family, tuple[str, ...]], Mapping[str, int]] = {
            (block.family, block.labels): metrics.layout.index(block.family, *block.labels)
            for block in metrics.layout.blocks
            if block.values
        }

    # -- what observers receive --------------------------------------------------------------

    def connected(self, peer: Peer[Any], schemes: Collection[str]) -> None:
        """Count a client that was accepted."""
        del schemes
        namespace = self._declared(peer.namespace)
        self._count(families.CONNECTS, namespace, last="accepted")
        self._count(families.CONNECTIONS, last=namespace)
        if peer.recovered:
            self._count_one(families.RECOVERIES, namespace)

    def disconnected(self, peer: Peer[Any], reason: str) -> None:
        """Count a client that left."""
        namespace = self._declared(peer.namespace)
        self._count(families.DISCONNECTS, namespace, last=reason)
        self._count(families.CONNECTIONS, last=namespace, by=-1)

    def expired(self, peer: Peer[Any]) -> None:
        """Count a client that is disconnected because its credential has expired."""
        self._count_one(families.EXPIRED, self._declared(peer.namespace))

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        """Count a refused event or connection, and what of it did not match the document."""
        del ref
        namespace = self._declared(peer.namespace)
        if event is None:
            self._count(families.CONNECTS, namespace, last=code)
            name = NO_EVENT
        else:
            name = self._received(namespace, event)
            self._count(families.EVENTS, namespace, name, last=code)
        if isinstance(error, SecurityError) and error.reason is not None:
            self._count(families.CREDENTIALS_REFUSED, error.scheme or NO_SCHEME, last=error.reason)
        if isinstance(error, ValidationError) and _is_own(error):
            self._violate(error, namespace, name)

    def violated(self, error: ValidationError, namespace: str, event: str | None) -> None:
        """Count what the setting ``warn`` let through."""
        self._violate(error, namespace, NO_EVENT if event is None else event)

    def sent(self, namespace: str, event: str) -> None:
        """Count an event that was emitted."""
        self._metrics.cells[self._sent[self._declared(namespace)][event]] += 1

    def unsent(self, namespace: str, event: str, error: ValidationError) -> None:
        """Count an event that was not emitted."""
        declared = self._declared(namespace)
        name = self._emitted(declared, event)
        self._count(families.EMITS, declared, name, last=error.code)
        self._violate(error, declared, name)

    def answered(self, namespace: str, event: str) -> None:
        """Count an answer of a client."""
        declared = self._declared(namespace)
        self._count(families.ACKS, declared, self._emitted(declared, event), last="answered")

    def unanswered(self, namespace: str, event: str, reason: Unanswered, error: BaseException) -> None:
        """Count an answer that did not come, or does not match."""
        declared = self._declared(namespace)
        name = self._emitted(declared, event)
        self._count(families.ACKS, declared, name, last=reason)
        if isinstance(error, ValidationError):
            self._violate(error, declared, name)

    def closing(self, reason: Close, sid: str, scope: Scope, detail: str) -> None:
        """Count a connection that the server closes."""
        del sid, scope, detail
        self._count(families.CLOSED, last=reason)

    def rejected(self, reason: Rejection, scope: Scope | None, detail: str) -> None:
        """Count a request that was rejected."""
        del scope, detail
        self._count(families.REJECTED, last=reason)

    def delivered(self, namespace: str, recipients: int) -> None:
        """Count the clients of this process that an emitted event goes to; the engine calls this."""
        if recipients:
            self._count(families.DELIVERIES, last=self._declared(namespace), by=recipients)

    # -- names ---------------------------------------------------------------------------------

    def _declared(self, namespace: str) -> str:
        resolved = self._namespaces.resolve(namespace)
        return NO_NAMESPACE if resolved is None else resolved.declared.name

    def _received(self, namespace: str, event: str) -> str:
        return self._known(families.EVENTS, namespace, event)

    def _emitted(self, namespace: str, event: str) -> str:
        return self._known(families.EMITS, namespace, event)

    def _known(self, family: Family, namespace: str, event: str) -> str:
        """Return the name of an event in the document: itself, the wildcard, or the name of all others."""
        if (family, (namespace, event)) in self._rows:
            return event
        return WILDCARD if (family, (namespace, WILDCARD)) in self._rows else NO_EVENT

    # -- cells ---------------------------------------------------------------------------------

    def _violate(self, error: ValidationError, namespace: str, event: str) -> None:
        if error.keyword:
            self._count(
                families.VIOLATIONS, namespace, event, error.direction, error.part, last=error.keyword
            )

    def _count_one(self, family: Family, namespace: str) -> None:
        """Add to the only cell that a namespace has of a metric."""
        self._metrics.cells[self._metrics.layout.block(family, namespace).at] += 1

    def _count(self, family: Family, *labels: str, last: str, by: int = 1) -> None:
        """Add to the cell of a series; a value that the layout does not have counts as other."""
        row = self._rows.get((family, labels))
        if row is not None:
            at = row.get(last, row.get(OTHER))
            if at is not None:
                self._metrics.cells[at] += by


def _cells_of_sent(spec: Spec, layout: Layout) -> Mapping[str, ByEvent[int]]:
    """Return the cell of each event that the server emits, by namespace."""

    def cell(namespace: str, event: str) -> int:
        return layout.index(families.EMITS, namespace, event)["sent"]

    events = {name: namespace.sends for name, namespace in spec.namespaces.items()}
    return {
        name: ByEvent({event: cell(name, event) for event in sends}, cell(name, NO_EVENT))
        for name, sends in (*events.items(), (NO_NAMESPACE, ()))
    }


def _is_own(error: ValidationError) -> bool:
    """Return whether an error is about what the client sent or gets; other emits and answers count elsewhere."""
    return (error.direction == "outbound") == isinstance(error, AckValidationError)
