"""How events end, for observers and for metrics; the engine reports it once an answer is encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..engine import Instead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine import Ends, Peer
    from ..errors import RefusedError
    from .conversation import Conversation
    from .observer import Notify

    StateT = TypeVar("StateT")


class Handled:
    """Reports to observers the events that were handled.

    Args:
        tell: `Observer.handled` of all observers.
    """

    times = None

    def __init__(self, tell: Notify) -> None:
        self._tell = tell

    def answered(
        self,
        peer: Peer[Conversation],
        state: Conversation,
        event: str,
        answer: Sequence[Any],
        ack: bool,  # noqa: FBT001  # as `Ends` has it
        seconds: float,
        /,
    ) -> None:
        """Report an event, unless its error handler answered."""
        del seconds
        if type(answer) is not Instead:
            self._tell(peer, event, () if state.guard is None else state.guard.satisfied, ack=ack)

    def refused(self, state: Conversation, event: str, error: RefusedError, seconds: float, /) -> None:
        """Do nothing: observers learn of it where the reason is known."""


def combine(each: Sequence[Ends[StateT]]) -> Ends[StateT] | None:
    """Return what passes everything on to each, in turn; the only one itself, or None without any."""
    return _Several(each) if len(each) > 1 else each[0] if each else None


class _Several:
    times = None

    def __init__(self, each: Sequence[Ends[Any]]) -> None:
        self._each = each

    def answered(self, *about: Any) -> None:
        """Pass on an event that was answered."""
        for ends in self._each:
            ends.answered(*about)

    def refused(self, *about: Any) -> None:
        """Pass on an event that was refused."""
        for ends in self._each:
            ends.refused(*about)
