"""Members of an object that arrive as text: how a query or headers are read by what their schema declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.children import children
from .coercion import coerce_text, declared_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..text.document import Node
    from ..text.references import Resolver

__all__ = ["TextMember", "TextMembers"]

# What these say of a member is no declaration, unless nothing else speaks of it.
_ONLY_ASKED = frozenset({"not", "if"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMember:
    """What the schemas of one member declare together.

    Attributes:
        types: The JSON types that any of them names.
        items: Those of the items of its lists; None if nothing is said of them.
    """

    types: frozenset[str] = frozenset()
    items: frozenset[str] | None = None

    def read(self, text: str) -> Any:
        """Read a text as the first type that fits, or return it unchanged."""
        return coerce_text(text, self.types)

    def read_all(self, texts: Sequence[str]) -> Any:
        """Read all texts under one name: a list if a list is declared, else the only value or the texts."""
        if "array" not in self.types:
            return self.read(texts[0]) if len(texts) == 1 else list(texts)
        return [text if self.items is None else coerce_text(text, self.items) for text in texts]


class TextMembers:
    """The members that a schema speaks of, through references, parts, alternatives and conditions.

    Attributes:
        declared: Those that are declared by name.
        others: All others.
        required: Names that are required.
        is_closed: Whether others are refused.
    """

    def __init__(self, schema: Node, resolver: Resolver) -> None:
        self._resolver = resolver
        everywhere = [*_in_place(schema, resolver)]
        parts = [*_in_place(schema, resolver, without=_ONLY_ASKED)]
        self.others = self._member(_held_others(parts))
        self.declared = {
            name: self._member([*_schemas_of(parts, name)] or _schemas_of(everywhere, name))
            for name in dict.fromkeys(name for part in everywhere for name in _held(part, "properties"))
        }
        self.required = tuple(dict.fromkeys(name for part in everywhere for name in _required(part)))
        self.is_closed = any(part.value.get("additionalProperties") is False for part in parts)

    def of(self, name: str) -> TextMember:
        """Return what is declared of a member, by its name or as of any other one."""
        return self.declared.get(name, self.others)

    def reads_as(self, other: TextMembers) -> bool:
        """Return whether every member is read in the same way by another schema."""
        names = self.declared.keys() | other.declared.keys()
        return self.others == other.others and all(self.of(name) == other.of(name) for name in names)

    def _member(self, schemas: Iterable[Node]) -> TextMember:
        types, items = frozenset[str](), None
        for schema in schemas:
            types |= declared_types(schema, self._resolver)
            for part in _in_place(schema, self._resolver):
                held = part.get("items")
                if held is not None and isinstance(held.value, dict):
                    items = declared_types(held, self._resolver) | (items or frozenset())
        return TextMember(types=types, items=items)


def _in_place(schema: Node, resolver: Resolver, without: frozenset[str] = frozenset()) -> Iterator[Node]:
    """Yield a schema and all others that it applies to the same value, but for those of some keywords."""
    waiting, seen = [schema], set()
    while waiting:
        part = resolver.follow(waiting.pop())
        if part.identity in seen or not isinstance(part.value, dict):
            continue
        seen.add(part.identity)
        yield part
        waiting += [
            inner.schema for inner in children(part) if inner.kind == "same" and inner.keyword not in without
        ][::-1]


def _held(part: Node, keyword: str) -> dict[str, Any]:
    held = part.value.get(keyword)
    return held if isinstance(held, dict) else {}


def _required(part: Node) -> Iterator[str]:
    names = part.value.get("required")
    yield from (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _schemas_of(parts: Iterable[Node], name: str) -> Iterator[Node]:
    for part in parts:
        if name in _held(part, "properties"):
            yield part.child("properties").child(name)
        else:
            yield from _held_others([part])


def _held_others(parts: Iterable[Node]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part.value.get("additionalProperties"), dict):
            yield part.child("additionalProperties")
