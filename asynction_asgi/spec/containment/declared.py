"""Whether a value keeps to the members that schemas declare, where they are silent about any others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .names import OPENING, in_place, schemas_of_member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..schemas.definitions import Schema
    from .universe import Universe


def keeps_to_declared(value: Any, schemas: Iterable[Schema], universe: Universe) -> bool:
    """Return whether no object in a value has a member that nothing is said of, where something is said.

    Args:
        value: Accepted by the schemas.
        schemas: Inner schemas of a universe that hold together; all alternatives are taken to hold.
        universe: Holds them.
    """
    if not isinstance(value, dict | list):
        return True
    parts = list(in_place(universe, schemas))
    if isinstance(value, list):
        return all(
            keeps_to_declared(item, _of_item(parts, index), universe) for index, item in enumerate(value)
        )
    names = {name for part in parts for name in (*part.get("properties", ()), *part.get("required", ()))}
    is_silent = any("properties" in part for part in parts) and all(
        part.keys().isdisjoint(OPENING) for part in parts
    )
    if is_silent and not value.keys() <= names:
        return False
    return all(
        keeps_to_declared(member, schemas_of_member(parts, name), universe) for name, member in value.items()
    )


def _of_item(parts: Iterable[dict[str, Any]], index: int) -> list[Schema]:
    found: list[Schema] = []
    for part in parts:
        items = part.get("items", True)
        if not isinstance(items, list):
            found.append(items)
        else:
            found.append(items[index] if index < len(items) else part.get("additionalItems", True))
        if "contains" in part:
            found.append(part["contains"])
    return found
