"""What is written for the keywords of types, values, text, bytes and numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .equality import Texts, depth
from .formats import FORMATS
from .matchers import compile_pattern
from .messages import counted, listed, quoted, shortened, type_names
from .writer import TESTS, Writer

_ZONED = ("date-time", "time")  # as RFC 3339 writes them
FEW_VALUES = 8  # compared one after the other; more are looked up in a set


class Scalars(Writer):
    """Keywords that look at one value and at nothing within it."""

    def generate_type(self) -> None:
        """Generate the test of the type, and narrow the kinds that are left."""
        types = self._definition["type"]
        kinds = frozenset("number" if name == "integer" else name for name in types)
        if self._kinds <= kinds and "integer" not in types:
            return
        tests = [TESTS[name].format(self._variable) for name in types]
        self.unless(" or ".join(tests), "type", f"must be {type_names(types)}")
        self._kinds &= kinds

    def generate_enum(self) -> None:
        """Generate the check that a value is one of the document's."""
        values = self._definition["enum"]
        self.unless(
            self.membership(values),
            "enum",
            f"must be one of {listed(values)}" if values else "is never valid",
        )

    def generate_const(self) -> None:
        """Generate the check that a value is the document's."""
        value = self._definition["const"]
        self.unless(self.membership([value]), "const", f"must be {quoted(value)}")

    def membership(self, values: list[Any]) -> str:
        """Write an expression that tells whether the variable is one of `values`, as JSON compares."""
        variable = self._variable
        strings = [value for value in values if isinstance(value, str)]
        tests = [
            f"{variable} is {value!r}"
            for value in (None, True, False)
            if any(listed_value is value for listed_value in values)
        ]
        numbers = [
            value for value in values if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        if len(strings) > FEW_VALUES:
            test = "" if self._kinds == {"string"} else f"isinstance({variable}, str) and "
            tests.append(f"{test}{variable} in {self.constant(frozenset(strings))}")
        elif strings:
            tests.append(
                f"{variable} == {strings[0]!r}" if len(strings) == 1 else f"{variable} in {tuple(strings)!r}"
            )
        if len(numbers) > FEW_VALUES:
            test = "" if self._kinds == {"number"} else f"({TESTS['number'].format(variable)}) and "
            tests.append(f"{test}{variable} in {self.constant(frozenset(numbers))}")
        elif numbers:
            tests.append(f"{variable}.__class__ is not bool and {variable} in {tuple(numbers)!r}")
        containers = [value for value in values if isinstance(value, dict | list)]
        if len(containers) > FEW_VALUES:
            texts = self.constant(frozenset(map(Texts().of, containers)))
            test = f"isinstance({variable}, (dict, list, tuple)) and is_within({variable}, {max(map(depth, containers))})"
            tests.append(f"{test} and text_of({variable}) in {texts}")
        else:
            tests += [f"equals({variable}, {self.constant(value)})" for value in containers]
        return " or ".join(tests) or "False"

    def generate_min_length(self) -> None:
        """Generate the check of the fewest code points, or bytes."""
        self.length("minLength", ">=", "at least")

    def generate_max_length(self) -> None:
        """Generate the check of the most code points, or bytes."""
        self.length("maxLength", "<=", "at most")

    def length(self, keyword: str, operator: str, words: str) -> None:
        """Generate the test of a limit to the length."""
        limit = self._definition[keyword]
        binary = self._kinds == {"binary"}
        measure = f"{'size' if binary else 'len'}({self._variable})"
        unit = "byte" if binary else "character"
        self.unless(f"{measure} {operator} {limit}", keyword, f"must be {words} {counted(limit, unit)} long")

    def generate_pattern(self) -> None:
        """Generate the search for a pattern anywhere in the text."""
        pattern = self._definition["pattern"]
        matcher = self.constant(compile_pattern(pattern).matches)
        self.unless(f"{matcher}({self._variable})", "pattern", f"must match the pattern {shortened(pattern)}")

    def generate_format(self) -> None:
        """Generate the check of a known format; unknown formats are annotations."""
        name = self._definition["format"]
        check = FORMATS.get(name)
        if check is not None:
            zone = ", with a time zone such as Z" if name in _ZONED else ""
            self.unless(
                f"{self.constant(check)}({self._variable})", "format", f"must be in the format {name}{zone}"
            )

    def limit(self, keyword: str, operator: str, words: str) -> None:
        """Generate a comparison, which NaN fails."""
        limit = self._definition[keyword]
        self.unless(f"{self._variable} {operator} {limit!r}", keyword, f"must be {words} {quoted(limit)}")

    def generate_minimum(self) -> None:
        """Generate an inclusive lower limit."""
        self.limit("minimum", ">=", "at least")

    def generate_maximum(self) -> None:
        """Generate an inclusive upper limit."""
        self.limit("maximum", "<=", "at most")

    def generate_exclusive_minimum(self) -> None:
        """Generate an exclusive lower limit."""
        self.limit("exclusiveMinimum", ">", "more than")

    def generate_exclusive_maximum(self) -> None:
        """Generate an exclusive upper limit."""
        self.limit("exclusiveMaximum", "<", "less than")

    def generate_multiple_of(self) -> None:
        """Generate the check of a multiple, exact in the decimals that JSON shows."""
        factor = self._definition["multipleOf"]
        exact = self.constant(Fraction(repr(factor)))
        self.unless(
            f"is_multiple({self._variable}, {exact})", "multipleOf", f"must be a multiple of {quoted(factor)}"
        )
