"""What calling a function returns: a coroutine, an async generator, or a value."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_async_generator_function", "is_coroutine_function", "is_generator_function"]


def is_coroutine_function(function: Any) -> bool:
    """Return whether calling it returns a coroutine: a function, a partial, or an object by its ``__call__``."""
    return _is_of_kind(function, inspect.iscoroutinefunction)


def is_async_generator_function(function: Any) -> bool:
    """Return whether calling it returns an async generator; see `is_coroutine_function`."""
    return _is_of_kind(function, inspect.isasyncgenfunction)


def is_generator_function(function: Any) -> bool:
    """Return whether calling it returns a generator; see `is_coroutine_function`."""
    return _is_of_kind(function, inspect.isgeneratorfunction)


def _is_of_kind(function: Any, is_kind: Callable[[Any], bool]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return is_kind(function) or is_kind(getattr(type(function), "__call__", None))  # noqa: B004  # asked for its kind, not for its presence
