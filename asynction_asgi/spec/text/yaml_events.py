"""From a parser's events to plain values.

AsyncAPI asks for a blend: keys of YAML's failsafe schema (every key is a string: ``on``, ``1`` and
``2024-01-01`` too), values of the core schema (YAML 1.2.2, section 10.3.2), and none but JSON's
types. Aliases share their value; they are never expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from ...errors import shorten
from .pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

# Deeper than any document by a person, and shallow enough that walking it by recursion is safe.
MAX_DEPTH = 128
# Of a whole number: little more than 4,200 digits. Python writes none of more than 4,300.
MAX_BITS = 14_000
# Values counted with aliases expanded, which is what a walk by JSON Pointer visits: so many for each
# document, and one more for each of its characters, so that the work stays in proportion to the text.
EXPANDED = 10_000

_STR = "tag:yaml.org,2002:str"
_CORE = {_STR, *(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))}
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Escapes can produce surrogates, which are not characters and cannot be encoded.
SURROGATE = re.compile("[\ud800-\udfff]")
_NUMERIC = frozenset("+-.0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the text itself; line and column are 0-based."""

    code: str
    message: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None


Place = tuple[int, int]


@dataclass(slots=True)
class Places:
    """Where the values of one tree stand, 0-based.

    Attributes:
        start: Of the root.
        of: By identity of a container: its keys or indices, with the places of key and value.
    """

    start: Place = (0, 0)
    of: dict[int, dict[Any, tuple[Place, Place]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """The tree, and every fault found on the way; None where the syntax allows no tree."""

    value: Any
    faults: list[Fault]


class StopError(Exception):
    """Parsing stopped without a tree; carries the reason."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


@dataclass(slots=True)
class _Anchor:
    value: Any = None
    size: int = 0
    depth: int = 0
    open: bool = True


class Composer:
    """One pass over the events, by recursion that `MAX_DEPTH` bounds; `most` bounds the expanded values."""

    def __init__(self, events: Iterator[Any], places: Places | None, *, most: int) -> None:
        self.faults: list[Fault] = []
        self._next = events.__next__
        self._places = places
        self._path: list[str] = []
        self._anchors: dict[str, _Anchor] = {}
        self._size = 0
        self._level = 0
        self._deepest = 0
        self._most = most

    @property
    def pointer(self) -> str:
        """Of the value that is being composed."""
        return str(Pointer(tuple(self._path)))

    def _fault(self, code: str, message: str, event: Any) -> None:
        mark = event.start_mark
        self.faults.append(
            Fault(code=code, message=message, pointer=self.pointer, line=mark.line, column=mark.column)
        )

    def document(self) -> Any:
        """Return the value of the first document, or None if there is none.

        Raises:
            StopError: Nested or expanded beyond the bounds.
        """
        self._next()  # the start of the stream
        event = self._next()
        if not isinstance(event, DocumentStartEvent):
            return None
        event = self._next()
        if self._places is not None:
            self._places.start = (event.start_mark.line, event.start_mark.column)
        value = self._value(event)
        self._next()  # the end of the document
        event = self._next()
        if isinstance(event, DocumentStartEvent):
            self._fault("YAML_SYNTAX", "a second document begins here; put it in a file of its own", event)
        return value

    def _value(self, event: Any) -> Any:
        self._size += 1
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        anchor = None
        if event.anchor is not None:
            self._anchors[event.anchor] = anchor = _Anchor(size=self._size, depth=self._deepest)
            self._deepest = self._level
        if kind is ScalarEvent:
            value = self._scalar(event)
        elif self._level >= MAX_DEPTH:
            raise StopError(
                Fault(
                    code="YAML_SYNTAX",
                    message=f"nested more than {MAX_DEPTH} levels deep",
                    line=event.start_mark.line,
                    column=event.start_mark.column,
                )
            )
        else:
            self._level += 1  # of the path it would miss what keys and merge keys hold
            self._deepest = max(self._deepest, self._level)
            value = self._mapping(event) if kind is MappingStartEvent else self._sequence(event)
            self._level -= 1
        if anchor is not None:
            anchor.value, anchor.open = value, False
            anchor.size = self._size - anchor.size + 1
            before, anchor.depth = anchor.depth, self._deepest - self._level
            self._deepest = max(self._deepest, before)
        return value

    def _alias(self, event: Any) -> Any:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            self._fault("YAML_SYNTAX", f"the anchor &{event.anchor} is not defined before this alias", event)
            return None
        if anchor.open:
            self._fault("YAML_RECURSIVE_ALIAS", f"the alias *{event.anchor} is inside its own anchor", event)
            return None
        self._size += anchor.size - 1
        self._deepest = max(self._deepest, self._level + anchor.depth)
        if self._size > self._most or self._deepest > MAX_DEPTH:
            mark = event.start_mark
            message = f"aliases expand to more than {self._most:,} values or {MAX_DEPTH} levels"
            raise StopError(
                Fault(code="YAML_RECURSIVE_ALIAS", message=message, line=mark.line, column=mark.column)
            )
        return anchor.value

    def _sequence(self, event: Any) -> list[Any]:
        self._check_tag(event, "seq")
        result: list[Any] = []
        table: dict[Any, tuple[Place, Place]] | None = None
        if self._places is not None:
            table = self._places.of[id(result)] = {}
        path, following = self._path, self._next
        while type(event := following()) in _VALUES:
            index = len(result)
            path.append(str(index))
            if table is not None:
                at = (event.start_mark.line, event.start_mark.column)
                table[index] = (at, at)
            result.append(self._value(event))
            path.pop()
        return result

    def _mapping(self, event: Any) -> dict[str, Any]:
        self._check_tag(event, "map")
        result: dict[str, Any] = {}
        table: dict[Any, tuple[Place, Place]] | None = None
        if self._places is not None:
            table = self._places.of[id(result)] = {}
        merged: list[Any] = []
        path, following = self._path, self._next
        while type(event := following()) in _VALUES:
            key = self._key(event)
            key_event, event = event, following()
            if key is None:  # reported; its value is read and dropped
                self._value(event)
                continue
            if key == "<<" and key_event.implicit[0]:
                merged.append((event, self._value(event)))
                continue
            path.append(key)
            if key in result:
                self._fault("YAML_DUPLICATE_KEY", f"the key {quote(key)} occurs twice", key_event)
                self._value(event)
            else:
                result[key] = None  # keeps the order while the value is read
                if table is not None:
                    at = (key_event.start_mark.line, key_event.start_mark.column)
                    empty = type(event) is ScalarEvent and not event.value and event.implicit[0]
                    table[key] = (at, at if empty else (event.start_mark.line, event.start_mark.column))
                result[key] = self._value(event)
            path.pop()
        for event, value in merged:
            self._merge(event, value, result, table)
        return result

    def _key(self, event: Any) -> str | None:
        if type(event) is ScalarEvent:
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchor(value=event.value, size=1, open=False)
            if event.tag is None or event.tag in {"!", _STR}:
                return self._text(event.value, event)
            self._fault("YAML_KEY", f"the key {quote(event.value)} is tagged; keys are strings", event)
            return None
        if type(event) is AliasEvent:
            before = len(self.faults)
            value = self._value(event)
            if isinstance(value, str):
                return value
            if len(self.faults) > before:
                return None
        else:
            self._value(event)
        self._fault("YAML_KEY", "a key must be a string, not a collection", event)
        return None

    def _merge(self, event: Any, value: Any, into: dict[str, Any], table: dict[Any, Any] | None) -> None:
        """Merge keys (YAML 1.1's ``<<``, which 1.2 files go on using): what stands there wins."""
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                self._fault("YAML_SYNTAX", "a merge key takes a mapping, or a list of them", event)
                return
            places = self._places.of.get(id(source), {}) if self._places is not None else {}
            for key, item in source.items():
                if key not in into:
                    into[key] = item
                    if table is not None and key in places:
                        table[key] = places[key]

    def _scalar(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag is not None and tag != "!" and tag not in _CORE:
            self._fault("YAML_TAG", f"the tag {quote(tag)} is not a JSON type", event)
            return None
        if tag in {"!", _STR} or (tag is None and not event.implicit[0]):
            return self._text(text, event)
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if text[0] not in _NUMERIC:
            return text
        return self._number(text, event)

    def _text(self, text: str, event: Any) -> str:
        if SURROGATE.search(text):
            self._fault("YAML_SYNTAX", "an escaped surrogate is not a character", event)
        return text

    def _number(self, text: str, event: Any) -> Any:
        if _INT.fullmatch(text):
            try:
                whole = int(text, 0 if text[:2] in {"0x", "0o"} else 10)
            except ValueError:
                whole = None
            if whole is None or whole.bit_length() > MAX_BITS:
                self._fault("YAML_SYNTAX", f"a number of {len(text)} digits is too long", event)
                return 0
            return whole
        if _FLOAT.fullmatch(text):
            number = float(text)
            if abs(number) != float("inf"):
                return number
        elif not _NOT_FINITE.fullmatch(text):
            return text
        self._fault("YAML_SYNTAX", f"{quote(text)} is not a valid JSON number", event)
        return 0

    def _check_tag(self, event: Any, kind: str) -> None:
        if event.tag is not None and event.tag not in {"!", f"tag:yaml.org,2002:{kind}"}:
            self._fault("YAML_TAG", f"the tag {quote(event.tag)} is not a JSON type", event)


_VALUES = frozenset({AliasEvent, ScalarEvent, SequenceStartEvent, MappingStartEvent})


def quote(text: str) -> str:
    """Return quoted text of an author's, cut to what a message can hold."""
    return repr(shorten(text, 60))
