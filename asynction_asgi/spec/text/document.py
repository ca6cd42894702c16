"""One document: its text, its tree of plain values, and where each value stands.

Positions are computed by a second parse, and only when a diagnostic asks for one: a document
without findings never pays for them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import Diagnostic, SpecError
from .from_mapping import copy_plain
from .json_faults import find_json_fault
from .json_places import json_places
from .pointer import Pointer
from .yaml import compose
from .yaml_events import Fault, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from ...errors import Layer, Severity

_LINE = re.compile(r"\r\n|\r|\n")


class Document:
    """One loaded file or mapping; compared by identity.

    Attributes:
        value: The tree: dicts with string keys, lists, and JSON's scalars. Never mutated.
        path: Absolute, or None for a document without a file.
        name: What authors see in a diagnostic, or None.
        text: As read, or None for a mapping.
    """

    def __init__(self, value: Any, *, path: Path | None, name: str | None, text: str | None) -> None:
        self.value = value
        self.path = path
        self.name = name
        self.text = text
        self._positions: tuple[Any, Places] | None = None
        self._lines: list[str] | None = None
        self._ranks: dict[int, dict[str, int]] = {}  # by a mapping's id: of its keys

    @property
    def root(self) -> Node:
        """The whole document."""
        return Node(self.value, self, "")

    def place(self, pointer: str, *, key: bool = False) -> tuple[int | None, int | None, str | None]:
        """Return the line and column (1-based) and the source line of the value at `pointer`.

        The nearest known ancestor answers for a value that has no place of its own. A block that
        starts below its key is placed at the key.

        Args:
            pointer: RFC 6901, into this document.
            key: The place of the key rather than that of its value.
        """
        if self.text is None:
            return None, None, None
        if self._positions is None:
            self._positions = _positions(self.text)
        value, places = self._positions
        line, column = places.start
        for token in Pointer.parse(pointer).tokens:
            table = places.of.get(id(value))
            name: Any = token
            if isinstance(value, list):
                name = int(name) if name.isdecimal() else -1
            if table is None or name not in table:
                break
            at_key, at_value = table[name]
            line, column = at_key if at_value[0] > at_key[0] else at_value
            last = at_key
            value = value[name]
        else:
            if key and pointer:
                line, column = last
        return line + 1, column + 1, self.line(line)

    def rank(self, pointer: str) -> tuple[int, ...]:
        """Return a key that sorts pointers into document order."""
        order: list[int] = []
        value = self.value
        for name in Pointer.parse(pointer).tokens:
            if isinstance(value, dict) and name in value:
                ranks = self._ranks.get(id(value))
                if ranks is None:
                    ranks = self._ranks[id(value)] = {key: index for index, key in enumerate(value)}
                order.append(ranks[name])
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                order.append(int(name))
                value = value[int(name)]
            else:
                break
        return tuple(order)

    def line(self, number: int) -> str:
        """Return the text of a 0-based line, without its line break."""
        if self._lines is None:
            self._lines = _LINE.split(self.text or "")
        return self._lines[number] if number < len(self._lines) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value in a document, and where it stands.

    Attributes:
        value: Plain data; a mapping may hold a ``$ref``, which a `Resolver` follows.
        document: The document that it stands in.
        pointer: RFC 6901; ``""`` is the root.
    """

    value: Any
    document: Document
    pointer: str

    @property
    def identity(self) -> tuple[Document, str]:
        """Equal for two nodes of one place; hashable."""
        return self.document, self.pointer

    def child(self, key: str | int) -> Node:
        """Return the value under `key`, which must exist."""
        return Node(self.value[key], self.document, f"{self.pointer}/{Pointer.escape(key)}")

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or None if this is not a mapping or has no such key."""
        value = self.value
        return self.child(key) if isinstance(value, dict) and key in value else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the entries of a mapping, in document order."""
        for key in self.value:
            yield key, self.child(key)

    def elements(self) -> Iterator[Node]:
        """Yield the elements of a list."""
        for index in range(len(self.value)):
            yield self.child(index)

    def diagnostic(
        self,
        severity: Severity,
        code: str,
        message: str,
        *,
        layer: Layer = "document",
        key: bool = False,
    ) -> Diagnostic:
        """Make a finding about this value or, with `key`, about the key that it stands under."""
        line, column, source = self.document.place(self.pointer, key=key)
        return Diagnostic(
            severity=severity,
            code=code,
            message=message,
            pointer=self.pointer,
            file=self.document.name,
            line=line,
            column=column,
            source=source,
            layer=layer,
        )


def load_document(
    source: str | os.PathLike[str] | Mapping[str, Any] | IO[str] | IO[bytes],
    *,
    name: str | None = None,
    read: Callable[[Path], bytes] = Path.read_bytes,
) -> Document:
    """Read one document: a path, an open file, or a mapping.

    Args:
        source: JSON or YAML 1.2. A mapping is copied.
        name: What to call it in diagnostics; the path as given when None.
        read: Returns the content of the file at a path, or raises OSError.

    Raises:
        SpecError: The source can't be read or is not well-formed; holds every fault found.
    """
    if isinstance(source, Mapping):
        value, faults = copy_plain(source)
        document = Document(value, path=None, name=name, text=None)
        _raise(faults, document)
        return document
    if isinstance(source, str | os.PathLike):
        given = os.fspath(source)
        path: Path | None = Path(given).absolute()
        name = given if name is None else name
        try:
            content: str | bytes = read(Path(given))
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, FileNotFoundError) and name == given and not Path(given).is_absolute():
                reason += f"; a relative path begins at the working directory, {Path.cwd()}"
            raise SpecError([_unreadable(name, reason)]) from error
        except ValueError as error:  # a NUL in the path
            raise SpecError([_unreadable(name, str(error))]) from error
    else:
        content = source.read()
        opened = getattr(source, "name", None)
        path = Path(opened).absolute() if isinstance(opened, str) else None
        name = opened if name is None and isinstance(opened, str) else name
    return _parse(content, path, name)


def _parse(content: str | bytes, path: Path | None, name: str | None) -> Document:
    try:
        text = _decode(content)
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n")
        raise SpecError(
            [
                Diagnostic(
                    severity="error",
                    code="YAML_SYNTAX",
                    message="the file is not UTF-8",
                    file=name,
                    line=line + 1,
                    column=error.start - before.rfind(b"\n"),
                )
            ]
        ) from error
    document = Document(None, path=path, name=name, text=text)
    if text.lstrip()[:1] in ("{", "["):
        try:
            document.value = json.loads(
                text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
            )
        except (ValueError, RecursionError):  # flow style YAML, or a fault to be placed
            pass
        else:
            document.value, faults = copy_plain(document.value)  # bounds the depth
            if not faults:
                return document
    if path is not None and path.suffix.lower() == ".json" and text.strip():
        fault = find_json_fault(text, is_json=True)
        _raise([] if fault is None else [fault], document)
    composed = compose(text, places=None)
    document.value = composed.value
    if composed.value is None and composed.faults and (fault := find_json_fault(text)) is not None:
        _raise([fault], document)
    _raise(composed.faults, document)
    return document


def _decode(content: str | bytes) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("duplicate key")
    return table


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0.0:  # infinite or not a number: JSON has neither
        raise ValueError(text)
    return value


def _positions(text: str) -> tuple[Any, Places]:
    places = Places()
    value = compose(text, places=places).value
    if value is None and _is_json(text):
        return json_places(text)
    return value, places


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable(name: str, reason: str) -> Diagnostic:
    return Diagnostic(severity="error", code="REF_FILE", message=f"can't read {name}: {reason}", file=name)


def _raise(faults: list[Fault], document: Document) -> None:
    if not faults:
        return
    found = []
    for fault in faults:
        line, column, source = fault.line, fault.column, None
        if line is not None:
            source = document.line(line)
        message = fault.message
        if fault.code == "YAML_DUPLICATE_KEY":
            first = document.place(fault.pointer, key=True)[0]
            message = f"{message}; the first is on line {first}"
        found.append(
            Diagnostic(
                severity="error",
                code=fault.code,
                message=message,
                pointer=fault.pointer,
                file=document.name,
                line=None if line is None else line + 1,
                column=None if column is None else column + 1,
                source=source,
            )
        )
    raise SpecError(found)
