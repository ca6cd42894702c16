"""What is written for unevaluated keywords, where what is looked at depends on the value (see `claims`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import ITEM_CLAIMS, MEMBER_CLAIMS
from .containers import Containers
from .matchers import compile_pattern
from .writer import TESTS

if TYPE_CHECKING:
    from .definitions import Schema


class Unevaluated(Containers):
    """Keywords that look at what others have left."""

    def unevaluated(self) -> None:
        """Generate the checks of members and items that nothing looks at, after all other keywords."""
        for keyword, kind, write in (
            ("unevaluatedProperties", "object", self.unevaluated_properties),
            ("unevaluatedItems", "array", self.unevaluated_items),
        ):
            if keyword not in self._definition or kind not in self._kinds:
                continue
            if self._kinds == {kind}:
                write(self._definition[keyword])
            else:
                kinds = self._kinds
                with self.block(f"if {TESTS[kind].format(self._variable)}:"):
                    self._kinds = frozenset({kind})
                    write(self._definition[keyword])
                    self._kinds = kinds

    def unevaluated_properties(self, rest: Schema) -> None:
        """Generate the search for members that no claim names; a condition is asked while any are left."""
        certain, *others = self._definition[MEMBER_CLAIMS]
        left, key = self.fresh(), self.fresh()
        self.l(f"{left} = [{key} for {key} in {self._variable}{self.unclaimed(certain, key)}]")
        for claim in others:
            with self.block(f"if {left} and {self.decide(claim['if'], self._variable, self._kinds)}:"):
                everything = "additionalProperties" in claim["then"]
                found = "" if everything else f"{key} for {key} in {left}{self.unclaimed(claim['then'], key)}"
                self.l(f"{left} = [{found}]")
        if rest is False:
            self.unless(f"not {left}", "unevaluatedProperties", "has a member that is not declared")
            return
        member = self.fresh()
        with self.block(f"for {key} in {left}:"):
            self.l(f"{member} = {self._variable}[{key}]")
            self.emit(rest, member, key)

    def unclaimed(self, claim: dict[str, Any], key: str) -> str:
        """Write the condition of a comprehension for names that a claim does not hold."""
        names = claim.get("properties", ())
        tests = [f"{key} not in {self.constant(frozenset(names))}"] if names else []
        tests += [
            f"not {self.constant(compile_pattern(pattern).matches)}({key})"
            for pattern in claim.get("patternProperties", ())
        ]
        return f" if {' and '.join(tests)}" if tests else ""

    def unevaluated_items(self, rest: Schema) -> None:
        """Generate the search for items that no claim counts or accepts."""
        certain, *others = self._definition[ITEM_CLAIMS]
        done, item = self.fresh(), self.fresh()
        self.l(f"{done} = {len(certain.get('items', ()))}")
        accepting = [("", schema) for schema in certain.get("anyOf", ())]
        for claim in others:
            then = claim["then"]
            flag = self.fresh() if "anyOf" in then else ""
            if flag:
                self.l(f"{flag} = False")
                accepting += [(f"{flag} and ", schema) for schema in then["anyOf"]]
            test = self.decide(claim["if"], self._variable, self._kinds)
            with self.block(f"if {done} < len({self._variable}) and {test}:"):
                items = then.get("items")
                if items is True:
                    self.l(f"{done} = len({self._variable})")
                elif items:
                    self.l(f"{done} = max({done}, {len(items)})")
                if flag:
                    self.l(f"{flag} = True")
        with self.block(f"for {item} in {self._variable}[{done}:]:"):
            tests = " or ".join(f"({flag}{self.decide(schema, item)})" for flag, schema in accepting)
            with self.block(f"if not ({tests or 'False'}):"):
                if rest is False:
                    self.fail("unevaluatedItems", "has an item that is not declared")
                else:
                    self.emit(rest, item, f"Item({self._variable}, {item}, {done})")
