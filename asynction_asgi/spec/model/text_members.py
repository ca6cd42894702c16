"""Members of an object that arrive as text: how a query or headers are read by what their schema declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.children import CHILDREN, children
from .coercion import coerce_text, common_types, declared_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..text.document import Node
    from ..text.references import Resolver

_IN_PLACE = frozenset(
    key for key, holder in CHILDREN.items() if "same" in (holder.alone, holder.listed, holder.named)
)
# What "not" and "if" say of a member is no declaration, unless nothing else speaks of it.
_DECLARES = _IN_PLACE - {"not", "if"}
# What these say of a member holds, whatever a client sends.
_HOLDS = frozenset({"allOf", "$ref", "$dynamicRef", "$recursiveRef"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMember:
    """What the schemas of one member declare together.

    Attributes:
        types: The JSON types by which it is read; empty if none is named.
        items: Those of the items of its lists.
    """

    types: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()

    def read(self, text: str) -> Any:
        """Read a text as the first type that fits, or return it unchanged."""
        return coerce_text(text, self.types)

    def read_all(self, texts: Sequence[str]) -> Any:
        """Read all texts under one name: a list if a list is declared, else the only value or the texts."""
        if "array" not in self.types:
            return self.read(texts[0]) if len(texts) == 1 else list(texts)
        return [coerce_text(text, self.items) for text in texts]


class TextMembers:
    """The members that a schema speaks of, through references, parts, alternatives and conditions.

    A member is read by the types that all parts agree on. Alternatives, which need not apply to what a client
    sends, are asked only if those name none.

    Attributes:
        declared: Those that are declared by name.
        others: All others.
        required: Names that are required.
        is_closed: Whether others are refused.
    """

    def __init__(self, schema: Node, resolver: Resolver) -> None:
        self._resolver = resolver
        everywhere, parts, holding = (
            [*_in_place(schema, resolver, keywords)] for keywords in (_IN_PLACE, _DECLARES, _HOLDS)
        )
        self.others = self._member([*_held_others(holding)], [*_held_others(parts)])
        self.declared = {
            name: self._member(
                [*_schemas_of(holding, name)],
                [*_schemas_of(parts, name)] or [*_schemas_of(everywhere, name)],
            )
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

    def _member(self, holding: Sequence[Node], possible: Sequence[Node]) -> TextMember:
        """Return what is declared by the schemas that hold, or, where they say nothing, by all possible ones."""
        items = self._types(self._items(holding, _HOLDS), self._items(possible, _IN_PLACE))
        return TextMember(types=self._types(holding, possible), items=items)

    def _types(self, holding: Iterable[Node], possible: Iterable[Node]) -> frozenset[str]:
        common = common_types(declared_types(schema, self._resolver) for schema in holding)
        return common or frozenset[str]().union(
            *(declared_types(schema, self._resolver) for schema in possible)
        )

    def _items(self, schemas: Iterable[Node], keywords: frozenset[str]) -> Iterator[Node]:
        for schema in schemas:
            for part in _in_place(schema, self._resolver, keywords):
                held = part.get("items")
                if held is not None and isinstance(held.value, dict):
                    yield held


def _in_place(schema: Node, resolver: Resolver, keywords: frozenset[str]) -> Iterator[Node]:
    """Yield a schema and all others that it applies to the same value by some keywords."""
    waiting, seen = [schema], set()
    while waiting:
        part = resolver.follow(waiting.pop())
        if part.identity in seen or not isinstance(part.value, dict):
            continue
        seen.add(part.identity)
        yield part
        waiting += [inner.schema for inner in children(part) if inner.keyword in keywords][::-1]


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
