"""`Provide`: how a value is made that handlers ask for, and how long it lasts."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

ScopeName = Literal["event", "connection", "app"]
SCOPES: tuple[ScopeName, ...] = ("event", "connection", "app")  # the narrowest first


@dataclass(frozen=True, slots=True)
class Provide:
    """A provider, and how long its value lasts: ``Annotated[User, Provide(current_user)]``.

    Attributes:
        function: Returns the value: a function, a coroutine function, a class, or an async generator function,
            which yields it once and then closes it. Its parameters are filled like those of handlers. It runs
            in the event loop and must not block. A generator ends when nothing uses its value any more: after
            a cancelled plain handler, when the handler's thread has ended.
        scope: One value for each ``event`` (or connect, or disconnect), ``connection``, or ``app``.
    """

    function: Callable[..., Any]
    scope: ScopeName = "event"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(
                f"Provide takes a function, not {type(self.function).__name__}; to provide one object, write"
                ' Provide(lambda: object, scope="app")'
            )
        if self.scope not in SCOPES:
            raise ValueError(f"scope must be one of {', '.join(map(repr, SCOPES))}, not {self.scope!r}")


def provide_by(given: Any, scope: ScopeName = "event") -> Provide:
    """Return the provider that was given: a `Provide`, or a function, whose value then lasts as long as `scope`.

    Raises:
        TypeError: It can't be called.
    """
    return given if isinstance(given, Provide) else Provide(given, scope)


def is_provider(given: Any) -> bool:
    """Return whether a provider was given where a value might be; objects with a ``__call__`` are values there."""
    return inspect.isroutine(given) or isinstance(given, Provide | type | partial)
