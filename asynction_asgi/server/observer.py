"""What may watch a contract at work, such as the coverage of a test run; nothing does otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Observer"]


class Observer(Protocol):
    """Is told what one application does under its document; names of namespaces are concrete."""

    def connected(self, namespace: str, schemes: Collection[str]) -> None:
        """A client was accepted, by these security schemes."""
        ...

    def handled(self, namespace: str, event: str, schemes: Collection[str], *, ack: bool) -> None:
        """An event's handler returned, and its acknowledgement passed where one was asked for."""
        ...

    def refused(self, namespace: str, event: str | None, error: BaseException) -> None:
        """An event, or with None a connection, was refused or failed."""
        ...

    def sent(self, namespace: str, event: str) -> None:
        """The server emitted an event."""
        ...

    def answered(self, namespace: str, event: str) -> None:
        """A client acknowledged one."""
        ...
