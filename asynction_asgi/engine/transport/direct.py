"""Which applications are nothing but the engine at some paths, so that a server may ask it without ASGI.

A middleware around such an application has another ``__call__``, and is not passed by.
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
            request: What nothing but this has seen.
            scheme: Of the connection, ``http`` or ``https``.
        """
        ...


_FINDERS: dict[Callable[..., Any], Find] = {}


def register(call: Callable[..., Any], find: Find) -> None:
    """Say what finds the engine of applications, by the function that their ``__call__`` is.

    Args:
        call: The function. A class that overrides it, or that has it replaced, is asked by ASGI.
        find: Returns the engine that answers at a path, or None; it takes the application, the path below the
            root path, and that.
    """
    _FINDERS[call] = find


def find_engine(app: Any, path: str, root: str) -> Engine | None:
    """Return the engine that an application hands every request for a path on to, unchanged, or None."""
    find = _FINDERS.get(type(app).__call__)
    return None if find is None else find(app, path, root)
