"""The lists of arguments that were seen of an event, or of its acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..drafts import argument_list
from .shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .shape import Guess

_MOST_PLACES = 16  # longer lists vary in length, and their arguments are alike


class Lists:
    """Lists of arguments, place by place.

    Attributes:
        count: How many were seen.
    """

    def __init__(self) -> None:
        self.count = 0
        self._least, self._most = 0, 0
        self._places: list[Shape] = []
        self._rest: Shape | None = None

    def add(self, values: Sequence[Any]) -> None:
        """Add one list."""
        self._widen(1, len(values), len(values))
        for place, value in enumerate(values):
            self._place(place).add(value)

    def merge(self, other: Lists) -> None:
        """Add the lists of another event."""
        if not other.count:
            return
        self._widen(other.count, other._least, other._most)
        for place, shape in enumerate(other._places):
            self._place(place).merge(shape)
        if other._rest is not None:
            self._place(_MOST_PLACES).merge(other._rest)

    def schema(self, *, guess: Guess | None) -> Any:
        """Return the schema of these lists, as a payload declares it: of one argument, or of the list.

        Args:
            guess: As for `Shape.schema`.
        """
        places = [shape.schema(guess=guess) for shape in self._places]
        if self._least == self._most == 1:
            return places[0]
        rest = False if self._rest is None else self._rest.schema(guess=guess)
        return argument_list(places, least=self._least, rest=rest)

    def _widen(self, count: int, least: int, most: int) -> None:
        self._least = min(self._least, least) if self.count else least
        self._most = max(self._most, most)
        self.count += count

    def _place(self, place: int) -> Shape:
        if place >= _MOST_PLACES:
            self._rest = self._rest or Shape()
            return self._rest
        while len(self._places) <= place:
            self._places.append(Shape())
        return self._places[place]
