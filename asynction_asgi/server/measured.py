"""The dispatcher and the sender with a clock, chosen at the start if there are metrics.

Without metrics the classes without the clock are used, so that measuring costs nothing then.
"""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..errors import AckValidationError, DisconnectedError, RefusedError, ValidationError
from ..metrics import families
from ..metrics.layout import NO_EVENT
from ..reasons import Code
from .by_event import ByEvent
from .dispatch import Conversation, Dispatcher
from .sending import Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..engine import Peer, Sender
    from ..metrics import Layout, Metrics
    from ..spec.model import Namespace
    from .calls import Call
    from .contract import Contract
    from .emitting import Emitting

    _Cells = tuple[int, int | None, int]

__all__ = ["MeasuredDispatcher", "MeasuredSending"]

_BOUNDS = families.EVENT_SECONDS.buckets
_ACK_BOUNDS = families.ACK_SECONDS.buckets
# The codes by which the server says that it failed; of other refusals, the duration would flatter it.
_FAILURES = frozenset({Code.INTERNAL_ERROR, Code.INVALID_ACK, Code.TIMEOUT})


class _Instead(list[Any]):
    """The answer of an error handler; the event itself was not handled.

    Attributes:
        failed: Whether the server failed, and not the client.
    """

    __slots__ = ("failed",)

    def __init__(self, answer: Sequence[Any], *, failed: bool) -> None:
        super().__init__(answer)
        self.failed = failed


class MeasuredDispatcher(Dispatcher):
    """A dispatcher that counts handled events and measures how long they take."""

    def __init__(self, contract: Contract, app: Emitting, metrics: Metrics) -> None:
        super().__init__(contract, app)
        self._metrics = metrics
        self._cells = {
            routes: _cells(metrics.layout, routes.declared) for routes in contract.routes.namespaces.values()
        }
        parts = contract.outbound, self._failures, self.connections, app
        self.sending = MeasuredSending(*parts, metrics=metrics, contract=contract)

    async def event(
        self, peer: Peer[Conversation], event: str, arguments: list[Any], *, ack: bool
    ) -> Sequence[Any]:
        """Do what `Dispatcher.event` does, and measure it."""
        handled, first, total = self._cells[peer.state.routes][event]
        began = perf_counter()
        try:
            answer = await Dispatcher.event(
                self, peer, event, arguments, ack=ack
            )  # super() would take its time
        except RefusedError as error:
            if error.code in _FAILURES and first is not None:
                self._took(perf_counter() - began, first, total)
            raise
        seconds = perf_counter() - began
        if type(answer) is not _Instead:
            self._metrics.cells[handled] += 1
        elif not answer.failed:
            return answer
        if first is not None:
            self._took(seconds, first, total)
        return answer

    def _took(self, seconds: float, first: int, total: int) -> None:
        cells = self._metrics.cells
        cells[first + bisect_left(_BOUNDS, seconds)] += 1
        cells[total] += seconds

    async def _answer(
        self,
        peer: Peer[Conversation],
        conversation: Conversation,
        call: Call,
        error: BaseException,
        refusal_of: Callable[..., BaseException],
    ) -> Sequence[Any]:
        answer = await super()._answer(peer, conversation, call, error, refusal_of)
        return _Instead(answer, failed=_is_failure(error))


class MeasuredSending(Sending):
    """A sender that measures how long clients take to answer calls."""

    def __init__(self, *parts: Any, metrics: Metrics, contract: Contract) -> None:
        super().__init__(*parts)
        self._metrics = metrics
        self._namespaces = contract.namespaces
        self._answers = {
            namespace.name: ByEvent(
                {
                    event: metrics.layout.find(families.ACK_SECONDS, namespace.name, event)
                    for event in namespace.sends
                },
                None,
            )
            for namespace in contract.spec.namespaces.values()
        }

    async def _ask(
        self, sender: Sender, event: str, data: Any, to: str, namespace: str, *options: Any
    ) -> Any:
        began = perf_counter()
        answer = await super()._ask(sender, event, data, to, namespace, *options)
        seconds = perf_counter() - began
        resolved = self._namespaces.resolve(namespace)
        if resolved is not None:
            block = self._answers[resolved.declared.name][event]
            if block is not None:
                self._metrics.cells[block.at + bisect_left(_ACK_BOUNDS, seconds)] += 1
                self._metrics.cells[block.at + block.size - 1] += seconds
        return answer


def _cells(layout: Layout, namespace: Namespace) -> ByEvent[_Cells]:
    """Return the cells of each event: its counter, the first of its histogram or None, and the histogram's sum."""

    def cells(event: str) -> _Cells:
        handled = layout.index(families.EVENTS, namespace.name, event)["handled"]
        block = layout.find(families.EVENT_SECONDS, namespace.name, event)
        return (handled, None, 0) if block is None else (handled, block.at, block.at + block.size - 1)

    return ByEvent({event: cells(event) for event in namespace.receives}, cells(NO_EVENT))


def _is_failure(error: BaseException) -> bool:
    """Return whether the server failed to handle an event, which an error handler answered."""
    if isinstance(error, ValidationError):  # outbound, of what the handler sent or returned
        return error.direction == "outbound" or isinstance(error, AckValidationError)
    if isinstance(error, RefusedError):
        return error.code in _FAILURES
    return not isinstance(error, DisconnectedError)
