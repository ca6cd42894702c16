"""The one walk that checks a document against the table of its version.

A reference is followed and its target checked as the object that is wanted there, once. Each
problem is reported once, where it stands; nothing below a value of the wrong type is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..schemas.multi_format import read_format
from ..text.hints import closest
from ..text.pointer import Pointer
from ..text.reference_faults import ReferenceFault
from ..text.references import ELSEWHERE, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ...errors import Diagnostic, Layer
    from ..schemas.dialects import Dialect
    from ..text.document import Document, Node

JsonSchema: TypeAlias = dict[str, Any] | bool
Refer: TypeAlias = "Callable[[str], JsonSchema]"

TYPE_NAMES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "a list",
    type(None): "null",
}
_ALIKE = 0.88  # not x-author for x-auth


class Rule(Protocol):
    """What a value must be."""

    def check(self, walk: Walk, node: Node) -> None:
        """Report on `node`, and on all that it holds."""
        ...

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return the rule as far as JSON Schema can say it, for editors; it never refuses what is right.

        Args:
            refer: Returns the schema of an object of the table, by its name.
        """
        ...


class Row(Rule, Protocol):
    """An object of the table: what the walk must know of it to report on references to it."""

    @property
    def title(self) -> str:
        """The object's name in messages, with its article."""
        ...

    @property
    def fields(self) -> Mapping[str, Rule]:
        """The fields with a fixed name."""
        ...

    @property
    def guards(self) -> frozenset[str]:
        """Fields that narrow access, which beside a reference are an error; ``*`` is every field."""
        ...


@dataclass(slots=True, kw_only=True)
class Walk:
    """One check of one document.

    Attributes:
        table: The objects of the document's version.
        major: Of the version.
        minor: Of the version.
        places: For each of our extensions, the objects on which it has a meaning.
        respelt: Misspelt extensions that are honoured, with the right spelling.
        foreign: What other tools call much the same as one of our extensions, by its letters in lower case.
        strict: Whether what would be ignored is an error.
        guards: Extensions that narrow access: one that would be ignored is an error.
        layer: Of the diagnostics that follow.
        found: The diagnostics so far.
        schemas: Every schema that stands in an object of the table.
        dialects: What its format declares, by the place of a schema.
        messages: Every message.
        references: Every reference that stands for an object of the table, with that object's name.
        is_foreign: Whether a field of the other major version was met, such as ``publish`` in 3.x.
    """

    table: Mapping[str, Row]
    major: int
    minor: int
    resolver: Resolver
    places: Mapping[str, tuple[str, ...]]
    respelt: Mapping[str, str]
    foreign: Mapping[str, str]
    guards: frozenset[str]
    strict: bool = False
    layer: Layer = "document"
    found: list[Diagnostic] = field(default_factory=list)
    schemas: list[Node] = field(default_factory=list)
    dialects: dict[tuple[Document, str], Dialect] = field(default_factory=dict)
    messages: list[Node] = field(default_factory=list)
    references: dict[tuple[Document, str], str] = field(default_factory=dict)
    is_foreign: bool = False
    _seen: set[tuple[str, Document, str]] = field(default_factory=set)
    _faulty: set[Any] = field(default_factory=set)
    _meant: dict[str, str | None] = field(default_factory=dict)
    _queue: list[tuple[str, Node, str, Layer]] = field(default_factory=list)

    def check(self, name: str, node: Node) -> None:
        """Check everything from `node` on, read as the table's object `name`."""
        self.enter(name, self.table[name], node, "TYPE")
        while self._queue:
            kind, target, code, self.layer = self._queue.pop()
            self.enter(kind, self.table[kind], target, code)

    def error(self, node: Node, code: str, message: str, *, key: bool = False) -> None:
        """Report that this is not AsyncAPI, or, within our extensions, that it can't be served."""
        self.found.append(
            node.diagnostic("error", code, _placed(node, message, key=key), key=key, layer=self.layer)
        )

    def warn(self, node: Node, code: str, message: str, *, key: bool = False) -> None:
        """Report what is legal, and probably not meant."""
        self.found.append(node.diagnostic("warning", code, _placed(node, message, key=key), key=key))

    def refuse(self, node: Node, code: str, message: str, *, key: bool = False) -> None:
        """Report what is legal AsyncAPI, narrows access, and would not be enforced."""
        self.found.append(node.diagnostic("error", code, message, key=key, layer="service"))

    def is_object(self, node: Node, code: str = "TYPE") -> bool:
        """Return whether `node` is an object, and report it if not."""
        if isinstance(node.value, dict):
            return True
        hint = ""
        if isinstance(node.value, str) and node.value.lstrip().startswith(("#/", "./", "../")):
            hint = f"; did you mean {{$ref: {node.value!r}}}?"
        self.error(node, code, f"must be an object, not {type_name(node.value)}{hint}")
        return False

    def enter(self, name: str, row: Row, node: Node, code: str) -> None:
        """Check `node` as the object `name`, unless that was done."""
        mark = (name, node.document, node.pointer)
        if mark in self._seen:
            return
        self._seen.add(mark)
        if self.is_object(node, code):
            row.check(self, node)

    def later(self, name: str, node: Node, code: str) -> None:
        """Check the target of a reference when the walk is through: chains can be long."""
        self._queue.append((name, node, code, self.layer))

    def follow(self, node: Node) -> Node | None:
        """Return where a reference leads, or None; a fault is reported elsewhere."""
        try:
            return self.resolver.follow(node)
        except ReferenceFault:
            return None

    def target(self, node: Node) -> Node | None:
        """Return where a reference leads, or None; a fault is reported, once."""
        try:
            return self.resolver.follow(node)
        except ReferenceFault as fault:
            for diagnostic in fault.diagnostics:
                mark = (diagnostic.file, diagnostic.pointer, diagnostic.code)
                if mark in self._faulty:
                    continue
                self._faulty.add(mark)
                self.found.append(
                    replace(diagnostic, severity="warning") if diagnostic.code in ELSEWHERE else diagnostic
                )
            return None

    def formatted_schema(self, schema: Node, name: Node | None) -> None:
        """Keep a schema whose format is declared, if it is of a dialect that is validated."""
        read = read_format(None if name is None else name.value)
        if name is not None and read.error:
            self.refuse(name, "DIALECT", read.error)
        elif name is not None and read.warning:
            self.warn(name, "DIALECT", read.warning)
        if read.dialect is None:
            self.extensions("a schema", [schema])
            return
        self.schemas.append(schema)
        if read.declared is not None:
            self.dialects[schema.identity] = read.declared

    def extension(self, title: str, fields: Mapping[str, Rule], key: str, node: Node) -> None:
        """Report one of our extensions that is misspelt, or has no meaning on this object.

        It is an error where it narrows access, else a warning.

        Args:
            title: Of the object, with its article.
            fields: What the object may hold.
            key: The extension as written.
            node: Its value.
        """
        right = self.respelt.get(key)
        if right is not None and right in fields:
            self.warn(node, "UNKNOWN_EXTENSION", f"{key!r} is deprecated; use {right!r}", key=True)
            fields[right].check(self, node)
            return
        near = self.nearest(key)
        if near is None:
            return
        here = (
            near
            if near in fields
            else closest(key, [name for name in fields if name in self.places], cutoff=_ALIKE)
        )
        if near == key:
            message = f"{key!r} has no effect on {title}; it belongs on {self.places_of(key)}"
            if (plain := key.removeprefix("x-")) in fields:
                message += f"; use {plain!r} here"
            elif here is not None:
                message += f"; did you mean {here!r}?"
        else:
            message = f"unknown extension {key!r}; did you mean {here or near!r}"
            if near not in fields:
                or_near = "" if here is None else f", or {near!r}"
                message += f"{or_near}, which belongs on {self.places_of(near)}"
            message += "?"
        # In objects that take none of ours, such as schemas, a similar name is more likely somebody else's.
        narrows = self.narrows(key) if fields else key in self.guards
        report = self.refuse if narrows or self.strict else self.warn
        report(node, "UNKNOWN_EXTENSION", message, key=True)

    def extensions(self, title: str, nodes: Iterable[Node]) -> None:
        """Report every one of our extensions on objects that take none of them.

        Args:
            title: Of such an object, with its article.
            nodes: The objects; other values have no extensions.
        """
        for node in nodes:
            for key in node.value if isinstance(node.value, dict) else ():
                if key.startswith("x-"):
                    self.extension(title, {}, key, node.child(key))

    def narrows(self, key: str) -> bool:
        """Return whether an extension, or the one that is most likely meant, narrows access."""
        return self.nearest(key) in self.guards and _letters(key) not in self.foreign

    def nearest(self, key: str) -> str | None:
        """Return the extension of ours that is most likely meant, or None."""
        if key not in self._meant:
            self._meant[key] = self.foreign.get(_letters(key)) or closest(key, self.places, cutoff=_ALIKE)
        return self._meant[key]

    def places_of(self, extension: str) -> str:
        """Return the objects on which an extension of ours has a meaning, as words."""
        *others, last = self.places[extension]
        return f"{', '.join(others)} or {last}" if others else last


def _letters(key: str) -> str:
    return "".join(filter(str.isalnum, key)).lower()


def type_name(value: Any) -> str:
    """Return the JSON type of a value, with its article."""
    return TYPE_NAMES.get(type(value), type(value).__name__)


def _placed(node: Node, message: str, *, key: bool) -> str:
    """Name the field that a message without a subject is about."""
    if key or not message.startswith(("must be", "needs")):
        return message
    tokens = Pointer.parse(node.pointer).tokens
    if not tokens:
        return f"the document {message}"
    name = tokens[-1]
    if name.isdecimal() and len(tokens) > 1:
        name = f"{tokens[-2]}[{name}]"
    return f"{name} {message}"
