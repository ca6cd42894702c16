"""Stubs and tests added to a module that its author has changed: lines come, and none is changed."""

from __future__ import annotations

import ast
import io
from collections import defaultdict
from typing import TYPE_CHECKING

from ..python_source.source import Module
from .errors import ScaffoldError
from .stubs import write_stubs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .contract_tests import ContractTests
    from .places import Place
    from .stubs import Stub

    _Addition = tuple[int, list[str]]  # after which line, and what

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
            self._tree = ast.parse(text, name)
        except (SyntaxError, ValueError) as error:  # a null character is one or the other
            raise ScaffoldError(f"module {name!r} can't be read: {error}") from None
        self._name = name
        # As Python counts lines: str.splitlines also splits at form feeds, for example.
        self._lines = io.StringIO(text, newline="").readlines()
        first = self._lines[0] if self._lines else ""
        self._end = first[len(first.rstrip("\r\n")) :] or "\n"

    def lacks(self, place: Place) -> bool:
        """Return whether nothing is defined at a place.

        A class with bases may inherit it, and a module may import it by ``*``.
        """
        owners = self._owners(place)
        bound = set(_bound(owners[-1].body if owners else self._tree.body))
        inherits = bool(owners[-1].bases) if owners else "*" in bound
        return not inherits and (*place.classes, place.name)[len(owners)] not in bound

    def unnamed(self, places: Iterable[Place]) -> Iterator[str]:
        """Yield functions that take a socket, are at none of the places, and are not used in the module."""
        named = {place.name for place in places if not place.classes}
        named |= {
            node.id
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        for node in self._tree.body:
            if isinstance(node, _FUNCTIONS) and node.name not in named and not node.name.startswith("_"):
                taken = [*node.args.posonlyargs, *node.args.args]
                if taken and taken[0].arg in ("socket", "sid"):
                    yield node.name

    def with_stubs(self, stubs: Mapping[Place, Stub]) -> str:
        """Return the text with stubs at places that it lacks, and with the imports that they need.

        Raises:
            ScaffoldError: They can't be added without a change to what is there.
        """
        module = self._module()
        groups: dict[tuple[str, ...], dict[Place, Stub]] = defaultdict(dict)
        for place, stub in stubs.items():
            groups[place.classes[: len(self._owners(place))]][place] = stub
        # Methods come first: the class that they belong to may end the module.
        added = [
            self._addition(within, members, module)
            for within, members in sorted(groups.items(), key=lambda group: len(group[0]), reverse=True)
        ]
        return self._with([self._new_imports(module), *added])

    def with_tests(self, tests: ContractTests, events: Iterable[tuple[str, str]]) -> str:
        """Return the text with the tests of events that it lacks; raises as `with_stubs` does."""
        module = self._module()
        lines = tests.added(events, frozenset(_bound(self._tree.body)), module)
        if not lines:
            return "".join(self._lines)
        return self._with([self._new_imports(module), (len(self._lines), lines)])

    def _module(self) -> Module:
        """Return what additions are written into; it has the names that are there."""
        return Module(self._name, "", own=set(_bound(self._tree.body)), known=dict(self._imported()))

    def _new_imports(self, module: Module) -> _Addition:
        imports = [line for group in module.new_imports() for line in group.split("\n")]
        return self._last_import(), imports

    def _addition(self, within: tuple[str, ...], stubs: Mapping[Place, Stub], module: Module) -> _Addition:
        if not within:
            return len(self._lines), write_stubs(stubs, module)
        owner = self._owners(next(iter(stubs)))[-1]
        first = owner.body[0]
        margin = self._lines[first.lineno - 1].encode()[: first.col_offset].decode()
        if margin.strip():
            raise ScaffoldError(
                f"module {self._name!r}: class {'.'.join(within)} is written in one line (line {owner.lineno});"
                " put its body on lines of its own, so that handlers can be added"
            )
        lines = write_stubs(stubs, module, within=within, indent=len(margin))
        return owner.end_lineno or 0, [margin + line[len(margin) :] if line else line for line in lines]

    def _with(self, additions: Sequence[_Addition]) -> str:
        lines = list(self._lines)
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += self._end
        is_added = [False] * len(lines)
        for place, new in reversed(sorted(additions, key=lambda addition: addition[0])):  # noqa: C413  # keeps the order of equal places
            lines[place:place] = [line + self._end for line in new]
            is_added[place:place] = [True] * len(new)
        text = "".join(lines)
        if not self._is_kept(text, is_added):
            raise ScaffoldError(
                f"module {self._name!r}: functions can't be added to it without a change to its code;"
                " begin each statement on a line of its own, without a backslash before it"
            )
        return text

    def _is_kept(self, text: str, is_added: Sequence[bool]) -> bool:
        """Return whether a text means the same as before, apart from statements on added lines."""
        try:
            tree = ast.parse(text)
        except SyntaxError:
            return False
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef):
                node.body = [statement for statement in node.body if not is_added[statement.lineno - 1]]
        return ast.dump(tree) == ast.dump(self._tree)

    def _imported(self) -> Iterator[tuple[tuple[str, str], str]]:
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                for alias in node.names:
                    yield (node.module, alias.name), alias.asname or alias.name
            elif isinstance(node, ast.Import):
                yield from (
                    (("", alias.name), alias.asname or alias.name)
                    for alias in node.names
                    if alias.asname is not None or "." not in alias.name
                )

    def _last_import(self) -> int:
        """Return the line after which an import may stand."""
        last = 0
        for index, node in enumerate(self._tree.body):
            is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
                last = node.end_lineno or last
        return last

    def _owners(self, place: Place) -> list[ast.ClassDef]:
        """Return the classes around a place that are there, the outermost first."""
        body: Sequence[ast.stmt] = self._tree.body
        owners: list[ast.ClassDef] = []
        for name in place.classes:
            owner = _class(body, name)
            if owner is None:
                break
            owners.append(owner)
            body = owner.body
        return owners


def _class(body: Sequence[ast.stmt], name: str) -> ast.ClassDef | None:
    """Return the class that a name is bound to: the last one, if there are several."""
    return next(
        (node for node in reversed(body) if isinstance(node, ast.ClassDef) and node.name == name), None
    )


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
