"""Applications of this package within others, such as Starlette's or FastAPI's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .app import AsynctionSocketIO

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_served(app: Any) -> Iterator[tuple[str, AsynctionSocketIO]]:
    """Yield the servers of this package in an application, each with the path of its mount.

    The application may be a server itself, mount servers, or be middleware around them.
    """
    return _find(app, "", set())


def _find(app: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, AsynctionSocketIO]]:
    if id(app) in seen:
        return
    seen.add(id(app))
    if isinstance(app, AsynctionSocketIO):
        yield prefix, app
        return
    for route in getattr(app, "routes", None) or ():
        yield from _find(getattr(route, "app", None), prefix + getattr(route, "path", ""), seen)
    yield from _find(getattr(app, "app", None), prefix, seen)
