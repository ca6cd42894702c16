"""How long events take, and clients to answer; without metrics, nothing reads the clock."""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..engine import Instead
from ..metrics import families
from ..metrics.layout import NO_EVENT
from ..reasons import Code
from ..spec.model.by_event import ByEvent
from .failures import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableSequence, Sequence

    from ..errors import RefusedError
    from ..metrics import Layout, Metrics
    from ..spec.model import Namespace
    from .contract import Contract

_BOUNDS = families.EVENT_SECONDS.buckets
_SHORT = _BOUNDS[0]
# The codes by which the server says that it failed; of other refusals, the duration would flatter it.
_FAILURES = frozenset({Code.INTERNAL_ERROR, Code.INVALID_ACK, Code.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """What is kept of one event.

    Attributes:
        counter: The cell that counts the events that were handled.
        first: The first cell of the histogram, or None without a histogram.
        total: The cell for the sum of the histogram.
        handled: Seconds that are not in these cells yet, of events that were handled.
        failed: Likewise, of events at which the server failed.
    """

    counter: int
    first: int | None
    total: int
    handled: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)

    def fold(self, cells: MutableSequence[float]) -> None:
        """Add to the cells what was noted since the last time; not from two threads at once."""
        if self.handled:
            cells[self.counter] += self._measure(self.handled, cells)
        if self.failed:
            self._measure(self.failed, cells)

    def _measure(self, noted: list[float], cells: MutableSequence[float]) -> int:
        """Move durations into the histogram, and return how many they are."""
        count = len(noted)  # the event loop may append more meanwhile
        durations = noted[:count]
        del noted[:count]
        if self.first is not None:
            # Most events fall into the first bucket, for which there is nothing to search.
            longer = [seconds for seconds in durations if seconds > _SHORT]
            cells[self.first] += count - len(longer)
            for seconds in longer:
                cells[self.first + bisect_left(_BOUNDS, seconds)] += 1
            cells[self.total] += sum(durations)
        return count


class NamespaceTimes:
    """Counts and measures the events of a namespace.

    Args:
        events: What is kept of each, by name.
        others: What is kept of all others together.

    Attributes:
        times: The durations of events that were handled.
        series: All that is kept.
    """

    def __init__(self, events: Mapping[str, _Series], others: _Series) -> None:
        self.times = ByEvent({event: series.handled for event, series in events.items()}, others.handled)
        self._failed = ByEvent({event: series.failed for event, series in events.items()}, others.failed)
        self.series = (*events.values(), others)

    def answered(
        self,
        peer: object,
        state: object,
        event: str,
        answer: Sequence[Any],
        ack: bool,  # noqa: FBT001  # as `Ends` has it
        seconds: float,
        /,
    ) -> None:
        """Note the time of an event, unless its error handler answered what the client did wrong."""
        del peer, state, ack
        if type(answer) is not Instead:
            self.times[event].append(seconds)
        elif code_of(answer.error) in _FAILURES:
            self._failed[event].append(seconds)

    def refused(self, state: object, event: str, error: RefusedError, seconds: float, /) -> None:
        """Note the time of an event at which the server failed."""
        del state
        if error.code in _FAILURES:
            self._failed[event].append(seconds)


class EventTimes:
    """Counts events that were handled, and measures them and those at which the server failed.

    Their durations are noted one by one, which is cheap, and added up by `fold` now and then.

    Args:
        metrics: Where to; its cells are those that the process keeps.
        contract: Whose events they are.

    Attributes:
        by_routes: What takes the durations of each namespace.
    """

    def __init__(self, metrics: Metrics, contract: Contract) -> None:
        self._cells = metrics.cells
        self._lock = threading.Lock()
        self.by_routes = {
            routes: _times_of(metrics.layout, routes.declared)
            for routes in contract.routes.namespaces.values()
        }
        self._series = [series for times in self.by_routes.values() for series in times.series]

    def fold(self) -> None:
        """Add to the cells what was noted since the last time; from any thread."""
        with self._lock:
            for series in self._series:
                series.fold(self._cells)


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


def _times_of(layout: Layout, namespace: Namespace) -> NamespaceTimes:
    def series(event: str) -> _Series:
        counter = layout.index(families.EVENTS, namespace.name, event)["handled"]
        block = layout.find(families.EVENT_SECONDS, namespace.name, event)
        if block is None:
            return _Series(counter=counter, first=None, total=0)
        return _Series(counter=counter, first=block.at, total=block.at + block.size - 1)

    return NamespaceTimes({event: series(event) for event in namespace.receives}, series(NO_EVENT))
