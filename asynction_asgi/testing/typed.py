"""A test client as the typed classes of a client module take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RefusedError, refusal
from ..server.conversion.outgoing import arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client import TestClient

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test


def wire(client: TestClient) -> _Wire:
    """Return a test client under the methods of python-socketio's, for the classes that ``client`` writes.

    Args:
        client: Connected to the namespace of the class.
    """
    return _Wire(client)


class _Wire:
    """The methods of ``socketio.AsyncClient`` that a client module calls, in one namespace."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    async def emit(self, event: str, data: Any = None, namespace: str | None = None) -> None:
        """Emit an event; raises as `TestClient.emit` does, and ValueError for another namespace."""
        self._check(namespace)
        await self._client.emit(event, *arguments_of(data))

    async def call(self, event: str, data: Any = None, namespace: str | None = None) -> Any:
        """Emit an event and return its acknowledgement, which may be a refusal; raises as `emit` does."""
        self._check(namespace)
        try:
            return await self._client.call(event, *arguments_of(data))
        except RefusedError as error:
            if type(error) is not RefusedError:  # not what the server answered
                raise
            return refusal(error)

    def on(self, event: str, handler: Callable[..., Any], namespace: str | None = None) -> None:
        """Call `handler` with the arguments of each event of that name."""
        self._check(namespace)
        self._client.on(event, handler)

    def _check(self, namespace: str | None) -> None:
        if namespace is not None and namespace != self._client.namespace:
            raise ValueError(
                f"the client is connected to {self._client.namespace!r}; connect one to {namespace!r}"
            )
