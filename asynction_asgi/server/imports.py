"""Resolve dotted paths of the document to Python objects."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import types
from typing import TYPE_CHECKING, Any

from ..spec.text.hints import did_you_mean
from .raised import describe_raised

if TYPE_CHECKING:
    from collections.abc import Callable


class UnimportableError(Exception):
    """A dotted path that does not lead to a handler; the message says why."""


class NowhereError(UnimportableError):
    """A dotted path that names nothing, or nothing yet."""


class Imports:
    """Resolves dotted paths; imports each module and creates each instance once."""

    def __init__(self) -> None:
        self._instances: dict[type, Any] = {}
        self._failed: set[str] = set()

    def handler(self, path: str) -> Callable[..., Any]:
        """Import ``package.module.name``, ``package.module.Class.method`` or ``module:Class.method``.

        For a method, the class is instantiated without arguments, once for all paths.

        Raises:
            UnimportableError: The path names nothing that can be called, or importing the module failed.
        """
        found, owner, name = self._find(path)
        if owner is not None:
            found = getattr(self._instance(owner), name)
        if not callable(found):
            raise UnimportableError(f"{path!r} is {_called(found)}, which can't be called")
        return found  # type: ignore[no-any-return]  # what a module holds is known at run time alone

    def check(self, path: str) -> None:
        """Import what a path leads to, and create no instance.

        Raises:
            UnimportableError: It leads nowhere, or importing the module failed.
        """
        self._find(path)

    def _find(self, path: str) -> tuple[Any, type | None, str]:
        """Return what a path leads to, and for a method the class that needs an instance and the last name."""
        try:
            return self._follow(path)
        except NowhereError as error:
            if repr(path) in str(error):
                raise
            raise NowhereError(f"{path!r} leads nowhere: {error}") from None

    def _follow(self, path: str) -> tuple[Any, type | None, str]:
        module, names = self._split(path)
        found: Any = module
        owner: type | None = None
        raw: Any = None
        for name in names:
            if not _has(found, name):
                raise _missing(found, name)
            owner = found if isinstance(found, type) else None
            raw = inspect.getattr_static(found, name, None)
            found = getattr(found, name)
        needs_instance = isinstance(raw, types.FunctionType)
        return found, owner if needs_instance else None, names[-1] if names else ""

    def _split(self, path: str) -> tuple[types.ModuleType, list[str]]:
        """Return the module that a path names, and the names of the attributes that follow."""
        if ":" in path:
            dotted, _, rest = path.partition(":")
            return self._module(dotted), _names(rest, path)
        names = _names(path, path)
        if len(names) == 1:
            raise NowhereError(f"{path!r} does not name a module; use 'package.module.{path}'")
        module = self._module(names[0])
        for index in range(1, len(names)):
            dotted = ".".join(names[: index + 1])
            if index == len(names) - 1:
                return module, names[index:]
            # A module that another path has imported is an attribute of its package.
            attribute = getattr(module, names[index], None)
            is_imported = isinstance(attribute, types.ModuleType) and attribute.__name__ == dotted
            if not is_imported and (hasattr(module, names[index]) or not _is_module(dotted)):
                return module, names[index:]
            module = self._module(dotted)
        return module, []

    def _module(self, dotted: str) -> types.ModuleType:
        if dotted in self._failed:  # Python would run it again, side effects and all
            raise UnimportableError(f"importing {dotted!r} failed, as reported for another handler")
        try:
            return importlib.import_module(dotted)
        except (Exception, SystemExit) as error:
            missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
            if missing is not None and (dotted == missing or dotted.startswith(f"{missing}.")):
                raise NowhereError(
                    f"there is no module {missing!r} (is its folder the working directory or on sys.path?)"
                ) from None
            self._failed.add(dotted)
            raise UnimportableError(f"importing {dotted!r} failed: {describe_raised(error)}") from error

    def _instance(self, owner: type) -> Any:
        if owner not in self._instances:
            try:
                self._instances[owner] = owner()
            except Exception as error:
                raise UnimportableError(
                    f"{owner.__qualname__}() failed, and its method needs an instance: {describe_raised(error)}"
                ) from error
        return self._instances[owner]


def _has(holder: object, name: str) -> bool:
    try:
        return hasattr(holder, name)
    except Exception as error:
        raise UnimportableError(
            f"reading {name!r} of {_called(holder)} failed: {describe_raised(error)}"
        ) from error


def _missing(holder: object, name: str) -> UnimportableError:
    spec = getattr(holder, "__spec__", None)
    if getattr(spec, "_initializing", False):
        return UnimportableError(
            f"{_called(holder)} is still being imported and has no {name!r} yet:"
            ' pass bind="start" to from_spec(), move it below its handlers, or attach them with @app.on'
        )
    return NowhereError(f"{_called(holder)} has no {name!r}{did_you_mean(name, _public(holder))}")


def _names(dotted: str, path: str) -> list[str]:
    names = dotted.split(".")
    if not all(name.isidentifier() for name in names):
        raise UnimportableError(f"{path!r} is not a dotted path; use 'package.module.name'")
    return names


def _is_module(dotted: str) -> bool:
    try:
        return importlib.util.find_spec(dotted) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _called(thing: object) -> str:
    if isinstance(thing, types.ModuleType):
        return f"module {thing.__name__!r}"
    return f"{getattr(thing, '__qualname__', type(thing).__name__)!r}"


def _public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("__")]
