"""The notation in which AsyncAPI's objects are tabled.

A table (`grammar_v2`, `grammar_v3`) maps an object's name to its row; checking a value is one
lookup, whatever the version. `walk` goes through a document by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..text.hints import closest, did_you_mean, list_few
from ..text.pointer import Pointer
from .overridden import BY_ONLY_REFERENCE, BY_REFERENCE, report_overridden
from .walk import TYPE_NAMES, type_name

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from ..text.document import Node
    from .walk import JsonSchema, Refer, Rule, Walk

Reference = Literal["no", "yes", "only"]


_JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
REFERENCE: dict[str, Any] = {
    "type": "object",
    "properties": {"$ref": {"type": "string", "minLength": 1}},
    "required": ["$ref"],
}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


# The latest release of the other major version.
_OTHER = {2: "3.1.0", 3: "2.6.0"}


@dataclass(frozen=True, slots=True)
class Fits:
    """A scalar, or an object or list whose contents are not checked.

    Attributes:
        types: The Python types admitted; bool is never taken for a number.
        values: The values admitted; empty is any.
        pattern: What a text must match as a whole.
        wanted: What `pattern` asks for, in the words of the message.
        looser: What editors match instead, where ECMA-262 reads the pattern in another way.
        code: Of the diagnostic for a value that does not fit.
    """

    types: tuple[type, ...]
    values: tuple[Any, ...] = ()
    pattern: re.Pattern[str] | None = None
    wanted: str = ""
    code: str = ""
    looser: str = ""

    def admits(self, value: Any) -> bool:
        """Return whether there is nothing to report of a value."""
        return (
            type(value) in self.types
            and (not self.values or value in self.values)
            and (self.pattern is None or self.pattern.fullmatch(value) is not None)
        )

    def check(self, walk: Walk, node: Node) -> None:
        """Report a value of another type, outside the enumeration, or not well-formed."""
        value = node.value
        if self.admits(value):
            return
        if type(value) not in self.types:
            words = " or ".join(TYPE_NAMES[kind] for kind in self.types)
            hint = "; put it in quotes" if str in self.types and type(value) in {int, float, bool} else ""
            walk.error(node, self.code or "TYPE", f"must be {words}, not {type_name(value)}{hint}")
        elif self.values and value not in self.values:
            listed = ", ".join(map(repr, self.values))
            hint = did_you_mean(value, [known for known in self.values if isinstance(known, str)])
            walk.error(node, self.code or "ENUM", f"must be one of {listed}{hint}")
        else:
            walk.error(node, self.code or "TYPE", f"must be {self.wanted}")

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return the types, the values and the pattern."""
        names = [_JSON_TYPES[kind] for kind in self.types]
        schema: dict[str, Any] = {"type": names[0] if len(names) == 1 else names}
        if self.values:
            schema["enum"] = list(self.values)
        if self.pattern is not None:
            schema["pattern"] = self.looser or _whole(self.pattern)
        return {} if len(names) == len(_JSON_TYPES) else schema


ANYTHING = Fits((str, bool, int, float, dict, list, type(None)))


STRING = Fits((str,))
BOOLEAN = Fits((bool,))
OBJECT = Fits((dict,))


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema; what is in it is checked by `schemas.lint`."""

    def check(self, walk: Walk, node: Node) -> None:
        walk.schemas.append(node)

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return what every schema is; AsyncAPI's own says what stands in it."""
        return {"type": ["object", "boolean"]}


SCHEMA: Rule = _Schema()


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose elements all follow one rule; with `unique`, no two share that member."""

    rule: Rule
    unique: str = ""
    code: str = ""

    def check(self, walk: Walk, node: Node) -> None:
        """Report a value that is not a list, each bad element, and each repeated one."""
        if not isinstance(node.value, list):
            walk.error(node, self.code or "TYPE", f"must be a list, not {type_name(node.value)}")
            return
        seen: set[str] = set()
        for element in node.elements():
            self.rule.check(walk, element)
            if self.unique:
                target = walk.follow(element)
                name = target.value.get(self.unique) if target and isinstance(target.value, dict) else None
                if isinstance(name, str) and name in seen:
                    walk.error(
                        element, "DUPLICATE_ID", f"the {self.unique} {name!r} occurs twice in this list"
                    )
                elif isinstance(name, str):
                    seen.add(name)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return an array of what the rule wants."""
        return {"type": "array", "items": self.rule.as_schema(refer)}


@dataclass(frozen=True, slots=True)
class Entries:
    """A map from names of the author's choice to values of one rule."""

    rule: Rule
    keys: re.Pattern[str] | None = None
    what: str = "name"
    code: str = "TYPE"
    extensions: bool = False

    def check(self, walk: Walk, node: Node) -> None:
        """Report a value that is not an object, each name that does not match, and each bad value."""
        if not walk.is_object(node, self.code):
            return
        for key, value in node.items():
            if self.extensions and key.startswith("x-"):
                walk.extension("a map", {}, key, value)
                continue
            if self.keys is not None and not self.keys.fullmatch(key):
                walk.error(
                    value,
                    "UNKNOWN_FIELD",
                    f"{key!r} is not a valid {self.what}; it must match {self.keys.pattern}",
                    key=True,
                )
            else:
                self.rule.check(walk, value)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return an object of what the rule wants, by names of the right form."""
        schema: dict[str, Any] = {"type": "object", "additionalProperties": self.rule.as_schema(refer)}
        if self.extensions:
            schema["patternProperties"] = {"^x-": True}
        if self.keys is not None:
            schema["propertyNames"] = {"pattern": _whole(self.keys)}
        return schema


@dataclass(frozen=True, slots=True)
class Since:
    """A field that exists from a minor version on."""

    minor: int
    rule: Rule

    def check(self, walk: Walk, node: Node) -> None:
        """Report the field in a document of an earlier version, else by its rule."""
        if walk.minor < self.minor:
            name = f"{walk.major}.{self.minor}"
            what = Pointer.parse(node.pointer).last
            walk.error(node, "UNKNOWN_FIELD", f"{what!r} was added in AsyncAPI {name}", key=True)
        else:
            self.rule.check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return the rule's own: the schema is one for all minor versions."""
        return self.rule.as_schema(refer)


@dataclass(frozen=True, slots=True)
class Use:
    """The object of that name in the table, inline or by reference.

    Attributes:
        name: A key of the table.
        reference: Whether a ``$ref`` may, must or must not stand here.
        code: Of the diagnostic for a value of the wrong type or form.
    """

    name: str
    reference: Reference = "yes"
    code: str = "TYPE"

    def check(self, walk: Walk, node: Node) -> None:
        """Report a reference out of place, else on the object, once however it is reached."""
        row = walk.table[self.name]
        value = node.value
        if isinstance(value, dict) and "$ref" in value:
            if self.reference == "no":
                walk.error(node.child("$ref"), "REF_TYPE", f"{row.title} can't be a reference here", key=True)
                return
            override = BY_ONLY_REFERENCE if self.reference == "only" else BY_REFERENCE
            report_overridden(walk, row, node, override)
            walk.references[node.identity] = self.name
            target = walk.target(node)
            if target is not None:
                walk.later(self.name, target, self.code)
        elif self.reference == "only":
            hint = f": write {{$ref: ...}} instead of {value!r}" if isinstance(value, str) else ""
            walk.error(node, self.code, f"must be a reference to {row.title}{hint}")
        else:
            walk.enter(self.name, row, node, self.code)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return the object's, a reference, or either."""
        if self.reference == "only":
            return REFERENCE
        if self.reference == "no":
            return refer(self.name)
        return {
            "if": {"type": "object", "required": ["$ref"]},
            "then": REFERENCE,
            "else": refer(self.name),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A row: one object of the specification.

    Attributes:
        title: With its article, for messages.
        fields: The fields with a fixed name, our own extensions among them.
        required: Those that must be there, each with the code of its absence.
        open: Whether other fields than these and ``x-…`` may stand there.
        extensions: Whether ``x-…`` may stand there.
        checks: What a table of fields can't say.
        moved: Fields of the other major version, and what replaces them in this one.
        guards: Fields that narrow access, which beside a reference are an error; ``*`` is every field.
        unknown: The code of the diagnostic for a field that it doesn't have.
    """

    title: str
    fields: Mapping[str, Rule]
    required: Mapping[str, str] = field(default_factory=dict)
    open: bool = False
    extensions: bool = True
    checks: tuple[Callable[[Walk, Node], None], ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    guards: frozenset[str] = frozenset()
    unknown: str = "UNKNOWN_FIELD"

    def check(self, walk: Walk, node: Node) -> None:
        """Report missing and unknown fields, and on each known one."""
        for name, code in self.required.items():
            if name not in node.value:
                near = closest(name, [key for key in node.value if key not in self.fields])
                hint = f"; is {near!r} a misspelling of it?" if near else ""
                walk.error(node, code, f"{self.title} needs {name!r}{hint}")
        for key in node.value:
            rule = self.fields.get(key)
            if rule is not None:
                rule.check(walk, node.child(key))
            elif key.startswith("x-") and self.extensions:
                walk.extension(self.title, self.fields, key, node.child(key))
            elif not self.open:
                near = closest(key, self.fields)
                if near in self.required and near not in node.value and key not in self.moved:
                    continue  # reported as the missing field's misspelling
                hint = f"; did you mean {near!r}?" if near else list_few(self.fields)
                if key in self.moved:
                    hint = f" in AsyncAPI {walk.major}.x; use {self.moved[key]}"
                    if not walk.is_foreign:
                        walk.is_foreign = True
                        hint += f"; if the whole document is written this way, set 'asyncapi' to {_OTHER[walk.major]}"
                walk.error(node.child(key), self.unknown, f"{self.title} has no {key!r}{hint}", key=True)
        for check in self.checks:
            check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return an object with these fields; what `checks` look at is not said."""
        schema: dict[str, Any] = {
            "title": self.title,
            "type": "object",
            "properties": {name: rule.as_schema(refer) for name, rule in self.fields.items()},
        }
        if self.required:
            schema["required"] = list(self.required)
        if not self.open:
            schema["additionalProperties"] = False
            if self.extensions:
                schema["patternProperties"] = {"^x-": True}
        return schema
