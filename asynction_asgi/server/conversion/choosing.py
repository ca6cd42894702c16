"""Which library converts an annotation, if any."""

from __future__ import annotations

import functools
import typing
from typing import TYPE_CHECKING, Any

from ...extras import is_installed
from .converter import UnsupportedError
from .kinds import kind_of_class, kinds_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .converter import Converter


def converter_of(annotation: Any) -> Converter | None:
    """Return the converter of an annotation, or None if its values are JSON's own.

    pydantic converts what contains something of its own; everything else is msgspec's if it is installed.

    Raises:
        UnsupportedError: No library that is installed can convert it.
    """
    kinds = kinds_of(annotation)
    return _make(annotation, is_pydantics="pydantic" in kinds) if kinds else None


@functools.lru_cache(maxsize=1024)
def converter_of_class(owner: Hashable) -> Converter | None:
    """Return the converter of a class, or None if it has none."""
    kind = kind_of_class(owner)
    if kind is None:
        return None
    try:
        return _make(owner, is_pydantics="pydantic" in kinds_of(owner))
    except UnsupportedError:
        return None


def _make(annotation: Any, *, is_pydantics: bool) -> Converter:
    name = name_of(annotation)
    reasons: list[str] = []
    if not is_pydantics and is_installed("msgspec"):
        from .by_msgspec import make_converter  # noqa: PLC0415  # of the optional extra "typed"

        try:
            return make_converter(name, annotation)
        except UnsupportedError as error:
            reasons.append(str(error))
    if is_installed("pydantic"):
        from . import by_pydantic  # noqa: PLC0415  # only where an annotation asks for it

        try:
            return by_pydantic.make_converter(name, annotation)
        except UnsupportedError as error:
            reasons.append(str(error))
    raise UnsupportedError(
        f"{name} can't be converted: {'; '.join(reasons)}"
        if reasons
        else f"{name} is converted by msgspec or pydantic, and neither is installed;"
        " use: pip install 'asynction-asgi[typed]'"
    )


def name_of(annotation: Any) -> str:
    """Return an annotation as an author would write it."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")
