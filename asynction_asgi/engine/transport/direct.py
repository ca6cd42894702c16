"""Find applications that pass every request for a path to the engine unchanged, so that a server can ask it directly.

Middleware is never bypassed: it has a ``__call__`` of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .environ import Head
    from .uvicorn.request import Request

    Find = Callable[[Any, str, str], "Engine | None"]


class Engine(Protocol):
    """What answers without ASGI, as `EngineApp` does."""

    def answer_at_once(self, request: Request, scheme: str) -> tuple[Head, bytes] | None:
        """Return head and body of the answer, or None, with nothing done, if the request is to come by ASGI.

        Args:
            request: One that was not passed to uvicorn or to the application yet.
            scheme: Of the connection, ``http`` or ``https``.
        """
        ...


# By the id of the function, which need not be hashable; it is kept, so that no other has its id.
_FINDERS: dict[int, tuple[Callable[..., Any], Find]] = {}


def register(call: Callable[..., Any], find: Find) -> None:
    """Register a finder for applications whose class has this ``__call__``.

    Args:
        call: The function. A class that overrides it, or in which it is replaced, is asked by ASGI.
        find: Returns the engine that answers at a path, or None; it takes the application, the path below the
            root path, and that.
    """
    _FINDERS[id(call)] = call, find


def find_engine(app: Any, path: str, root: str) -> Engine | None:
    """Return the engine that an application hands every request for a path on to, unchanged, or None."""
    _, find = _FINDERS.get(id(type(app).__call__), (None, None))
    return None if find is None else find(app, path, root)
