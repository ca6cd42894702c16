"""A dotted path from the document, and the Python object that it names."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import types
from typing import TYPE_CHECKING, Any

from ..spec.references import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnimportableError", "import_handler"]


class UnimportableError(Exception):
    """A dotted path that leads nowhere; the message says how far it got."""


def import_handler(path: str, instances: dict[type, Any]) -> Callable[..., Any]:
    """Import ``package.module.name``, ``package.module.Class.method`` or ``module:Class.method``.

    A method of an instance gets one: the class is called without arguments, once for all paths.

    Args:
        path: As the document writes it.
        instances: Instances made so far, by class; added to.

    Raises:
        UnimportableError: nothing callable stands there, or importing the module failed.
    """
    module, names = _split(path)
    found: Any = module
    owner: type | None = None
    raw: Any = None
    for name in names:
        if not hasattr(found, name):
            raise UnimportableError(f"{_called(found)} has no {name!r}{did_you_mean(name, _public(found))}")
        owner = found if isinstance(found, type) else None
        raw = inspect.getattr_static(found, name)
        found = getattr(found, name)
    if owner is not None and isinstance(raw, types.FunctionType):
        found = getattr(_instance(owner, instances), names[-1])
    if not callable(found):
        raise UnimportableError(f"{path!r} is {_called(found)}, which can't be called")
    return found  # type: ignore[no-any-return]  # what a module holds is known at run time alone


def _split(path: str) -> tuple[types.ModuleType, list[str]]:
    """The module, and the attributes below it that the path goes on with."""
    if ":" in path:
        dotted, _, rest = path.partition(":")
        return _import(dotted), _names(rest, path)
    names = _names(path, path)
    if len(names) == 1:
        raise UnimportableError(f"{path!r} names no module: write 'package.module.{path}'")
    module = _import(names[0])
    for index in range(1, len(names)):
        dotted = ".".join(names[: index + 1])
        if index == len(names) - 1 or hasattr(module, names[index]) or not _is_module(dotted):
            return module, names[index:]
        module = _import(dotted)
    return module, []


def _names(dotted: str, path: str) -> list[str]:
    names = dotted.split(".")
    if not all(one.isidentifier() for one in names):
        raise UnimportableError(f"{path!r} is no dotted path: write 'package.module.name'")
    return names


def _is_module(dotted: str) -> bool:
    try:
        return importlib.util.find_spec(dotted) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _import(dotted: str) -> types.ModuleType:
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name is not None and (dotted == error.name or dotted.startswith(error.name + ".")):
            raise UnimportableError(
                f"there is no module {error.name!r} (is its folder the working directory or on sys.path?)"
            ) from None
        raise UnimportableError(f"importing {dotted!r} failed: {error}") from error
    except Exception as error:
        raise UnimportableError(f"importing {dotted!r} failed: {type(error).__name__}: {error}") from error


def _instance(owner: type, instances: dict[type, Any]) -> Any:
    if owner not in instances:
        try:
            instances[owner] = owner()
        except Exception as error:
            raise UnimportableError(
                f"{owner.__qualname__}() failed, and its method needs an instance: {type(error).__name__}: {error}"
            ) from error
    return instances[owner]


def _called(thing: object) -> str:
    if isinstance(thing, types.ModuleType):
        return f"module {thing.__name__!r}"
    return f"{getattr(thing, '__qualname__', type(thing).__name__)!r}"


def _public(thing: object) -> list[str]:
    return [one for one in dir(thing) if not one.startswith("__")]
