"""Definitions to Python source, by a subclass of fastjsonschema's own draft-07 generator.

What is written is what one would write by hand for the valid path:

* a type is tested once, by class, and the keywords of other types are left out after it;
* a reference is a plain call: it formats no path, and the ``try`` around it is free until it fails;
* a failing check raises a `Miss` with its rule and the tail of its path;
* what only decides, such as an undecided branch, ``contains`` or ``if``, is a test that raises nothing;
* ``oneOf`` and ``anyOf`` go straight to the branch that the value's type, or its discriminating
  property, leaves possible (see `dispatch`);
* nothing is mutated, nothing returned, nothing fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .definitions import DISCRIMINATOR, REF
from .dispatch import plan_dispatch
from .messages import listed, quoted, type_names
from .unevaluated import Unevaluated
from .writer import KIND_NAMES, TESTS

if TYPE_CHECKING:
    from .definitions import Schema
    from .dispatch import Case

_GENERIC = ("enum", "const")
# A keyword looks at values of its own kind only. Counts come first: later keywords rely on them.
_BY_KIND = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "binary": ("minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("minItems", "maxItems", "items", "contains", "uniqueItems"),
    "object": (
        *("minProperties", "maxProperties", "required", "properties", "patternProperties"),
        *("additionalProperties", "propertyNames", "dependencies"),
    ),
}
_COMBINING = ("allOf", "anyOf", "oneOf", "not", "if")


# So many branches are told apart one after the other.
_WIDE = 64


class Generator(Unevaluated):
    """One schema after the other: references, combinations, and the order of keywords.

    A function takes the value, and for definitions that could take exponential time also a memo.
    """

    def generate_ref(self) -> None:
        """Generate a call; the path is added while a `Miss` passes."""
        name = self._definition[REF]
        if self._quiet:
            self.unless(self.call_of(name, quiet=True), "$ref", "")
            return
        call = self.call_of(name, quiet=False)
        if not self._path:
            self.l(call)
            return
        self.l(f"try: {call}")
        with self.block("except Miss as miss:"):
            self.l(f"miss.trail = ({', '.join(self._path)}, *miss.trail)")
            self.l("raise")

    def generate_boolean_schema(self) -> None:
        """Generate nothing for ``true``."""
        if not self._definition:
            self.fail("false", "must not be present")

    def run_generate_functions(self, definition: dict[str, Any]) -> int:
        """Generate the keywords of one schema, grouped by the kind of value that they check."""
        if "type" in definition:
            self.generate_type()
        self.call(_GENERIC)
        kinds = self._kinds
        for kind, keywords in _BY_KIND.items():
            present = [key for key in keywords if key in definition]
            if kind == "binary" and "binary" not in definition.get("type", ()):
                continue  # bytes without a word about them are of no JSON type, and no keyword looks at them
            if not present or kind not in kinds:
                continue
            if kinds == {kind}:
                self.call(present)
            else:
                with self.block(f"if {TESTS[kind].format(self._variable)}:"):
                    self._kinds = frozenset({kind})
                    self.call(present)
                    self._kinds = kinds
        self.call(_COMBINING)
        self.unevaluated()
        return 1

    def generate_all_of(self) -> None:
        """Generate every branch in turn."""
        for schema in self._definition["allOf"]:
            self.emit(schema, self._variable, kinds=self._kinds)

    def generate_any_of(self) -> None:
        """Generate the branches by dispatch, or one after the other until one accepts."""
        self.alternatives("anyOf")

    def generate_one_of(self) -> None:
        """Generate the branches by dispatch, or all of them with a count."""
        self.alternatives("oneOf")

    def alternatives(self, keyword: str) -> None:
        """Write the cases of ``oneOf`` or ``anyOf``; the last one is for all other values."""
        branches = self._definition[keyword]
        self.planned.append(branches)
        cases = plan_dispatch(branches, self._kinds, self.definitions, self.admitted)
        outer = self._kinds
        for number, case in enumerate(cases):
            self._kinds = case.kinds
            if len(cases) == 1:
                self.case(keyword, case, cases)
            elif number == len(cases) - 1:
                with self.block("else:"):
                    self.case(keyword, case, cases)
            else:
                tests = [TESTS[kind].format(self._variable) for kind in KIND_NAMES if kind in case.kinds]
                with self.block(f"{'elif' if number else 'if'} {' or '.join(tests)}:"):
                    self.case(keyword, case, cases)
            self._kinds = outer

    def case(self, keyword: str, case: Case, cases: list[Case]) -> None:
        """Write what is left of ``oneOf`` or ``anyOf`` for some kinds of value."""
        if not case.branches:
            possible = frozenset[str]().union(*(case.kinds for case in cases if case.branches))
            names = [kind for kind in KIND_NAMES if kind in possible]
            self.fail(keyword, f"must be {type_names(names)}" if names else "is never valid")
        elif len(case.branches) == 1:
            self.emit(case.branches[0], self._variable, kinds=self._kinds)
        elif case.tag is not None:
            self.tagged(keyword, case.tag, case)
        elif keyword == "anyOf":
            self.any_of(case.branches)
        else:
            self.one_of(case.branches)

    def tagged(self, keyword: str, tag: str, case: Case) -> None:
        """Generate the branch that a property names; its failures are reported as the value's."""
        every = [value for values in case.values for value in values]
        with self.block(f"if {tag!r} not in {self._variable}:"):
            self.fail("required", f"{quoted(tag)} is missing")
        variable = self.fresh()
        self.l(f"{variable} = {self._variable}[{tag!r}]")
        if len(case.branches) > _WIDE:
            self.by_number(variable, case)
        else:
            for number, (values, schema) in enumerate(zip(case.values, case.branches, strict=True)):
                test = f"== {values[0]!r}" if len(values) == 1 else f"in {values!r}"
                with self.block(f"{'elif' if number else 'if'} {variable} {test}:"):
                    self.emit(schema, self._variable, kinds=self._kinds)
        with self.block("else:"):
            self.fail(keyword, f"must be one of {listed(every)}", repr(tag))

    def by_number(self, variable: str, case: Case) -> None:
        """Find one of many branches by its number, in two short steps; leaves the ``else`` to be written.

        One ``elif`` for each would be tried in turn, and thousands are nested too deep for the compiler.
        """
        numbers = {value: number for number, values in enumerate(case.values) for value in values}
        found = self.fresh()
        table = self.constant(numbers)
        self.l(f"{found} = {table}.get({variable}, -1) if isinstance({variable}, str) else -1")
        last = len(case.branches) - 1
        for start in range(0, len(case.branches), _WIDE):
            end = min(start + _WIDE - 1, last)
            with self.block(f"{'elif' if start else 'if'} {start} <= {found} <= {end}:"):
                for number in range(start, end + 1):
                    with self.block(f"{'elif' if number > start else 'if'} {found} == {number}:"):
                        self.emit(case.branches[number], self._variable, kinds=self._kinds)

    def any_of(self, branches: tuple[Schema, ...]) -> None:
        """Generate the alternatives; the first that accepts ends the search."""
        tests = (f"({self.decide(schema, self._variable, self._kinds)})" for schema in branches)
        self.none_of("anyOf", " or ".join(tests), branches)

    def none_of(self, keyword: str, test: str, branches: tuple[Schema, ...]) -> None:
        """Generate the failure of a value that no alternative accepts, by the one that it names."""
        message = f"matches none of the {len(branches)} alternatives"
        named = self._definition.get(DISCRIMINATOR)
        if self._quiet or named is None or named["keyword"] != keyword or "object" not in self._kinds:
            self.unless(test, keyword, message)
            return
        with self.block(f"if not ({test}):"):
            tag = self.fresh()
            self.l(
                f"{tag} = {self._variable}.get({named['property']!r}) if isinstance({self._variable}, dict) else None"
            )
            alternatives = self._definition[keyword]
            for value, index in named["branches"].items():
                if any(alternatives[index] is branch for branch in branches):
                    with self.block(f"if {tag} == {value!r}:"):
                        self.emit(alternatives[index], self._variable, kinds=self._kinds)
            self.fail(keyword, message)

    def one_of(self, branches: tuple[Schema, ...]) -> None:
        """Generate all alternatives, until a second one accepts."""
        found = self.fresh()
        self.l(f"{found} = False")
        for number, schema in enumerate(branches):
            with self.block(f"if {self.decide(schema, self._variable, self._kinds)}:"):
                if number:
                    with self.block(f"if {found}:"):
                        self.fail("oneOf", f"matches more than one of the {len(branches)} alternatives")
                self.l(f"{found} = True")
        self.none_of("oneOf", found, branches)

    def generate_not(self) -> None:
        """Generate the failure of a value that a schema must not accept."""
        test = self.decide(self._definition["not"], self._variable, self._kinds)
        self.unless(f"not ({test})", "not", "must not match the schema under not")

    def generate_if_then_else(self) -> None:
        """Generate a condition and the two schemas that it decides between."""
        with self.block(f"if {self.decide(self._definition['if'], self._variable, self._kinds)}:"):
            self.emit(self._definition.get("then", True), self._variable, kinds=self._kinds)
        if "else" in self._definition:
            with self.block("else:"):
                self.emit(self._definition["else"], self._variable, kinds=self._kinds)
