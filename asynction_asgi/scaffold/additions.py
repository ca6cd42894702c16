"""Stubs added to a module that its author has changed: lines come, and none is changed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..python_source.source import Module
from .errors import ScaffoldError
from .stubs import write_stub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .places import Place
    from .stubs import Stub

    _Addition = tuple[int, list[str]]  # after which line, and what

__all__ = ["Present"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Present:
    """A module as it is.

    Args:
        name: Dotted.
        text: What it holds.

    Raises:
        ScaffoldError: It is not valid Python.
    """

    def __init__(self, name: str, text: str) -> None:
        try:
            self._tree = ast.parse(text)
        except SyntaxError as error:
            raise ScaffoldError(f"module {name!r} can't be read: {error.msg} (line {error.lineno})") from None
        self._name = name
        self._lines = text.splitlines(keepends=True)
        self._end = "\r\n" if any(line.endswith("\r\n") for line in self._lines) else "\n"

    def lacks(self, place: Place) -> bool:
        """Return whether nothing is defined at a place; a class with bases may inherit it."""
        body: Sequence[ast.stmt] = self._tree.body
        for name in place.classes:
            owner = _class(body, name)
            if owner is None:
                return name not in set(_bound(body))
            if owner.bases and place.name not in set(_bound(owner.body)):
                return False
            body = owner.body
        return place.name not in set(_bound(body))

    def unnamed(self, places: Iterable[Place]) -> Iterator[str]:
        """Yield functions that take a socket, and are at none of the places."""
        named = {place.name for place in places if not place.classes}
        for node in self._tree.body:
            if isinstance(node, _FUNCTIONS) and node.name not in named and not node.name.startswith("_"):
                taken = [*node.args.posonlyargs, *node.args.args]
                if taken and taken[0].arg in ("socket", "sid"):
                    yield node.name

    def with_stubs(self, stubs: Mapping[Place, Stub]) -> str:
        """Return the text with stubs at places that it lacks, and with the imports that they need."""
        module = Module(self._name, "", own=set(_bound(self._tree.body)), known=dict(self._imported()))
        last = len(self._lines)
        methods: list[_Addition] = []
        functions: list[_Addition] = []
        classes: dict[tuple[str, ...], list[str]] = {}
        for place, stub in stubs.items():
            owner = self._owner(place)
            if not place.classes:
                lines = write_stub(place.name, stub, module, indent=0, method=False)
                functions.append((last, ["", "", *lines]))
                continue
            depth = len(place.classes)
            lines = ["", *write_stub(place.name, stub, module, indent=4 * depth, method=True)]
            if owner is not None:
                methods.append((owner.end_lineno or last, lines))
            else:
                classes.setdefault(place.classes, []).extend(lines)
        imports = [line for group in module.new_imports() for line in group.split("\n")]
        new = [(last, [*_heads(names), *lines]) for names, lines in classes.items()]
        # Methods come first: the class that they belong to may end the module.
        return self._with([(self._last_import(), imports), *methods, *functions, *new])

    def _with(self, added: Sequence[_Addition]) -> str:
        lines = list(self._lines)
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += self._end
        for place, new in reversed(sorted(added, key=lambda addition: addition[0])):  # noqa: C413  # keeps the order of equal places
            lines[place:place] = [line + self._end for line in new]
        return "".join(lines)

    def _imported(self) -> Iterator[tuple[tuple[str, str], str]]:
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                for alias in node.names:
                    yield (node.module, alias.name), alias.asname or alias.name

    def _last_import(self) -> int:
        """Return the line after which an import may stand."""
        last = 0
        for index, node in enumerate(self._tree.body):
            is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
                last = node.end_lineno or last
        return last

    def _owner(self, place: Place) -> ast.ClassDef | None:
        body: Sequence[ast.stmt] = self._tree.body
        owner = None
        for name in place.classes:
            owner = _class(body, name)
            if owner is None:
                return None
            body = owner.body
        return owner


def _heads(names: Sequence[str]) -> list[str]:
    lines = ["", ""]
    for depth, name in enumerate(names):
        margin = " " * (4 * depth)
        lines += [f"{margin}class {name}:", f'{margin}    """Handlers; made once, without arguments."""']
    return lines


def _class(body: Sequence[ast.stmt], name: str) -> ast.ClassDef | None:
    return next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those within an ``if`` or ``try`` included."""
    for node in body:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                yield child.id
            elif child is not node and isinstance(child, ast.Import | ast.ImportFrom):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in child.names)
            elif child is not node and isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                yield child.name
