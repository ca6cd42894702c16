"""Writing the source of validators: lines, blocks, names, failures.

fastjsonschema's draft-07 generator drives: its work list of functions and its table from keyword to
method are kept. It marks an extension point with every method that the subclasses here override.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastjsonschema.draft07 import CodeGeneratorDraft07
from fastjsonschema.ref_resolver import RefResolver

from . import runtime
from .dispatch import KINDS
from .normalise import AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..document import Node
    from .normalise import Definitions, Schema

__all__ = ["KIND_NAMES", "TESTS", "Writer"]

KIND_NAMES = ("null", "boolean", "number", "string", "array", "object", "binary")
TESTS = {
    "null": "{0} is None",
    "boolean": "{0} is True or {0} is False",
    "integer": "{0}.__class__ is int or is_integer({0})",
    "number": "{0}.__class__ is int or {0}.__class__ is float and -1e999 < {0} < 1e999 or is_number({0})",
    "string": "{0}.__class__ is str or isinstance({0}, str)",
    "array": "{0}.__class__ is list or isinstance({0}, (list, tuple))",
    "object": "{0}.__class__ is dict or isinstance({0}, dict)",
    "binary": "isinstance({0}, BYTES)",
}


class Writer(CodeGeneratorDraft07):
    """Source of one function per definition, and the names that it needs.

    Attributes:
        definitions: What references lead to.
        risky: Names of the definitions whose functions take a memo.
        scope: The globals of the generated code.
    """

    # Set by the driver while it walks; the library leaves them untyped.
    _definition: dict[str, Any]
    _variable: str

    def __init__(self, definitions: Definitions, entries: Iterable[str], risky: frozenset[str]) -> None:
        super().__init__(definitions, RefResolver("", {}))  # type: ignore[no-untyped-call]  # the library's
        self._needed_validation_functions = {name: name for name in entries}
        self.definitions = definitions
        self.risky = risky
        self.rules: list[runtime.Rule] = []
        self.scope: dict[str, Any] = {
            "BYTES": runtime.BYTES,
            "Miss": runtime.Miss,
            "R": self.rules,
            "at": runtime.at,
            "equals": runtime.equals,
            "is_integer": runtime.is_integer,
            "is_multiple": runtime.is_multiple,
            "is_number": runtime.is_number,
            "size": runtime.size,
            "unique": runtime.unique,
        }
        self._path: tuple[str, ...] = ()
        self._kinds = KINDS
        self._node: Node = next(iter(definitions.values()))[AT]
        self._memo = ""
        self._fresh = 0

    def l(self, line: str, *_: Any, **__: Any) -> None:  # noqa: E743 -- the library's name
        """Write one line as it is; the library's own would format it, and braces are ours."""
        self._code.append("    " * self._indent + line)

    def generate_validation_function(self, uri: str, name: str) -> None:
        """One definition, one function."""
        self._validation_functions_done.add(uri)
        self._fresh = 0
        risky = name in self.risky
        self._memo = ", memo" if risky else ""
        if risky:
            with self.block(f"def {name}(v, memo):"):
                self.l(f"key = {name!r}, id(v)")
                self.l("known = memo.get(key)")
                self.l("if known is True: return")
                self.l("if known is not None: raise Miss(*known)")
                self.l(f"try: {name}_(v, memo)")
                with self.block("except Miss as miss:"):
                    self.l("memo[key] = miss.rule, miss.trail")
                    self.l("raise")
                self.l("memo[key] = True")
        with self.block(f"def {name}{'_' if risky else ''}(v{self._memo}):"):
            self._path, self._kinds = (), KINDS
            self.emit(self.definitions[name], "v")

    def emit(self, schema: Schema, variable: str, *path: str, kinds: frozenset[str] | None = None) -> None:
        """Write the checks of one schema.

        Args:
            schema: Normalised.
            variable: Holds the value.
            path: From the current value to this one, as Python expressions.
            kinds: What the value can be at this point; anything when None.
        """
        outer = self._path, self._kinds, self._node
        self._path = (*self._path, *path)
        self._kinds = kinds or KINDS
        if isinstance(schema, dict):
            self._node = schema[AT]
        self.generate_func_code_block(schema, variable, "")  # type: ignore[no-untyped-call]  # the library's
        self._path, self._kinds, self._node = outer

    def call(self, keywords: Iterable[str]) -> None:
        """Write those of `keywords` that the current schema has."""
        for key in keywords:
            if key in self._definition:
                self._json_keywords_to_function[key]()

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """An indented block; never an empty one."""
        self.l(head)
        self._indent += 1
        before = len(self._code)
        yield
        if len(self._code) == before:
            self.l("pass")
        self._indent -= 1

    def fail(self, keyword: str, message: str, *path: str) -> None:
        """Write the raise of a `Miss`."""
        self.rules.append(runtime.Rule(keyword, message, self._node))
        trail = ", ".join((*self._path, *path))
        self.l(f"raise Miss(R[{len(self.rules) - 1}]{f', ({trail},)' if trail else ''})")

    def unless(self, condition: str, keyword: str, message: str) -> None:
        """Write a check."""
        with self.block(f"if not ({condition}):"):
            self.fail(keyword, message)

    def constant(self, value: Any) -> str:
        """The name under which generated code finds `value`."""
        name = f"K{len(self.scope)}"
        self.scope[name] = value
        return name

    def fresh(self) -> str:
        """A new local variable."""
        self._fresh += 1
        return f"v{self._fresh}"
