"""Writing the source of validators: lines, blocks, names, failures.

fastjsonschema's draft-07 generator drives: its work list of functions and its table from keyword to
method are kept. It marks an extension point with every method that the subclasses here override.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastjsonschema.draft07 import CodeGeneratorDraft07
from fastjsonschema.ref_resolver import RefResolver

from . import equality, runtime
from .definitions import AS, AT, REF
from .dispatch import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..text.document import Node
    from .definitions import Definitions, Schema

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


_QUIET = "q"  # ends the name of a definition's quiet form
_TEST, _REFUSAL = "if not (", "): return False"


class Writer(CodeGeneratorDraft07):
    """Source of one function per definition, and the names that it needs.

    Code is written in two forms. The loud one raises a `Miss` with the rule and the place. The quiet one
    returns false: it serves branches, conditions and the like, whose failures are never reported, so it
    builds no rule and looks for no place.

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
        # What schemas admit, by their identity; the second list keeps them from being collected meanwhile.
        self.admitted: dict[int, frozenset[str]] = {}
        self.planned: list[Any] = []
        self.scope: dict[str, Any] = {
            "BYTES": runtime.BYTES,
            "Item": runtime.Item,
            "Miss": runtime.Miss,
            "R": self.rules,
            "equals": equality.equals,
            "is_integer": runtime.is_integer,
            "is_multiple": runtime.is_multiple,
            "is_number": runtime.is_number,
            "is_within": equality.is_within,
            "size": runtime.size,
            "text_of": equality.Texts().of,
            "unique": equality.unique,
        }
        self._path: tuple[str, ...] = ()
        self._kinds = KINDS
        self._node: Node = next(iter(definitions.values()))[AT]
        self._stands_for: str | None = None
        self._memo = ""
        self._fresh = 0
        self._quiet = False
        self._deciders: list[str] = []

    def l(self, line: str, *_: Any, **__: Any) -> None:  # noqa: E743  # the library's name
        """Write one line as it is; the library's own would format it, and braces are ours."""
        self._code.append("    " * self._indent + line)

    def generate_validation_function(self, uri: str, name: str) -> None:
        """Generate one form of one definition."""
        self._validation_functions_done.add(uri)
        self._fresh = 0
        definition = name.removesuffix(_QUIET)
        self._quiet = name != definition
        self._memo = ", memo" if definition in self.risky else ""
        self._path, self._kinds = (), KINDS
        if self._quiet:
            self.quiet_function(name, definition)
        else:
            self.loud_function(name)
        self._code += self._deciders
        self._deciders = []

    def loud_function(self, name: str) -> None:
        """Generate a function that returns nothing, or raises."""
        if self._memo:
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
        with self.block(f"def {name}{'_' if self._memo else ''}(v{self._memo}):"):
            self.emit(self.definitions[name], "v")

    def quiet_function(self, name: str, definition: str) -> None:
        """Generate a function that returns whether the value matches."""
        with self.block(f"def {name}(v{self._memo}):"):
            if self._memo:
                self.l(f"key = {name!r}, id(v)")
                self.l("known = memo.get(key)")
                self.l("if known is not None: return known")
                self.l("memo[key] = False")
            self.emit(self.definitions[definition], "v")
            if self._memo:
                self.l("memo[key] = True")
            self.l("return True")

    def call_of(self, definition: str, *, quiet: bool) -> str:
        """Write the call of a definition's function with the current variable."""
        name = f"{definition}{_QUIET}" if quiet else definition
        if name not in self._validation_functions_done:
            self._needed_validation_functions[name] = name
        memo = ""
        if definition in self.risky:
            memo = self._memo or ", {}"
        return f"{name}({self._variable}{memo})"

    def decide(self, schema: Schema, variable: str, kinds: frozenset[str] | None = None) -> str:
        """Write an expression that is true if a schema accepts a variable, and raises no `Miss`.

        A schema of plain tests becomes these; any other a function of its own.
        """
        if isinstance(schema, bool):
            return str(schema)
        if REF in schema:
            outer_variable, self._variable = self._variable, variable
            call = self.call_of(schema[REF], quiet=True)
            self._variable = outer_variable
            return call
        outer = self._code, self._indent, self._quiet
        self._code, self._indent, self._quiet = [], 1, True
        self.emit(schema, variable, kinds=kinds)
        lines = self._code
        self._code, self._indent, self._quiet = outer
        head = f"    {_TEST}"
        if all(line.startswith(head) and line.endswith(_REFUSAL) for line in lines):
            tests = [line[len(head) : -len(_REFUSAL)] for line in lines]
            return " and ".join(f"({test})" for test in tests) or "True"
        name = self.constant(None)  # until the code has run
        self._deciders += [f"def {name}({variable}{self._memo}):", *lines, "    return True"]
        return f"{name}({variable}{self._memo})"

    def emit(self, schema: Schema, variable: str, *path: str, kinds: frozenset[str] | None = None) -> None:
        """Write the checks of one schema.

        Args:
            schema: Normalised.
            variable: Holds the value.
            path: From the current value to this one, as Python expressions.
            kinds: What the value can be at this point; anything when None.
        """
        outer = self._path, self._kinds, self._node, self._stands_for
        self._path = (*self._path, *path)
        self._kinds = kinds or KINDS
        self._stands_for = None
        if isinstance(schema, dict):
            self._node, self._stands_for = schema[AT], schema.get(AS)
        self.generate_func_code_block(schema, variable, "")  # type: ignore[no-untyped-call]  # the library's
        self._path, self._kinds, self._node, self._stands_for = outer

    def call(self, keywords: Iterable[str]) -> None:
        """Write those of `keywords` that the current schema has."""
        for key in keywords:
            if key in self._definition:
                self._json_keywords_to_function[key]()

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent what is generated within; a block that stays empty gets a ``pass``."""
        self.l(head)
        self._indent += 1
        before = len(self._code)
        yield
        if len(self._code) == before:
            self.l("pass")
        self._indent -= 1

    def fail(self, keyword: str, message: str, *path: str) -> None:
        """Write the end of a check that failed: the raise of a `Miss`, or in quiet code the return of false."""
        if self._quiet:
            self.l("return False")
            return
        self.rules.append(runtime.Rule(self._stands_for or keyword, message, self._node))
        trail = ", ".join((*self._path, *path))
        self.l(f"raise Miss(R[{len(self.rules) - 1}]{f', ({trail},)' if trail else ''})")

    def unless(self, condition: str, keyword: str, message: str) -> None:
        """Write a check."""
        if self._quiet:
            self.l(f"{_TEST}{condition}{_REFUSAL}")
            return
        with self.block(f"if not ({condition}):"):
            self.fail(keyword, message)

    def constant(self, value: Any) -> str:
        """Return the name under which generated code finds `value`."""
        name = f"K{len(self.scope)}"
        self.scope[name] = value
        return name

    def fresh(self) -> str:
        """Return a new local variable."""
        self._fresh += 1
        return f"v{self._fresh}"
