"""What a search for an instance tried in vain, so that what can't be made is not tried for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..schemas.definitions import Schema

# Failures of one part, one after the other and in whichever instance, before it is held to be impossible.
# By the tries of each level alone, parts that hold one another would be tried more often by each.
_HOPELESS = 480


class Failures:
    """How often a part failed since it last was made, by the schemas that it was to meet."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        # With the schemas themselves: some exist only while they are tried, and their ids would come again.
        self._counts: dict[tuple[int, ...], tuple[int, tuple[Schema, ...]]] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, schemas: tuple[Schema, ...]) -> bool:
        """Count a failure, and return whether there were too many to go on."""
        key = tuple(map(id, schemas))
        count = self._counts.get(key, (0,))[0] + 1
        self._counts[key] = count, schemas
        return count >= _HOPELESS

    def are_hopeless(self, schemas: tuple[Schema, ...]) -> bool:
        """Return whether nothing was found so often that it is no use to look again."""
        return self._counts.get(tuple(map(id, schemas)), (0,))[0] >= _HOPELESS

    def forget(self, schemas: tuple[Schema, ...]) -> None:
        """Forget the failures of a part that was made after all."""
        self._counts.pop(tuple(map(id, schemas)), None)
