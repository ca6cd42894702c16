"""What may watch contracts at work, such as the coverage of a test run."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..spec import Spec

observing: ContextVar[Callable[[Spec], Observer] | None] = ContextVar("observing", default=None)
"""Makes the observer of each contract that is bound in this context, or None.

A thread that is started by `threading.Thread` has a context of its own, so contracts that are bound in it
are not observed; `asyncio.to_thread` and anyio's worker threads run in the context of their caller.
"""


class Observer(Protocol):
    """Receives what one application does under its document; names of namespaces are concrete."""

    def connected(self, namespace: str, schemes: Collection[str]) -> None:
        """Count a client that was accepted, by these security schemes."""
        ...

    def handled(self, namespace: str, event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Count an event whose handler returned, and whose acknowledgement passed if there is one."""
        ...

    def refused(self, namespace: str, event: str | None, error: BaseException) -> None:
        """Count an event, or with None a connection, that was refused or failed."""
        ...

    def sent(self, namespace: str, event: str) -> None:
        """Count an event that the server emitted."""
        ...

    def answered(self, namespace: str, event: str) -> None:
        """Count an emitted event that a client acknowledged."""
        ...
