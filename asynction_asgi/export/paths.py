"""Dotted paths by which a document names handlers."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

_NOTHING = object()


def path_of(function: Callable[..., Any], modules: Iterable[str]) -> str | None:
    """Return the path by which `x-handler` finds this very function, or None.

    Args:
        function: A handler; a method is found by a module's name for its object.
        modules: Names of modules to look in, besides its own.
    """
    owner = getattr(function, "__self__", None)
    if inspect.ismethod(function) and not isinstance(owner, type):
        name = function.__name__
        for module in _modules(type(owner).__module__, function.__module__, *modules):
            for holder in _names_of(owner, module):
                if getattr(owner, name, None) == function:
                    return f"{module.__name__}:{holder}.{name}"
        return None
    for module in _modules(getattr(function, "__module__", None), *modules):
        qualified = getattr(function, "__qualname__", "")
        if _leads_to(module, qualified, function):
            return f"{module.__name__}.{qualified}"
        for name in _names_of(function, module):
            return f"{module.__name__}.{name}"
    return None


def _modules(*names: str | None) -> Iterator[ModuleType]:
    for name in dict.fromkeys(names):
        module = sys.modules.get(name or "")
        if module is not None:
            yield module


def _names_of(thing: Any, module: ModuleType) -> Iterator[str]:
    """Yield the global names of an object in a module."""
    for name, value in list(vars(module).items()):
        if value is thing and name.isidentifier():
            yield name


def _leads_to(module: ModuleType, qualified: str, function: Any) -> bool:
    """Return whether a qualified name leads to the function, without an instance of a class."""
    owner: Any = module
    *outer, name = qualified.split(".")
    for part in outer:
        owner = getattr(owner, part, _NOTHING)
    needs_instance = isinstance(owner, type) and inspect.isfunction(inspect.getattr_static(owner, name, None))
    return getattr(owner, name, _NOTHING) == function and not needs_instance
