"""A type as a small tree, so that each language writes it in words of its own.

A datatype is never narrower than its schema: every value that the contract accepts is one of the datatype.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from typing import Literal as OneWord

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a schema says that a type can't, for comments.

    Attributes:
        description: As written.
        rules: Formats, ranges, lengths and patterns, each in a few words.
        default: The default as JSON; None if there is none.
        examples: Examples as JSON.
        deprecated: Whether the schema is marked so.
    """

    description: str = ""
    rules: tuple[str, ...] = ()
    default: str | None = None
    examples: tuple[str, ...] = ()
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, as of ``{}``."""


@dataclass(frozen=True, slots=True)
class Never:
    """No value at all."""


@dataclass(frozen=True, slots=True)
class Null:
    """The value ``null``."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """An attachment of a Socket.IO packet."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, a number or a boolean."""

    kind: OneWord["string", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Literals:
    """One of some JSON values, each as JSON text, since 1 and true are equal in Python."""

    values: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[Any]) -> Literals:
        """Return the datatype of values as a JSON parser gives them."""
        return cls(tuple(dict.fromkeys(json.dumps(value) for value in values)))


@dataclass(frozen=True, slots=True)
class List:
    """An array of any length."""

    items: DataType


@dataclass(frozen=True, slots=True)
class Tuple:
    """An array whose places have types of their own.

    Attributes:
        items: The datatype of each place.
        required: How many of them are always there.
        rest: The datatype of what follows; None if nothing may.
    """

    items: tuple[DataType, ...]
    required: int
    rest: DataType | None


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an object."""

    name: str
    datatype: DataType
    required: bool
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True, slots=True)
class Object:
    """An object.

    Attributes:
        fields: Its declared properties.
        others: The datatype of all other properties, if the schema gives one; None says nothing of them.
    """

    fields: tuple[Field, ...]
    others: DataType | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several datatypes, two or more."""

    options: tuple[DataType, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A datatype that has a definition."""

    name: str


DataType: TypeAlias = (
    Anything | Never | Null | Bytes | Scalar | Literals | List | Tuple | Object | OneOf | Named
)


def one_of(options: Iterable[DataType]) -> DataType:
    """Return the union of datatypes: each once, literals together, null last; with anything, it is anything."""
    found: dict[DataType, None] = {}
    values: dict[str, None] = {}
    for option in options:
        for part in option.options if isinstance(option, OneOf) else (option,):
            if isinstance(part, Anything):
                return part
            if isinstance(part, Literals):
                values.update(dict.fromkeys(part.values))
            elif not isinstance(part, Never):
                found[part] = None
    if Scalar("number") in found:
        found.pop(Scalar("integer"), None)
    parts: list[DataType] = [Literals(tuple(values))] if values else []
    parts += [part for part in found if not isinstance(part, Null)]
    parts += [part for part in found if isinstance(part, Null)]
    if len(parts) < 2:
        return parts[0] if parts else Never()
    return OneOf(tuple(parts))
