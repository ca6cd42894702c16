"""Where the handlers that a document names belong: which module, which class, which function."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..datatypes.names import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

_OWN = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A function or method: its module, the classes around it, and its name."""

    module: str
    classes: tuple[str, ...] = ()
    name: str


class Places:
    """Decides for each dotted path whether a file of the folder can define it.

    Args:
        folder: Where the application is written to; what is importable from there is its own.
        reserved: Top-level modules of the application itself.

    Attributes:
        modules: Every module that a path needs, packages included.
        warnings: Why paths were turned down, a sentence each.
    """

    def __init__(self, folder: Path, reserved: Iterable[str]) -> None:
        self.modules: set[str] = set()
        self.warnings: list[str] = []
        self._folder = folder
        self._reserved = frozenset(reserved)
        self._attributes: dict[tuple[str, ...], bool] = {}  # whether it is a class
        self._known: dict[tuple[str, str], Place | None] = {}
        self._kinds: dict[str, str] = {}

    def find(self, path: str, kind: str) -> Place | None:
        """Return the place that a path names, or None with a warning if code must pass the handler.

        Args:
            path: ``package.module.name``, ``package.module.Class.method`` or ``module:Class.method``.
            kind: What the function is for; two kinds can't share one.
        """
        key = (path, kind)
        if key not in self._known:
            place, why = self._place(path, kind)
            if place is None:
                self.warnings.append(
                    f"{path!r} {why}: its handler is written elsewhere and attached in app.py"
                )
            self._known[key] = place
        return self._known[key]

    def _place(self, path: str, kind: str) -> tuple[Place | None, str]:
        modules, attributes = _split(path)
        if not modules or not attributes:
            return None, "does not name a module"
        awkward = next((word for word in (*modules, *attributes) if not is_plain(word)), None)
        if awkward is not None:
            return None, f"has {awkward!r} in it, which can't be defined under that name"
        taken = self._taken(modules[0])
        if taken:
            return None, taken
        if self._kinds.setdefault(path, kind) != kind:
            return None, f"is to be for {self._kinds[path]} and for {kind}"
        if self._conflicts(modules, attributes):
            return None, "needs one name for two things"
        dotted = [".".join(modules[: index + 1]) for index in range(len(modules))]
        self.modules.update(dotted)
        for index in range(len(attributes)):
            self._attributes[*modules, *attributes[: index + 1]] = index < len(attributes) - 1
        return Place(module=dotted[-1], classes=tuple(attributes[:-1]), name=attributes[-1]), ""

    def _taken(self, top: str) -> str:
        if top in sys.stdlib_module_names or top == "__main__":
            return f"is in {top!r}, a module of Python's own"
        if top in self._reserved:
            return f"is in {top!r}, a module of the application itself"
        if top == _OWN or _is_importable(top, self._folder):
            return f"is in {top!r}, which is installed here already"
        return ""

    def _conflicts(self, modules: list[str], attributes: list[str]) -> bool:
        """Return whether a module would have the name of a function or class, or the reverse."""
        if any(tuple(modules[: index + 1]) in self._attributes for index in range(1, len(modules))):
            return True
        for index in range(len(attributes)):
            key = (*modules, *attributes[: index + 1])
            is_class = index < len(attributes) - 1
            if ".".join(key) in self.modules or self._attributes.get(key, is_class) != is_class:
                return True
        return False


def _split(path: str) -> tuple[list[str], list[str]]:
    """Split a path into module names and those within; a capitalised word before the last is a class."""
    if ":" in path:
        module, _, rest = path.partition(":")
        return module.split("."), rest.split(".")
    words = path.split(".")
    first_class = next(
        (index for index, word in enumerate(words[1:-1], 1) if word[:1].isupper()), len(words) - 1
    )
    return words[:first_class], words[first_class:]


def _is_importable(name: str, folder: Path) -> bool:
    """Return whether an import finds a module that is neither in the folder nor in the working directory."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    if found is None or found.origin is None:  # a folder without a module shadows nothing
        return False
    home = Path(found.origin).parent
    if found.submodule_search_locations is not None:
        home = home.parent
    return home.resolve() not in (folder.resolve(), Path.cwd().resolve())
