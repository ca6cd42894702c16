"""What calling a function returns: a coroutine, an async generator, or a value."""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# As `object.__repr__` ends, and most others that hold one.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")


def is_coroutine_function(function: Any) -> bool:
    """Return whether calling it returns a coroutine: a function, a partial, or an object by its ``__call__``."""
    return _is_of_kind(function, inspect.iscoroutinefunction)


def is_async_generator_function(function: Any) -> bool:
    """Return whether calling it returns an async generator; see `is_coroutine_function`."""
    return _is_of_kind(function, inspect.isasyncgenfunction)


def is_generator_function(function: Any) -> bool:
    """Return whether calling it returns a generator; see `is_coroutine_function`."""
    return _is_of_kind(function, inspect.isgeneratorfunction)


def name_function(function: Any) -> str:
    """Return a function as its author wrote it, or the ``repr`` of anything else, without addresses in memory."""
    name = getattr(function, "__qualname__", None)
    if isinstance(name, str):
        return name.rpartition("<locals>.")[2]
    if isinstance(function, functools.partial):
        return f"partial({name_function(function.func)}, …)"
    text = repr(function)
    return f"an object of {type(function).__qualname__}" if _ADDRESS.search(text) else text


def _is_of_kind(function: Any, is_kind: Callable[[Any], bool]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return is_kind(function) or is_kind(getattr(type(function), "__call__", None))  # noqa: B004  # asked for its kind, not for its presence
