"""What a connection sends through: checked emits and calls, by any sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..engine import Audience, Sender, Server
    from .asking import Asking


class Sends(Protocol):
    """Emits and calls by a given sender, checked against the document before they are sent."""

    async def emit(
        self,
        sender: Sender,
        event: str,
        data: Any,
        *,
        namespace: str,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
    ) -> None:
        """Emit an event."""
        ...

    async def call(
        self,
        sender: Sender,
        event: str,
        data: Any,
        *,
        to: str,
        namespace: str,
        timeout: float | None,  # noqa: ASYNC109  # python-socketio's parameter
        ignore_queue: bool = False,
    ) -> Any:
        """Emit to one client and return its answer."""
        ...

    def ask(
        self,
        server: Server,
        event: str,
        data: Any,
        *,
        to: Audience | None,
        namespace: str,
        timeout: float,
    ) -> Asking:
        """Make a question to many clients."""
        ...
