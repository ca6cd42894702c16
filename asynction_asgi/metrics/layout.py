"""Which cell holds which number, fixed by the document before any client comes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec.schemas.keywords import ASSERTIONS
from . import families, outcomes
from .families import FAMILIES, Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..spec import Spec
    from ..spec.model import Namespace

    Key = tuple[Family, tuple[str, ...]]
    Series = tuple[Family, tuple[str, ...], tuple[str, ...], int]

NO_NAMESPACE = NO_SCHEME = NO_EVENT = ""  # stands for every name that the document does not declare
_RANKS = {family: rank for rank, family in enumerate(FAMILIES)}
_KEYWORDS = (*ASSERTIONS, "x-ack", outcomes.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Neighbouring cells: the series of a family that differ in the last label only, or a histogram.

    Attributes:
        family: What they belong to.
        labels: The values of all labels, but the last one's if there are `values`.
        values: Those of the last label, a cell for each.
        at: The first cell. A histogram has one for each bucket, one for infinity, and one for the sum.
        shown: How many series, from the first, are there while they are 0.
    """

    family: Family
    labels: tuple[str, ...]
    values: tuple[str, ...]
    at: int
    shown: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.family.buckets) + 2 if self.family.kind == "histogram" else len(self.values) or 1


class Layout:
    """The cells of one application.

    Attributes:
        blocks: In the order of `FAMILIES`.
        size: Number of cells.
        name: The value of the label ``app`` of every series, or None without that label.
    """

    def __init__(self, series: Iterable[Series], name: str | None) -> None:
        blocks: list[Block] = []
        at = 0
        # A document may declare an event by the name that stands for undeclared ones.
        unique = {
            (family, labels): (family, labels, values, shown) for family, labels, values, shown in series
        }
        for family, labels, values, shown in sorted(unique.values(), key=lambda row: _RANKS[row[0]]):
            block = Block(family=family, labels=labels, values=values, at=at, shown=shown)
            blocks.append(block)
            at += block.size
        self.blocks: tuple[Block, ...] = tuple(blocks)
        self.size = at
        self.name = name
        self._places: dict[Key, Block] = {(block.family, block.labels): block for block in blocks}

    @classmethod
    def of(
        cls, spec: Spec, info: Mapping[str, str], *, name: str | None = None, queue: bool = False
    ) -> Layout:
        """Lay out the metrics of a document.

        Args:
            spec: The document, as it is served.
            info: The labels of the metric ``info``.
            name: The value of the label ``app``, for several applications in one process.
            queue: Whether there is a message queue.
        """
        return cls([*_of_process(info, queue=queue), *_of_document(spec)], name)

    @property
    def hash(self) -> bytes:
        """Eight bytes that differ from those of any other layout."""
        digest = hashlib.sha256(repr((self.name, self.blocks)).encode())
        return digest.digest()[:8]

    def block(self, family: Family, *labels: str) -> Block:
        """Return the block of a family with these labels.

        Raises:
            KeyError: There is none.
        """
        return self._places[family, labels]

    def find(self, family: Family, *labels: str) -> Block | None:
        """Return the block of a family with these labels, or None."""
        return self._places.get((family, labels))

    def places(self, block: Block, other: Block) -> Iterator[int | None]:
        """Yield the cell in `block` for each cell of the block of another layout, or None where it has none."""
        if block.values == other.values:
            yield from range(block.at, block.at + block.size)
        else:
            cells = {value: block.at + offset for offset, value in enumerate(block.values)}
            yield from map(cells.get, other.values)

    def index(self, family: Family, *labels: str) -> dict[str, int]:
        """Return the cells of a block by the value of its last label.

        Raises:
            KeyError: There is no such block.
        """
        block = self.block(family, *labels)
        return {value: block.at + offset for offset, value in enumerate(block.values)}


def _of_process(info: Mapping[str, str], *, queue: bool) -> Iterator[Series]:
    """Yield what there is once, whatever the document declares."""
    yield families.INFO, tuple(info[label] for label in families.INFO.labels), (), 1
    for family in (families.TRANSPORTS, families.RECEIVED, families.SENT):
        yield family, (), outcomes.TRANSPORTS, len(outcomes.TRANSPORTS)
    for family in (families.WAITING, families.PAUSES, families.PAUSED, families.DRAINING, families.LOOP_LAG):
        yield family, (), (), 1
    yield families.CLOSED, (), outcomes.CLOSES, len(outcomes.CLOSES)
    yield families.REJECTED, (), outcomes.REJECTIONS, len(outcomes.REJECTIONS)
    if queue:
        yield families.QUEUE_MESSAGES, (), outcomes.DIRECTIONS, len(outcomes.DIRECTIONS)
        yield families.QUEUE_DROPPED, (), outcomes.DROPS, 0
        yield families.QUEUE_LOST, (), outcomes.LOSSES, len(outcomes.LOSSES)
        for family in (
            *(families.QUEUE_RECONNECTS, families.QUEUE_LOST_SECONDS),
            *(families.QUEUE_PENDING, families.QUEUE_SILENCE, families.QUEUE_LAG),
        ):
            yield family, (), (), 1


def _of_document(spec: Spec) -> Iterator[Series]:
    """Yield what there is for each declared namespace, event and scheme, and for what is not declared."""
    names = tuple(spec.namespaces)
    yield families.CONNECTIONS, (), names, len(names)
    yield families.DELIVERIES, (), names, len(names)
    yield families.CONNECTS, (NO_NAMESPACE,), outcomes.CODES, 0
    for scheme in (*spec.schemes, NO_SCHEME):
        yield families.CREDENTIALS_REFUSED, (scheme,), outcomes.CREDENTIALS, 0
    yield families.EMITS, (NO_NAMESPACE, NO_EVENT), outcomes.EMITS, 0
    for namespace in spec.namespaces.values():
        yield from _of_namespace(namespace)
        if spec.security_of(namespace):
            yield families.EXPIRED, (namespace.name,), (), 1


def _of_namespace(namespace: Namespace) -> Iterator[Series]:
    name = namespace.name
    yield families.CONNECTS, (name,), outcomes.CONNECTS, 1
    yield families.DISCONNECTS, (name,), outcomes.DISCONNECTS, 0
    if namespace.recovery is not None:
        yield families.RECOVERIES, (name,), (), 1
    for part in ("auth", "query", "headers"):
        yield families.VIOLATIONS, (name, NO_EVENT, "inbound", part), _KEYWORDS, 0
    yield families.EVENTS, (name, NO_EVENT), outcomes.EVENTS, 0
    yield families.EMITS, (name, NO_EVENT), outcomes.EMITS, 0
    yield families.ACKS, (name, NO_EVENT), outcomes.ACKS, 0
    yield families.VIOLATIONS, (name, NO_EVENT, "inbound", "arguments"), _KEYWORDS, 0
    yield families.VIOLATIONS, (name, NO_EVENT, "outbound", "arguments"), _KEYWORDS, 0
    for event in namespace.receives:
        yield families.EVENTS, (name, event), outcomes.EVENTS, 2
        yield families.EVENT_SECONDS, (name, event), (), 1
        yield families.VIOLATIONS, (name, event, "inbound", "arguments"), _KEYWORDS, 0
        yield families.VIOLATIONS, (name, event, "outbound", "ack"), _KEYWORDS, 0
    for event, declared in namespace.sends.items():
        yield families.EMITS, (name, event), outcomes.EMITS, 1
        yield families.VIOLATIONS, (name, event, "outbound", "arguments"), _KEYWORDS, 0
        yield families.ACKS, (name, event), outcomes.ACKS, int(declared.ack is not None)
        if declared.ack is not None:
            yield families.ACK_SECONDS, (name, event), (), 1
            yield families.VIOLATIONS, (name, event, "inbound", "ack"), _KEYWORDS, 0
