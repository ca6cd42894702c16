"""What was seen at one place of payloads, and the schema that accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..traffic.veil import BINARY, NUMBER, TEXT, UNNAMED
from .texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable

    Guess = Callable[[list[str]], int]

# A member that was always there is required from this many objects on.
ENOUGH = 10
# The member of a schema that becomes a comment.
GUESS = "x-guess"
# More names than these, or names of which none is in half of the objects, are keys of a map.
_MOST_NAMES = 32
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class Shape:
    """The values that were seen at one place."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._objects = 0
        self._members: dict[str, tuple[int, Shape]] = {}
        self._any_member: Shape | None = None
        self._elements: Shape | None = None
        self._texts = Texts()

    def add(self, value: Any) -> None:
        """Add a value as a record holds it."""
        if isinstance(value, dict):
            self._add_object(value)
        elif isinstance(value, list | tuple):
            self._kinds.add("array")
            for element in value:
                self._elements = self._elements or Shape()
                self._elements.add(element)
        elif isinstance(value, str):
            self._kinds.add("string")
            self._texts.add(value)
        elif isinstance(value, bool):
            self._kinds.add("boolean")
        elif value is None:
            self._kinds.add("null")
        else:
            self._kinds.add("integer" if isinstance(value, int) or value.is_integer() else "number")

    def merge(self, other: Shape) -> None:
        """Add the values of another place."""
        self._kinds |= other._kinds
        self._texts.merge(other._texts)
        if other._elements is not None:
            self._elements = self._elements or Shape()
            self._elements.merge(other._elements)
        self._objects += other._objects
        for name, (count, shape) in other._members.items():
            self._add_member(name, count).merge(shape)
        if other._any_member is not None:
            self._gather_members().merge(other._any_member)
        self._bound_names()

    def schema(self, *, guess: Guess | None) -> Any:
        """Return a schema that accepts these values: types, members and formats, without limits.

        Args:
            guess: Keeps texts that seem to be enumerated and returns what the schema holds for them; None
                guesses nothing.
        """
        if not self._kinds:
            return {}
        plain = [name for name in _TYPES if name in self._kinds]
        if "number" in plain and "integer" in plain:
            plain.remove("integer")
        schema: dict[str, Any] = {}
        if plain:
            schema["type"] = plain[0] if len(plain) == 1 else plain
        if "object" in plain:
            schema |= self._object_schema(guess=guess)
        if self._elements is not None:
            schema["items"] = self._elements.schema(guess=guess)
        if "string" in plain:
            schema |= self._text_schema(guess=guess)
        if "binary" not in self._kinds:
            return schema
        binary = {"type": "string", "format": "binary"}
        return {"anyOf": [binary, schema]} if plain else binary

    def _add_object(self, value: dict[str, Any]) -> None:
        mark, left = next(iter(value.items())) if len(value) == 1 else ("", None)
        if mark == TEXT and isinstance(left, dict):
            self._kinds.add("string")
            self._texts.add_veiled(left)
        elif mark == NUMBER and left in ("integer", "number"):
            self._kinds.add(left)
        elif mark == BINARY and isinstance(left, dict | str):
            self._kinds.add("binary")
        else:
            self._kinds.add("object")
            self._objects += 1
            for name, member in value.items():
                self._add_member(name, 1).add(member)
            self._bound_names()

    def _add_member(self, name: str, count: int) -> Shape:
        """Return the shape of a member that is in `count` more objects."""
        if self._any_member is not None:
            return self._any_member
        before, shape = self._members.get(name, (0, None))
        shape = shape or Shape()
        self._members[name] = before + count, shape
        return shape

    def _bound_names(self) -> None:
        if len(self._members) > _MOST_NAMES:
            self._gather_members()

    def _gather_members(self) -> Shape:
        """Take the names for keys of a map from now on, and return the shape of its values."""
        if self._any_member is None:
            self._any_member = Shape()
            for _, shape in self._members.values():
                self._any_member.merge(shape)
            self._members.clear()
        return self._any_member

    def _is_map(self) -> bool:
        if self._any_member is not None or not self._members:
            return self._any_member is not None
        often = max(count for count, _ in self._members.values())
        return often * 2 < self._objects or any(name.startswith(UNNAMED) for name in self._members)

    def _object_schema(self, *, guess: Guess | None) -> dict[str, Any]:
        if self._is_map():
            return {"additionalProperties": self._gather_members().schema(guess=guess)}
        if not self._members:
            return {}
        names = sorted(self._members)
        required = [name for name in names if self._members[name][0] == self._objects >= ENOUGH]
        properties = {name: self._members[name][1].schema(guess=guess) for name in names}
        return {**({"required": required} if required else {}), "properties": properties}

    def _text_schema(self, *, guess: Guess | None) -> dict[str, Any]:
        schema = {} if self._texts.format is None else {"format": self._texts.format}
        words = self._texts.words
        return {**schema, GUESS: guess(words)} if guess is not None and words else schema
