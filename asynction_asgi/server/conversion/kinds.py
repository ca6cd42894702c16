"""Which annotations are converted: those that contain a model, or a type that JSON writes as text."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import types
import typing
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Kind = Literal["pydantic", "model", "scalar"]

_SCALARS = (enum.Enum, UUID, dt.date, dt.time, dt.timedelta, decimal.Decimal)
_CONTAINERS = (list, tuple, dict, set, frozenset, Union, types.UnionType)


def kinds_of(annotation: Any) -> frozenset[Kind]:
    """Return what an annotation contains that is not JSON's own; empty if nothing is to be converted."""
    return frozenset(_walk(annotation, set()))


@functools.lru_cache(maxsize=1024)
def kind_of_class(owner: Hashable) -> Kind | None:
    """Return what a class is that is not JSON's own, or None."""
    if not isinstance(owner, type):
        return None
    if _is_pydantic(owner):
        return "pydantic"
    if any(hasattr(owner, name) for name in ("__struct_fields__", "__dataclass_fields__", "__attrs_attrs__")):
        return "model"
    if issubclass(owner, tuple) and hasattr(owner, "_fields"):
        return "model"
    return "scalar" if issubclass(owner, _SCALARS) else None


def _walk(annotation: Any, seen: set[int]) -> Iterator[Kind]:
    if id(annotation) in seen:
        return
    seen.add(id(annotation))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any(type(extra).__module__.partition(".")[0] == "pydantic" for extra in arguments[1:]):
            yield "pydantic"
        yield from _walk(arguments[0], seen)
    elif origin in _CONTAINERS:
        for argument in arguments:
            yield from _walk(argument, seen)
    elif hasattr(annotation, "__supertype__"):  # a NewType
        yield from _walk(annotation.__supertype__, seen)
    elif type(annotation).__name__ == "TypeAliasType":  # which Python 3.12 brought
        yield from _walk(annotation.__value__, seen)
    else:
        owner = origin if isinstance(origin, type) else annotation  # a generic model, such as Page[Order]
        kind = kind_of_class(owner) if isinstance(owner, type) else None
        if kind is not None:
            yield kind
        for argument in arguments if kind is not None else ():
            yield from _walk(argument, seen)
        if kind == "model" or typing.is_typeddict(owner):
            for member in _members(owner):
                yield from _walk(member, seen)


def _members(owner: Any) -> Iterator[Any]:
    try:
        hints = typing.get_type_hints(owner, include_extras=True)
    except Exception:  # noqa: BLE001  # what can't be resolved fails in the library that converts it
        return
    for hint in hints.values():
        while get_origin(hint) in (typing.Required, typing.NotRequired, typing.ClassVar):
            hint = get_args(hint)[0]  # noqa: PLW2901  # without what it is wrapped in
        yield hint


def _is_pydantic(owner: type) -> bool:
    names = ("__pydantic_core_schema__", "__get_pydantic_core_schema__")
    return owner.__module__.partition(".")[0] == "pydantic" or any(hasattr(owner, name) for name in names)
