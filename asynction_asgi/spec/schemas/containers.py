"""What is written for the keywords of arrays and objects."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from .matchers import compile_pattern
from .messages import counted, listed, quoted
from .scalars import Scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .definitions import Schema

FEW_ENTRIES = 16  # entries looked for one after the other
EntryT = TypeVar("EntryT")


class Containers(Scalars):
    """Keywords that look at items and members."""

    def generate_min_items(self) -> None:
        """Generate the check of the fewest items."""
        self.count("minItems", ">=", "at least", "item")

    def generate_max_items(self) -> None:
        """Generate the check of the most items."""
        self.count("maxItems", "<=", "at most", "item")

    def count(self, keyword: str, operator: str, words: str, unit: str) -> None:
        """Generate the test of a limit to the number of members."""
        limit = self._definition[keyword]
        self.unless(
            f"len({self._variable}) {operator} {limit}", keyword, f"must have {words} {counted(limit, unit)}"
        )

    def generate_items(self) -> None:
        """Generate the checks of items: one schema for all, or one per position and one for the rest."""
        items = self._definition["items"]
        if not isinstance(items, list):
            self.each_item(items, "items", 0)
            return
        certain = self._definition.get("minItems", 0)  # checked before
        constrained = [index for index, schema in enumerate(items) if schema is not True]
        for index in constrained:
            if index < certain:
                self.element(items[index], str(index))
        self.in_parts(
            [index for index in constrained if index >= certain],
            lambda indexes: f"len({self._variable}) > {indexes[0]}",
            lambda index: self.element(items[index], str(index)),
        )
        if "additionalItems" in self._definition:
            self.each_item(self._definition["additionalItems"], "additionalItems", len(items))

    def in_parts(
        self,
        entries: Sequence[EntryT],
        test: Callable[[Sequence[EntryT]], str],
        write: Callable[[EntryT], None],
    ) -> None:
        """Generate what to do about each entry that a value has, in few steps if it has few of many.

        Args:
            entries: Indexes or names, in the order in which they are looked for.
            test: Write an expression that is true if the value has any of these entries.
            write: Generate what to do about an entry that the value has.
        """
        if len(entries) <= FEW_ENTRIES:
            for entry in entries:
                with self.block(f"if {test([entry])}:"):
                    write(entry)
            return
        step = FEW_ENTRIES
        while step * FEW_ENTRIES < len(entries):
            step *= FEW_ENTRIES
        for start in range(0, len(entries), step):
            part = entries[start : start + step]
            with self.block(f"if {test(part)}:"):
                self.in_parts(part, test, write)

    def has_any(self, names: Sequence[str]) -> str:
        """Write an expression that is true if an object has any of these members."""
        if len(names) == 1:
            return f"{names[0]!r} in {self._variable}"
        return f"not {self._variable}.keys().isdisjoint({self.constant(frozenset(names))})"

    def element(self, schema: Schema, place: str) -> None:
        """Generate the checks of an item or a member that exists; `place` is its index or name in Python."""
        variable = self.fresh()
        self.l(f"{variable} = {self._variable}[{place}]")
        self.emit(schema, variable, place)

    def each_item(self, schema: Schema, keyword: str, start: int) -> None:
        """Generate the checks of the items from `start` on."""
        if schema is True:
            return
        if schema is False:
            self.unless(
                f"len({self._variable}) <= {start}", keyword, f"must have at most {counted(start, 'item')}"
            )
            return
        item = self.fresh()
        values = f"{self._variable}[{start}:]" if start else self._variable
        with self.block(f"for {item} in {values}:"):
            self.emit(schema, item, f"Item({self._variable}, {item}, {start})")

    def generate_contains(self) -> None:
        """Generate the search for an item that matches, or the count of those that do."""
        if not self._definition.keys().isdisjoint(("minContains", "maxContains")):
            self.counted_contains()
            return
        item = self.fresh()
        with self.block(f"for {item} in {self._variable}:"):
            self.l(f"if {self.decide(self._definition['contains'], item)}: break")
        with self.block("else:"):
            self.fail("contains", "must contain an item that matches the schema under contains")

    def counted_contains(self) -> None:
        """Generate the count of items that match, as far as it matters."""
        least, most = self._definition.get("minContains", 1), self._definition.get("maxContains")
        item, count = self.fresh(), self.fresh()
        self.l(f"{count} = 0")
        with (
            self.block(f"for {item} in {self._variable}:"),
            self.block(f"if {self.decide(self._definition['contains'], item)}:"),
        ):
            self.l(f"{count} += 1")
            self.l(f"if {count} == {least if most is None else most + 1}: break")
        words = "that match the schema under contains"
        if least:
            keyword = "minContains" if "minContains" in self._definition else "contains"
            self.unless(
                f"{count} >= {least}", keyword, f"must contain at least {counted(least, 'item')} {words}"
            )
        if most is not None:
            self.unless(
                f"{count} <= {most}", "maxContains", f"must contain at most {counted(most, 'item')} {words}"
            )

    def generate_unique_items(self) -> None:
        """Generate the check that no two items are equal."""
        self.unless(
            f"unique({self._variable}{self._memo or ', {}'})", "uniqueItems", "must have no two equal items"
        )

    def generate_min_properties(self) -> None:
        """Generate the check of the fewest members."""
        self.count("minProperties", ">=", "at least", "member")

    def generate_max_properties(self) -> None:
        """Generate the check of the most members."""
        self.count("maxProperties", "<=", "at most", "member")

    def generate_required(self) -> None:
        """Generate the checks of required members that `generate_properties` does not look at anyway."""
        properties = self._definition.get("properties", {})
        for name in self._definition["required"]:
            if name not in properties:
                self.missing(name)

    def missing(self, name: str) -> None:
        """Generate the failure for a required member that is missing."""
        self.unless(f"{name!r} in {self._variable}", "required", f"{quoted(name)} is missing")

    def generate_properties(self) -> None:
        """Generate the checks of declared members, and that required ones among them exist."""
        required = self._definition.get("required", ())
        properties = self._definition["properties"]
        for is_required, names in groupby(properties, key=lambda name: name in required):
            if is_required:
                for name in names:
                    self.missing(name)
                    if properties[name] is not True:
                        self.element(properties[name], repr(name))
            else:
                optional = [name for name in names if properties[name] is not True]
                self.in_parts(optional, self.has_any, lambda name: self.element(properties[name], repr(name)))

    def generate_pattern_properties(self) -> None:
        """Generate the checks of members by pattern, and of additional ones in the same pass."""
        rest = self._definition.get("additionalProperties", True)
        known = self.constant(frozenset(self._definition.get("properties", ())))
        key, member, other = self.fresh(), self.fresh(), self.fresh()
        with self.block(f"for {key}, {member} in {self._variable}.items():"):
            if rest is not True:
                self.l(f"{other} = {key} not in {known}")
            for pattern, schema in self._definition["patternProperties"].items():
                with self.block(f"if {self.constant(compile_pattern(pattern).matches)}({key}):"):
                    if rest is not True:
                        self.l(f"{other} = False")
                    self.emit(schema, member, key)
            if rest is False:
                with self.block(f"if {other}:"):
                    self.undeclared()
            elif rest is not True:
                with self.block(f"if {other}:"):
                    self.emit(rest, member, key)

    def generate_additional_properties(self) -> None:
        """Generate the check of members that nothing else names."""
        rest = self._definition["additionalProperties"]
        if rest is True or "patternProperties" in self._definition:
            return
        names = self._definition.get("properties", {})
        known = self.constant(frozenset(names))
        if rest is False:
            required = self._definition.get("required", ())
            every = all(name in required for name in names)
            test = (
                f"len({self._variable}) == {len(names)}" if every else f"{self._variable}.keys() <= {known}"
            )
            with self.block(f"if not {test}:"):
                self.undeclared()
            return
        key, member = self.fresh(), self.fresh()
        with self.block(f"for {key}, {member} in {self._variable}.items():"):
            if names:
                with self.block(f"if {key} not in {known}:"):
                    self.emit(rest, member, key)
            else:
                self.emit(rest, member, key)

    def undeclared(self) -> None:
        """Generate the failure for a forbidden member, without its name, which is the peer's."""
        names = list(self._definition.get("properties", ()))
        allowed = f"; its members are {listed(names)}" if names else ""
        self.fail("additionalProperties", f"has a member that is not declared{allowed}")

    def generate_property_names(self) -> None:
        """Generate the check of every name, as a string."""
        key = self.fresh()
        with self.block(f"for {key} in {self._variable}:"):
            test = self.decide(self._definition["propertyNames"], key)
            self.unless(test, "propertyNames", "has a member whose name is not allowed")

    def generate_dependencies(self) -> None:
        """Generate the checks that depend on the presence of a member."""
        dependencies = self._definition["dependencies"]
        self.in_parts(
            list(dependencies),
            self.has_any,
            lambda name: self.emit(dependencies[name], self._variable, kinds=self._kinds),
        )
