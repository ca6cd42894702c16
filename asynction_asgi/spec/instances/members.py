"""The schemas of what an object or an array holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .texts import matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..schemas.normalise import Schema
    from .flat import Flat

__all__ = ["in_order", "of_item", "of_property"]


def in_order(flat: Flat, names: Iterable[str]) -> list[str]:
    """The names in the order of the document, those that it doesn't declare last."""
    declared = dict.fromkeys(name for one in flat.objects for name in one.get("properties", ()))
    places = {name: place for place, name in enumerate(declared)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def of_property(flat: Flat, name: str) -> tuple[Schema, ...]:
    """All that hold for a property; none where it may be anything."""
    found: list[Schema] = []
    for one in flat.objects:
        matched = [one["properties"][name]] if name in one.get("properties", ()) else []
        patterns = one.get("patternProperties")
        if patterns:
            matched += [schema for pattern, schema in patterns.items() if matches(pattern, name)]
        found += matched or ([one["additionalProperties"]] if "additionalProperties" in one else [])
    return tuple(found)


def of_item(flat: Flat, index: int) -> tuple[Schema, ...]:
    """All that hold for an element; none where it may be anything."""
    found: list[Schema] = []
    for one in flat.arrays:
        items = one["items"]
        if not isinstance(items, list):
            found.append(items)
        elif index < len(items):
            found.append(items[index])
        elif "additionalItems" in one:
            found.append(one["additionalItems"])
    return tuple(found)
