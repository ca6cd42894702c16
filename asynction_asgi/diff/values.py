"""One value that a contract speaks of, such as an event's arguments, in both contracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spec.containment import Containment
from ..spec.schemas import Mismatch
from .changes import Change, Witness, place_of
from .places import place_along, place_of_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import Direction
    from ..spec.containment import Verdict
    from ..spec.model import Spec
    from ..spec.schemas.definitions import Schema
    from ..spec.text.document import Node
    from .changes import Level, Place


class Contracts:
    """Two contracts, and what compares their schemas in either direction.

    Args:
        old: As it is served.
        new: As it is served.
        effort: Multiplies the steps and tries of each comparison.
        seed: The same search for the same number.
    """

    def __init__(self, old: Spec, new: Spec, *, effort: float, seed: int) -> None:
        self.old = old
        self.new = new
        before, after = old.bundle.definitions, new.bundle.definitions
        self.forwards = Containment(before, after, effort=effort, seed=seed)
        self.backwards = Containment(after, before, effort=effort, seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What one of the contracts says of a value.

    Attributes:
        spec: The contract.
        schema: Uniform, over the definitions of the contract.
        check: Takes a value; returns None or raises `Mismatch`.
        node: Where it is declared.
    """

    spec: Spec
    schema: Schema
    check: Callable[[Any], object]
    node: Node

    def mismatch(self, value: Any) -> Mismatch | None:
        """Return how a value misses the contract, or None if it does not."""
        try:
            self.check(value)
        except Mismatch as mismatch:
            return mismatch
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is compared, in the words of messages.

    Attributes:
        name: Such as ``the ack of 'add user'``.
        part: As in `Change`.
        direction: Who sends it: ``inbound`` is from client to server.
        namespace: The namespace that declares it.
        event: The event's name, or None.
        show: Returns a value as it stands in a message.
        command: Returns the line that shows a value, or ``""``.
    """

    name: str
    part: str
    direction: Direction
    namespace: str
    event: str | None = None
    show: Callable[[Any], str]
    command: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class _Wording:
    level: Level
    code: str
    message: str


# By direction and outcome; {0} is the subject, {1} the value that shows it.
_WORDINGS: dict[tuple[Direction, str], _Wording] = {
    ("inbound", "refuted"): _Wording(
        "breaking", "{}_NARROWED", "{0} refuses what clients may send today: {1}"
    ),
    ("inbound", "closed"): _Wording(
        "breaking", "CLOSED", "{0} refuses members that are not declared, which clients may send today: {1}"
    ),
    ("inbound", "typed"): _Wording(
        "info",
        "MEMBER_NOW_TYPED",
        "{0} now declares a member that clients could send with any value before{1}",
    ),
    ("inbound", "contained"): _Wording("compatible", "{}_WIDENED", "{0} accepts more than today"),
    ("inbound", "unknown"): _Wording(
        "unknown", "{}_CHANGED", "it is not known whether {0} still accepts what clients may send today: {1}"
    ),
    ("outbound", "refuted"): _Wording(
        "breaking", "{}_WIDENED", "{0} may carry what clients do not expect today: {1}"
    ),
    ("outbound", "closed"): _Wording(
        "breaking",
        "OPENED",
        "{0} may carry members that are not declared, which clients do not expect today: {1}",
    ),
    ("outbound", "typed"): _Wording(
        "info", "MEMBER_NO_LONGER_TYPED", "{0} no longer declares a member that clients know today{1}"
    ),
    ("outbound", "contained"): _Wording("compatible", "{}_NARROWED", "{0} carries less than today"),
    ("outbound", "unknown"): _Wording(
        "unknown", "{}_CHANGED", "it is not known whether {0} carries only what clients expect today: {1}"
    ),
}


def compare_values(contracts: Contracts, subject: Subject, old: Value, new: Value) -> Change | None:
    """Return how a value changed, or None if both contracts admit the same."""
    inbound = subject.direction == "inbound"
    inner, outer = (old, new) if inbound else (new, old)
    containment, reverse = contracts.forwards, contracts.backwards
    if not inbound:
        containment, reverse = reverse, containment

    def accepts(value: Any) -> bool:
        return inner.mismatch(value) is None

    def refuses(value: Any) -> bool:
        return outer.mismatch(value) is not None

    verdict = containment.decide(inner.schema, outer.schema, accepts, refuses)
    if verdict.outcome == "same":
        return None
    if verdict.outcome == "contained" and reverse.is_contained(outer.schema, inner.schema):
        return None
    refusing, pointer = _refusal(verdict, outer)
    accepting = place_along(inner.schema, inner.spec.bundle.definitions, pointer, inner.node)
    wording = _WORDINGS[subject.direction, verdict.outcome]
    return Change(
        level=wording.level,
        code=wording.code.format(subject.part.upper()),
        message=wording.message.format(subject.name, _detail(verdict, subject)),
        namespace=subject.namespace,
        event=subject.event,
        part=subject.part,
        witness=Witness(value=verdict.witness, command=subject.command(verdict.witness))
        if verdict.has_witness
        else None,
        old=accepting if inbound else refusing,
        new=refusing if inbound else accepting,
    )


def _detail(verdict: Verdict, subject: Subject) -> str:
    if verdict.outcome == "unknown":
        obligation = verdict.obligations[0]
        if not obligation.keyword:
            return "the comparison was cut short; raise --effort"
        return f"found neither a proof nor a counterexample for {obligation.keyword!r}"
    if verdict.outcome == "typed":
        return f": {subject.show(verdict.witness)}" if verdict.has_witness else ""
    return subject.show(verdict.witness) if verdict.has_witness else ""


def _refusal(verdict: Verdict, outer: Value) -> tuple[Place, str]:
    """Where the outer contract refuses what was found, and the pointer into that value."""
    if verdict.has_witness:
        mismatch = outer.mismatch(verdict.witness)
        if mismatch is not None:
            pointer = mismatch.violations[0].pointer if mismatch.violations else ""
            place = place_of_rule(mismatch, outer.spec)
            definitions = outer.spec.bundle.definitions
            return place or place_along(outer.schema, definitions, pointer, outer.node), pointer
    for obligation in verdict.obligations:
        node = obligation.node
        if node is not None and node.pointer:
            return place_of(node.get(obligation.keyword) or node), ""
    return place_of(outer.node), ""
