"""Places in the code of an application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .signatures import python_function

if TYPE_CHECKING:
    from collections.abc import Callable


class Place(NamedTuple):
    """A line of a file, 0 for the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return the place as compilers write it."""
        return f"{self.file}:{self.line}" if self.line else self.file


def place_of(function: Callable[..., Any]) -> Place:
    """Return where a function begins, or its module's name."""
    code = getattr(python_function(function), "__code__", None)
    if code is None:
        return Place(str(getattr(function, "__module__", type(function).__module__)), 0)
    return place_in(code.co_filename, code.co_firstlineno)


def place_in(file: str, line: int) -> Place:
    """Return a place in a file, by its path from the working directory if it is below it."""
    path, here = Path(file), Path.cwd()
    return Place(str(path.relative_to(here)) if path.is_relative_to(here) else file, line)
