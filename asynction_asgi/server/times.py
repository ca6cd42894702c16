"""How long events take, and clients to answer; without metrics, nothing reads the clock."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import AckValidationError, DisconnectedError, RefusedError, ValidationError
from ..metrics import families
from ..metrics.layout import NO_EVENT
from ..reasons import Code
from ..spec.model.by_event import ByEvent
from .ends import Instead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine import Peer
    from ..metrics import Layout, Metrics
    from ..spec.model import Namespace
    from .contract import Contract
    from .dispatch import Conversation

__all__ = ["AnswerTimes", "EventTimes"]

_BOUNDS = families.EVENT_SECONDS.buckets
_SHORT = _BOUNDS[0]
# The codes by which the server says that it failed; of other refusals, the duration would flatter it.
_FAILURES = frozenset({Code.INTERNAL_ERROR, Code.INVALID_ACK, Code.TIMEOUT})


# The cells of one event: its counter, the first of its histogram or None, and the sum of the histogram. A tuple and
# no class of its own, which Python would unpack several times as slowly.
_Cells: TypeAlias = tuple[int, int | None, int]


class EventTimes:
    """Counts events that were handled, and measures them and those at which the server failed.

    Args:
        metrics: Where to; its cells are those that the process keeps.
        contract: Whose events they are.
    """

    def __init__(self, metrics: Metrics, contract: Contract) -> None:
        self._cells = metrics.cells
        self._events = {
            routes: _cells_of(metrics.layout, routes.declared)
            for routes in contract.routes.namespaces.values()
        }

    def answered(
        self,
        peer: Peer[Any],
        state: Conversation,
        event: str,
        answer: Sequence[Any],
        ack: bool,  # noqa: FBT001  # as `Ends` has it
        seconds: float,
        /,
    ) -> None:
        """Count and measure an event, unless its error handler answered what the client did wrong."""
        del peer, ack
        handled, first, total = self._events[state.routes][event]
        cells = self._cells
        if type(answer) is not Instead:
            cells[handled] += 1
        elif not _is_failure(answer.error):
            return
        if first is not None:
            # Most events fall into the first bucket, for which there is nothing to search.
            cells[first if seconds <= _SHORT else first + bisect_left(_BOUNDS, seconds)] += 1
            cells[total] += seconds

    def refused(self, state: Conversation, event: str, error: RefusedError, seconds: float, /) -> None:
        """Measure an event at which the server failed."""
        _, first, total = self._events[state.routes][event]
        if error.code in _FAILURES and first is not None:
            self._cells[first + bisect_left(_BOUNDS, seconds)] += 1
            self._cells[total] += seconds


class AnswerTimes:
    """Measures how long clients take to answer calls; arguments as those of `EventTimes`."""

    def __init__(self, metrics: Metrics, contract: Contract) -> None:
        self._cells = metrics.cells
        self._namespaces = contract.namespaces
        self._events = {
            name: ByEvent(
                {event: metrics.layout.find(families.ACK_SECONDS, name, event) for event in namespace.sends},
                None,
            )
            for name, namespace in contract.spec.namespaces.items()
        }

    def took(self, namespace: str, event: str, seconds: float) -> None:
        """Measure the answer to a call in a concrete namespace."""
        resolved = self._namespaces.resolve(namespace)
        block = None if resolved is None else self._events[resolved.declared.name][event]
        if block is not None:
            self._cells[block.at + bisect_left(block.family.buckets, seconds)] += 1
            self._cells[block.at + block.size - 1] += seconds


def _cells_of(layout: Layout, namespace: Namespace) -> ByEvent[_Cells]:
    def cells(event: str) -> _Cells:
        handled = layout.index(families.EVENTS, namespace.name, event)["handled"]
        block = layout.find(families.EVENT_SECONDS, namespace.name, event)
        if block is None:
            return handled, None, 0
        return handled, block.at, block.at + block.size - 1

    return ByEvent({event: cells(event) for event in namespace.receives}, cells(NO_EVENT))


def _is_failure(error: BaseException) -> bool:
    """Return whether the server failed to handle an event that its error handler has answered."""
    if isinstance(error, ValidationError):  # outbound, of what the handler sent or returned
        return error.direction == "outbound" or isinstance(error, AckValidationError)
    if isinstance(error, RefusedError):
        return error.code in _FAILURES
    return not isinstance(error, DisconnectedError)
