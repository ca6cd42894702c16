"""What may watch contracts at work, such as the coverage of a test run."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ..spec import Spec

logger = get_logger()

observing: ContextVar[Callable[[Spec], Observer] | None] = ContextVar("observing", default=None)
"""Makes the observer of each contract that is bound in this context, or None.

A thread that is started by `threading.Thread` has a context of its own, so contracts that are bound in it
are not observed; `asyncio.to_thread` and anyio's worker threads run in the context of their caller.
"""


class Observer:
    """Receives what one application does under its document; names of namespaces are concrete.

    Subclass it and define the methods that you need. They must return at once; what they raise is logged.
    """

    def connected(self, namespace: str, schemes: Collection[str]) -> None:
        """Count a client that was accepted, by these security schemes."""

    def handled(self, namespace: str, event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Count an event whose handler returned, and whose acknowledgement passed if there is one."""

    def refused(self, namespace: str, event: str | None, error: BaseException) -> None:
        """Count an event, or with None a connection, that was refused or failed."""

    def sent(self, namespace: str, event: str) -> None:
        """Count an event that the server emitted."""

    def answered(self, namespace: str, event: str) -> None:
        """Count an emitted event that a client acknowledged."""


class Observers(Observer):
    """Several observers as one, which can't disturb what it watches."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def connected(self, namespace: str, schemes: Collection[str]) -> None:
        """Tell all of them."""
        self._tell("connected", namespace, schemes)

    def handled(self, namespace: str, event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Tell all of them."""
        self._tell("handled", namespace, event, schemes, ack=ack)

    def refused(self, namespace: str, event: str | None, error: BaseException) -> None:
        """Tell all of them."""
        self._tell("refused", namespace, event, error)

    def sent(self, namespace: str, event: str) -> None:
        """Tell all of them."""
        self._tell("sent", namespace, event)

    def answered(self, namespace: str, event: str) -> None:
        """Tell all of them."""
        self._tell("answered", namespace, event)

    def _tell(self, method: str, /, *about: Any, **named: Any) -> None:
        for observer in self._observers:
            try:
                getattr(observer, method)(*about, **named)
            except Exception:
                logger.exception("%s.%s failed", type(observer).__name__, method)


def observers_of(spec: Spec, observers: Sequence[Observer]) -> Observer | None:
    """Return the given observers, with that of the context, as one; None if there are none."""
    observe = observing.get()
    found = [*observers, *(() if observe is None else (observe(spec),))]
    return Observers(found) if found else None
