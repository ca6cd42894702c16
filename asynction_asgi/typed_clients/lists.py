"""Lists of arguments as the tuples that a client sends or receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..datatypes import Anything, Literals, Named, Null, OneOf, one_of
from ..datatypes.names import pascal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..datatypes import DataType, DataTypes, Positions
    from ..spec.model import Arguments

_MOST_OPTIONAL = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One argument: what the document calls it, ``""`` if it has no name, and its datatype."""

    name: str
    datatype: DataType


@dataclass(frozen=True, slots=True)
class ArgumentList:
    """One form that a list of arguments may have.

    Attributes:
        places: Arguments that are always there.
        rest: The datatype of all further arguments; None if there are none.
    """

    places: tuple[Place, ...]
    rest: DataType | None = None

    def datatypes(self) -> Iterator[DataType]:
        """Yield the datatype of every argument."""
        yield from (place.datatype for place in self.places)
        if self.rest is not None:
            yield self.rest


def argument_lists(
    arguments: Arguments | None, datatypes: DataTypes, context: str
) -> tuple[ArgumentList, ...]:
    """Return every form that a list of arguments may have, each once.

    Optional arguments are forms of their own, since a client that sends ``undefined`` sends ``null``.

    Args:
        arguments: What the contract declares; None is no arguments.
        datatypes: Where types are made.
        context: What to call types without a name, in PascalCase.
    """
    if arguments is None:
        return (ArgumentList(()),)
    return tuple(dict.fromkeys(_lists(arguments, datatypes, context)))


def _lists(arguments: Arguments, datatypes: DataTypes, context: str) -> Iterator[ArgumentList]:
    if arguments.kind == "union":
        for index, option in enumerate(arguments.of):
            name = option.schema and datatypes.name_of(option.schema)
            yield from _lists(option, datatypes, pascal(f"{context} {name or index + 1}", context))
    elif arguments.maximum == 0:
        yield ArgumentList(())
    elif arguments.kind == "single" and arguments.schema is not None:
        datatype = datatypes.of(arguments.schema, context)
        if _takes_null(datatype, datatypes):
            yield ArgumentList(())  # no argument counts as null
        yield ArgumentList((Place(datatypes.name_of(arguments.schema), datatype),))
    elif arguments.kind == "positional" and arguments.schema is not None:
        yield from _positional(arguments, datatypes, context)
    else:
        yield ArgumentList((), Anything())


def _positional(arguments: Arguments, datatypes: DataTypes, context: str) -> Iterator[ArgumentList]:
    if arguments.schema is None:
        return
    for form in datatypes.positions(arguments.schema, context):
        bounds = [bound for bound in (arguments.maximum, form.most) if bound is not None]
        most = min(bounds) if bounds else None
        least = max(arguments.minimum, form.least)
        if most is None or least <= most:
            yield from _counted(form, least, most)


def _counted(form: Positions, least: int, most: int | None) -> Iterator[ArgumentList]:
    """Yield a form's lists from the fewest to the most arguments."""
    if form.rest is None and least > len(form.fields):
        return
    places = tuple(Place(field.name, field.datatype) for field in form.fields)[:most]
    rest = form.rest if most is None or most > len(places) else None
    optional = places[least:]
    if len(optional) > _MOST_OPTIONAL:
        further = [place.datatype for place in optional] + ([] if rest is None else [rest])
        yield ArgumentList(places[:least], one_of(further))
        return
    for count in range(min(least, len(places)), len(places)):
        yield ArgumentList(places[:count])
    yield ArgumentList(places, rest)


def _takes_null(datatype: DataType, datatypes: DataTypes) -> bool:
    if isinstance(datatype, Named):
        datatype = datatypes.definitions[datatype.name].datatype
    options = datatype.options if isinstance(datatype, OneOf) else (datatype,)
    return any(
        isinstance(option, Null) or (isinstance(option, Literals) and "null" in option.values)
        for option in options
    )
