"""The schemas of what an object or an array holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .texts import matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..schemas.definitions import Schema
    from ..schemas.shape import Shape


def in_order(shape: Shape[Schema], names: Iterable[str]) -> list[str]:
    """Sort names into the order of the document, undeclared ones last."""
    declared = dict.fromkeys(name for members in shape.objects for name in members.properties or ())
    places = {name: place for place, name in enumerate(declared)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def of_property(shape: Shape[Schema], name: str) -> tuple[Schema, ...]:
    """Return the schemas of a property; none if it may be anything."""
    found: list[Schema] = []
    for members in shape.objects:
        matched = [members.properties[name]] if members.properties and name in members.properties else []
        matched += [schema for pattern, schema in members.patterns.items() if matches(pattern, name)]
        found += matched or ([] if members.others is None else [members.others])
    return tuple(found)


def of_item(shape: Shape[Schema], index: int) -> tuple[Schema, ...]:
    """Return the schemas of an item; none if it may be anything."""
    found: list[Schema] = []
    for elements in shape.arrays:
        positions = elements.positions or ()
        if index < len(positions):
            found.append(positions[index])
        elif elements.rest is not None:
            found.append(elements.rest)
    return tuple(found)
