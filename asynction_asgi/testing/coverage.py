"""How much of its contract a server's tests exercise: events, acknowledgements, refusals, schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RefusedError, SecurityError, ValidationError
from ..server.observer import Observer
from ..spec.model import is_required
from ..spec.model.by_event import find
from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from ..spec.model.schemes import required_schemes, schemes_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from ..engine import Peer
    from ..spec.model import Event, Namespace, Spec

CONNECT, SECURITY = "connect", "security"


class Item(NamedTuple):
    """One thing that a test run can exercise.

    Attributes:
        place: The namespace, as declared; ``security`` for a scheme.
        name: The event, ``connect``, or the scheme.
        aspect: What happened: ``received``, ``acknowledged``, ``refused``, ``sent``, ``answered``,
            ``accepted``.
    """

    place: str
    name: str
    aspect: str


def items_of(spec: Spec) -> Iterator[Item]:
    """Yield everything in a contract that tests can exercise."""
    for name, namespace in spec.namespaces.items():
        yield Item(name, CONNECT, "accepted")
        handshake = namespace.handshake
        if any((handshake.query, handshake.headers, handshake.auth)) or is_required(
            spec.security_of(namespace)
        ):
            yield Item(name, CONNECT, "refused")
        for event in namespace.receives.values():
            yield Item(name, event.name, "received")
            if event.ack is not None:
                yield Item(name, event.name, "acknowledged")
            can_be_refused = event.arguments.kind not in ("any", "opaque") or is_required(event.security)
            if can_be_refused or event.rate is not None:
                yield Item(name, event.name, "refused")
        for event in namespace.sends.values():
            yield Item(name, event.name, "sent")
            if event.ack is not None:
                yield Item(name, event.name, "answered")
    for scheme in required_schemes(spec):
        yield Item(SECURITY, scheme, "accepted")
        yield Item(SECURITY, scheme, "refused")


class Tally:
    """One document's items, and which of them were exercised.

    Attributes:
        items: All of them, in the document's order.
        exercised: The items that tests exercised.
    """

    def __init__(self, items: Iterable[Item] = (), exercised: Iterable[Item] = ()) -> None:
        self.items: dict[Item, None] = dict.fromkeys(items)
        self.exercised: set[Item] = set(exercised)

    @property
    def covered(self) -> int:
        """Number of items that were exercised."""
        return len(self.exercised)

    def add(self, other: Tally) -> None:
        """Add the tally of another run, or of another application of this document."""
        self.items.update(other.items)
        self.exercised |= other.exercised


class Coverage:
    """Tallies of every document served while tests run, by the document's name."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}

    def watch(self, spec: Spec) -> CoverageObserver:
        """Return an observer that counts what an application exercises."""
        name = spec.root.document.name or f"{spec.title} {spec.version}"
        tally = self.tallies.setdefault(name, Tally())
        spec = served_spec(spec)
        tally.add(Tally(items_of(spec)))
        return CoverageObserver(spec, tally)

    @property
    def percent(self) -> float:
        """Percentage of all documents' items that were exercised; 100 if there are no items."""
        total = sum(len(tally.items) for tally in self.tallies.values())
        covered = sum(tally.covered for tally in self.tallies.values())
        return 100.0 * covered / total if total else 100.0

    def as_json(self) -> dict[str, Any]:
        """Return the tallies as JSON, for another process."""
        return {
            name: {"items": [*map(list, tally.items)], "exercised": [*map(list, tally.exercised)]}
            for name, tally in self.tallies.items()
        }

    def add_json(self, form: Mapping[str, Any]) -> None:
        """Add the tallies of another process, as `as_json` returns them."""
        for name, lists in form.items():
            tally = Tally(
                (Item(*item) for item in lists["items"]), (Item(*item) for item in lists["exercised"])
            )
            self.tallies.setdefault(name, Tally()).add(tally)


class CoverageObserver(Observer):
    """Counts what one application does."""

    def __init__(self, spec: Spec, tally: Tally) -> None:
        self._spec = spec
        self._namespaces = Namespaces(spec)
        self._tally = tally

    def connected(self, peer: Peer[Any], schemes: Collection[str]) -> None:
        """Count the namespace and the schemes as accepted."""
        self._count(peer.namespace, CONNECT, "accepted")
        self._accept(schemes)

    def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Count the event as received, as acknowledged if `ack`, and its schemes as accepted."""
        self._count(peer.namespace, event, "received")
        if ack:
            self._count(peer.namespace, event, "acknowledged")
        self._accept(schemes)

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        """Count a refusal, and if credentials were missing or wrong, every required scheme as refused."""
        del code, ref
        if not isinstance(error, RefusedError) or _is_own_fault(error):
            return
        self._count(peer.namespace, event or CONNECT, "refused")
        declared = self._declared(peer.namespace)
        if not isinstance(error, SecurityError) or declared is None:
            return
        required = self._spec.security_of(declared)
        if event is not None:
            found = find(declared.receives, event)
            required = (found.security if found is not None else None) or required
        for scheme in schemes_in(required):
            self._exercise(Item(SECURITY, scheme, "refused"))

    def sent(self, namespace: str, event: str) -> None:
        """Count the event as sent."""
        self._count(namespace, event, "sent")

    def answered(self, namespace: str, event: str) -> None:
        """Count the event as answered."""
        self._count(namespace, event, "answered")

    def _accept(self, schemes: Iterable[str]) -> None:
        for scheme in schemes:
            self._exercise(Item(SECURITY, scheme, "accepted"))

    def _count(self, namespace: str, name: str, aspect: str) -> None:
        declared = self._declared(namespace)
        if declared is None:
            return
        events: Mapping[str, Event] = declared.sends if aspect in ("sent", "answered") else declared.receives
        event = None if name == CONNECT else find(events, name)
        self._exercise(Item(declared.name, name if event is None else event.name, aspect))

    def _exercise(self, item: Item) -> None:
        if item in self._tally.items:
            self._tally.exercised.add(item)

    def _declared(self, namespace: str) -> Namespace | None:
        resolved = self._namespaces.resolve(namespace)
        return None if resolved is None else resolved.declared


def _is_own_fault(error: RefusedError) -> bool:
    """Return whether the server's own output, or an answer to the server, did not match the document."""
    return isinstance(error, ValidationError) and (error.direction == "outbound" or error.part == "ack")
