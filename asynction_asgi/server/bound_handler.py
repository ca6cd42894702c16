"""A handler in the one shape that the dispatcher calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..spec.model import count_words

if TYPE_CHECKING:
    import inspect
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .calls import Call
    from .providing.sources import Cell
    from .socket import Socket


class Invoke(Protocol):
    """Calls a handler; the result is awaited."""

    def __call__(
        self,
        socket: Socket,
        arguments: Sequence[Any],
        wants_ack: bool = False,  # noqa: FBT001, FBT002  # called once per event, and keywords take time
        /,
    ) -> Awaitable[Any]:
        """Call it with the connection, the arguments, and whether the client waits for an answer."""
        ...


CallWith: TypeAlias = "Callable[[Socket, Sequence[Any], Mapping[str, Any]], Awaitable[Any]]"
"""Calls a handler with values of the call on top of those of the socket, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundHandler:
    """A handler in the shape that the dispatcher calls.

    Attributes:
        invoke: Calls it.
        call_with: Calls it with the values that it asks for by `asked`.
        asked: Names of attributes of a `Call` that it asks for.
        needs: Values that are provided, by name.
        minimum: Fewest arguments it can take, the socket not counted.
        maximum: Most arguments it can take; None is unbounded.
        function: What the user wrote.
        without_connection: Names of its positional parameters if none of them takes the connection.
        taken: Those that take arguments.
        named: Whether the event's name precedes its arguments.
        perform: Runs it with what it needs and the hooks around it, or None if it needs nothing and has no hooks.
        writes: Write what it returns as JSON's values, by the annotation of the return value, the best first.
    """

    invoke: Invoke
    call_with: CallWith
    asked: Sequence[str] = ()
    needs: Sequence[tuple[str, Cell]] = ()
    minimum: int = 0
    maximum: int | None = None
    function: Callable[..., Any]
    without_connection: tuple[str, ...] = ()
    taken: tuple[inspect.Parameter, ...] = ()
    named: bool = False
    perform: Callable[[Call], Awaitable[Any]] | None = None
    writes: Sequence[Callable[[Any], Any]] = ()

    @property
    def takes(self) -> str:
        """How many arguments the handler can take, in words."""
        return count_words(self.minimum, self.maximum)
