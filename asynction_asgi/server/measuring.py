"""The metrics of one application: what counts, and what is read from the engine when they are."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from .. import __version__
from ..engine import queue_of
from ..metrics import Metrics, families
from ..metrics.layout import Layout
from ..metrics.outcomes import OTHER
from .tallies import Tallies
from .times import AnswerTimes, EventTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..engine import Server
    from ..engine.cluster.view import Queue
    from ..metrics import Family
    from ..metrics.health import Health
    from ..spec import Spec
    from .contract import Contract
    from .sending import Sending
    from .validation import Validation

_TICK_SECONDS = 1.0
_TICKS_KEPT = 15


def create_measuring(
    option: object,
    spec: Spec,
    validation: Validation,
    *,
    queue: bool,
) -> Measuring | None:
    """Return what measures an application, or None if the option ``metrics`` says so.

    Args:
        option: That option.
        spec: The document, as it is served.
        validation: How strictly it is checked.
        queue: Whether there is a message queue.

    Raises:
        TypeError: The option is neither a bool nor a name.
    """
    if option is False:
        return None
    name = option if isinstance(option, str) else None
    if option is not True and not name:
        raise TypeError(f"metrics takes True, False, or the name of the application, not {option!r}")
    info = {
        "version": __version__,
        "document": spec.title,
        "document_version": spec.version,
        "inbound": validation.inbound,
        "outbound": validation.outbound,
    }
    layout = Layout.of(spec, info, name=name, queue=queue)
    return Measuring(Metrics(layout), spec)


class Measuring:
    """Counts what an application does, and reads the rest from the engine whenever metrics are read.

    Args:
        metrics: Where to.
        spec: The document, as it is served.

    Attributes:
        metrics: As given.
        tallies: Observes the application.
    """

    def __init__(self, metrics: Metrics, spec: Spec) -> None:
        self.metrics = metrics
        self.tallies = Tallies(metrics, spec)
        self._late: deque[float] = deque([0.0], maxlen=_TICKS_KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._health: Callable[[], Health] | None = None
        self._times: EventTimes | None = None

    def attach(self, server: Server, sending: Sending, contract: Contract) -> EventTimes:
        """Count and measure from the first client on, with the cells that the process keeps.

        Args:
            server: Counts what only the engine sees, which is read whenever metrics are read.
            sending: Is given what measures the answers to calls.
            contract: Whose events they are.

        Returns:
            What measures events.
        """
        if self._times is None:  # an application may start again
            queue = queue_of(server.manager)
            server.count_traffic(self.tallies.delivered)
            sending.measure_answer = AnswerTimes(self.metrics, contract).took
            self._times = times = EventTimes(self.metrics, contract)
            self.metrics.refresh = lambda: self._refresh(server, times, queue)
        return self._times

    def start(self, health: Callable[[], Health]) -> None:
        """Begin to add up times and look at the clock once a second, and to tell a supervisor of the process' health."""
        if self._timer is None:
            self._health = health
            loop = asyncio.get_running_loop()
            self._tick(loop, loop.time())

    def stop(self) -> None:
        """Look at the clock no more."""
        if self._timer is not None and self._health is not None:
            self._timer.cancel()
            self._timer = None
            self.metrics.end(self._health())

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._late.append(max(now - due, 0.0))
        self._timer = loop.call_at(now + _TICK_SECONDS, self._tick, loop, now + _TICK_SECONDS)
        # After the next tick is planned, which a failure must not prevent.
        if self._times is not None:
            self._times.fold()
        if self._health is not None:
            self.metrics.beat(self._health())

    def _refresh(self, server: Server, times: EventTimes, queue: Queue | None) -> None:
        times.fold()
        sockets = list(server.eio.sockets.values())
        over = sum(socket.websocket is not None for socket in sockets)
        self._row(families.TRANSPORTS, {"websocket": over, "polling": len(sockets) - over})
        counts = server.counts
        received = {"websocket": counts.received_by_websocket, "polling": counts.received_by_polling}
        self._row(families.RECEIVED, received)
        sent = {"websocket": counts.sent_by_websocket, "polling": counts.sent_by_polling}
        self._row(families.SENT, sent)
        self._set(families.WAITING, sum(socket.waiting for socket in sockets))
        self._set(families.PAUSES, counts.pauses)
        self._set(families.PAUSED, counts.paused_seconds)
        self._set(families.DRAINING, server.stopping)
        self._set(families.LOOP_LAG, max(self._late))
        if queue is not None:
            self._refresh_queue(queue)

    def _refresh_queue(self, queue: Queue) -> None:
        traffic = queue.traffic
        self._row(families.QUEUE_MESSAGES, {"written": traffic.written, "read": traffic.read})
        self._row(families.QUEUE_DROPPED, queue.dropped)
        self._row(families.QUEUE_LOST, queue.lost)
        self._set(families.QUEUE_RECONNECTS, traffic.outages)
        self._set(families.QUEUE_LOST_SECONDS, queue.without)
        self._set(families.QUEUE_PENDING, queue.pending)
        self._set(families.QUEUE_SILENCE, traffic.silence)
        self._set(families.QUEUE_LAG, traffic.lag)

    def _set(self, family: Family, value: float) -> None:
        self.metrics.cells[self.metrics.layout.block(family).at] = value

    def _row(self, family: Family, values: Mapping[str, float]) -> None:
        """Set the series of a family whose only label says what is counted; unknown values are added up."""
        row = self.metrics.layout.index(family)
        others = sum(value for name, value in values.items() if name not in row)
        for name, place in row.items():
            self.metrics.cells[place] = values.get(name, 0) + (others if name == OTHER else 0)
