"""DataTypes as types of TypeScript, in the direction in which they travel."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..datatypes import (
    Anything,
    Bytes,
    List,
    Literals,
    Named,
    Never,
    Null,
    Object,
    OneOf,
    Scalar,
    Tuple,
)
from .ts_text import comment_of, literal, property_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..datatypes import DataType, Definition

Travel: TypeAlias = Literal["sent", "received"]
"""As a client sees it."""

_INLINE = 60  # columns of an object that stands in one line
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class _Use:
    name: str
    direction: Travel


def directions(*, is_emitted: bool) -> tuple[Travel, Travel]:
    """Return how an event's arguments travel, and how its answer does.

    Args:
        is_emitted: Whether clients emit the event.
    """
    return ("sent", "received") if is_emitted else ("received", "sent")


class Types:
    """Writes datatypes, and the definitions that they need.

    Args:
        definitions: All definitions, by name.
        used: The datatypes that travel, each with its direction.
        taken: Names that no definition may get beside its own.
    """

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        used: Iterable[tuple[DataType, Travel]],
        taken: Iterable[str] = (),
    ) -> None:
        used = list(used)
        self.has_bytes = any(holds_bytes(datatype) for datatype, _ in used) or any(
            holds_bytes(definition.datatype) for definition in definitions.values()
        )
        self._definitions = definitions
        self._heavy = _holding_bytes(definitions)
        self._uses = self._reached(used)
        self._sent_names = self._names_of_sent({*definitions, *taken})

    def text(self, datatype: DataType, direction: Travel, indent: str = "") -> str:
        """Return a type; over several lines if it is an object.

        Args:
            datatype: What is written.
            direction: How it travels; bytes are other types each way.
            indent: Of the line in which the type begins.
        """
        match datatype:
            case Anything():
                return "unknown"
            case Never():
                return "never"
            case Null():
                return "null"
            case Bytes():
                return "Binary" if direction == "received" else "SentBinary"
            case Scalar(kind):
                return _SCALARS[kind]
            case Literals(values):
                return " | ".join(dict.fromkeys(literal(json.loads(value)) for value in values))
            case List(items):
                return self.array(items, direction, indent)
            case Tuple():
                return self._tuple(datatype, direction, indent)
            case Object():
                return self._object(datatype, direction, indent)
            case OneOf(options):
                return " | ".join(dict.fromkeys(self.text(option, direction, indent) for option in options))
            case Named(name):
                return self._name(name, direction)

    def array(self, items: DataType, direction: Travel, indent: str = "") -> str:
        """Return the type of an array of a datatype."""
        return f"{self._grouped(items, direction, indent)}[]"

    def definitions(self) -> Iterator[list[str]]:
        """Yield the lines of each definition that is used, once per direction if it holds bytes."""
        for use in self._uses:
            if (
                use.direction == "sent"
                and _Use(use.name, "received") in self._uses
                and use.name not in self._heavy
            ):
                continue
            definition = self._definitions[use.name]
            name = self._name(use.name, use.direction)
            lines = comment_of(definition.notes)
            datatype = definition.datatype
            if isinstance(datatype, Object):
                yield [
                    *lines,
                    f"export interface {name} {self._object(datatype, use.direction, '', inline=False)}",
                ]
            else:
                yield [*lines, f"export type {name} = {self.text(datatype, use.direction)};"]

    def _grouped(self, datatype: DataType, direction: Travel, indent: str) -> str:
        text = self.text(datatype, direction, indent)
        several = isinstance(datatype, OneOf) or (isinstance(datatype, Literals) and len(datatype.values) > 1)
        return f"({text})" if several else text

    def _tuple(self, datatype: Tuple, direction: Travel, indent: str) -> str:
        parts = [
            f"{self._grouped(item, direction, indent)}{'' if index < datatype.required else '?'}"
            for index, item in enumerate(datatype.items)
        ]
        if datatype.rest is not None:
            parts.append(f"...{self.array(datatype.rest, direction, indent)}")
        return f"[{', '.join(parts)}]"

    def _object(self, datatype: Object, direction: Travel, indent: str, *, inline: bool = True) -> str:
        inner = f"{indent}  "
        lines = []
        for field in datatype.fields:
            lines += comment_of(field.notes, indent=inner)
            mark = "" if field.required else "?"
            lines.append(
                f"{inner}{property_name(field.name)}{mark}: {self.text(field.datatype, direction, inner)};"
            )
        index = self._index(datatype, direction, inner)
        if index is not None:
            lines.append(f"{inner}[key: string]: {index};")
        flat = " ".join(line.strip() for line in lines).rstrip(";")
        if (
            inline
            and len(flat) <= _INLINE
            and not any("\n" in line or line.startswith(f"{inner}/**") for line in lines)
        ):
            return f"{{ {flat} }}"
        return "\n".join(["{", *lines, f"{indent}}}"])

    def _index(self, datatype: Object, direction: Travel, indent: str) -> str | None:
        """Return the type of all other properties, widened by the declared ones; None if there is none to write."""
        if datatype.others is None:
            return None if datatype.fields else "unknown"
        if self._is_never(datatype.others):
            return None if datatype.fields else "never"
        parts = [self.text(datatype.others, direction, indent)]
        if parts == ["unknown"]:
            return "unknown"
        parts += [self.text(field.datatype, direction, indent) for field in datatype.fields]
        if "unknown" in parts:
            return "unknown"
        if any(not field.required for field in datatype.fields):
            parts.append("undefined")
        return " | ".join(dict.fromkeys(parts))

    def _is_never(self, datatype: DataType) -> bool:
        """Return whether no value is of a datatype, by itself or by its definition."""
        seen = set()
        while isinstance(datatype, Named) and datatype.name not in seen:
            seen.add(datatype.name)
            datatype = self._definitions[datatype.name].datatype
        return isinstance(datatype, Never)

    def _name(self, name: str, direction: Travel) -> str:
        return self._sent_names.get(name, name) if direction == "sent" else name

    def _reached(self, used: Iterable[tuple[DataType, Travel]]) -> dict[_Use, None]:
        found: dict[_Use, None] = {}
        for datatype, direction in used:
            waiting = [_Use(name, direction) for name in _names_in(datatype)]
            while waiting:
                use = waiting.pop()
                if use not in found:
                    found[use] = None
                    names = _names_in(self._definitions[use.name].datatype)
                    waiting += [_Use(name, direction) for name in names]
        order = {name: index for index, name in enumerate(self._definitions)}
        return dict.fromkeys(sorted(found, key=lambda use: (order[use.name], use.direction)))

    def _names_of_sent(self, taken: set[str]) -> dict[str, str]:
        found = {}
        for name in self._heavy:
            if _Use(name, "sent") in self._uses and _Use(name, "received") in self._uses:
                sent = f"Sent{name}"
                while sent in taken:
                    sent += "_"
                taken.add(sent)
                found[name] = sent
        return found


def _parts(datatype: DataType) -> Iterator[DataType]:
    match datatype:
        case List(items):
            yield items
        case Tuple(items, _, rest):
            yield from items
            if rest is not None:
                yield rest
        case Object(fields, others):
            yield from (field.datatype for field in fields)
            if others is not None:
                yield others
        case OneOf(options):
            yield from options


def _all_parts(datatype: DataType) -> Iterator[DataType]:
    yield datatype
    for part in _parts(datatype):
        yield from _all_parts(part)


def _names_in(datatype: DataType) -> list[str]:
    return [part.name for part in _all_parts(datatype) if isinstance(part, Named)]


def holds_bytes(datatype: DataType) -> bool:
    """Return whether bytes stand in the datatype itself, references not followed."""
    return any(isinstance(part, Bytes) for part in _all_parts(datatype))


def _holding_bytes(definitions: Mapping[str, Definition]) -> list[str]:
    """Return the definitions that hold bytes, or refer to one that does."""
    users: dict[str, list[str]] = {}
    for name, definition in definitions.items():
        for inner in _names_in(definition.datatype):
            users.setdefault(inner, []).append(name)
    found: dict[str, None] = {}
    waiting = [name for name, definition in definitions.items() if holds_bytes(definition.datatype)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += users.get(name, [])
    return [name for name in definitions if name in found]
