"""Where schemas stand within a schema: the one walk that everything about schemas uses.

A table says of each keyword which kind of place its schemas describe, and `children` lists them, of a
schema as written and of a definition made of one alike. A reference that applies beside other keywords is a
schema within the one that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, overload

from ..text.document import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Keywords of definitions: what other schemas look at, for the unevaluated keyword beside it.
MEMBER_CLAIMS, ITEM_CLAIMS = "$members", "$items"

Kind = Literal[
    "same",  # the value itself
    "member",  # the member of that name
    "matched",  # every member whose name matches
    "others",  # every other member
    "name",  # every member's name
    "item",  # the item at that index
    "items",  # every item
    "rest",  # every item beyond those with an index
    "some",  # at least one item
    "left",  # every member or item that no other keyword has looked at
    "definition",  # no part of the value
]
SchemaT = TypeVar("SchemaT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """How schemas stand in the value of a keyword; None where they don't stand so.

    Attributes:
        alone: The kind of the schema that the value is.
        listed: The kind of each schema in a list.
        named: The kind of each schema in an object.
        or_names: Whether a list in place of a schema in the object holds names, not schemas.
        by_reference: Whether the schema stands elsewhere, and the value refers to it.
    """

    alone: Kind | None = None
    listed: Kind | None = None
    named: Kind | None = None
    or_names: bool = False
    by_reference: bool = False


CHILDREN: dict[str, Holder] = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), Holder(listed="same")),
    **dict.fromkeys(("not", "if", "then", "else"), Holder(alone="same")),
    "dependencies": Holder(named="same", or_names=True),
    "dependentSchemas": Holder(named="same"),
    "properties": Holder(named="member"),
    "patternProperties": Holder(named="matched"),
    "additionalProperties": Holder(alone="others"),
    "propertyNames": Holder(alone="name"),
    "items": Holder(alone="items", listed="item"),
    "prefixItems": Holder(listed="item"),
    "additionalItems": Holder(alone="rest"),
    "contains": Holder(alone="some"),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), Holder(alone="left")),
    **dict.fromkeys(("definitions", "$defs"), Holder(named="definition")),
    "contentSchema": Holder(alone="definition"),
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), Holder(alone="same", by_reference=True)),
}
# Of the definitions that the normaliser makes.
OF_DEFINITIONS: dict[str, Holder] = {
    **{key: holder for key, holder in CHILDREN.items() if not holder.by_reference},
    **dict.fromkeys((MEMBER_CLAIMS, ITEM_CLAIMS), Holder(listed="same")),
}

# Keywords by which one schema may look twice at an item, a member or a name.
SEARCHING = frozenset(
    {"contains", "patternProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"}
)


class Child(NamedTuple, Generic[SchemaT]):
    """A schema directly within another.

    Attributes:
        kind: What it describes.
        keyword: The keyword that holds it.
        key: Its name or index under the keyword, or None if it is the keyword's value.
        schema: The schema itself, a `Node` or a definition's plain value.
    """

    kind: Kind
    keyword: str
    key: str | int | None
    schema: SchemaT


@overload
def children(schema: Node, holders: Mapping[str, Holder] = CHILDREN) -> Iterator[Child[Node]]: ...
@overload
def children(schema: Mapping[str, Any]) -> Iterator[Child[Any]]: ...
def children(
    schema: Node | Mapping[str, Any], holders: Mapping[str, Holder] = CHILDREN
) -> Iterator[Child[Any]]:
    """Yield the schemas directly within a schema, in the order of the document.

    The values of keywords that can't hold a schema in their form, such as a text for ``properties``, are
    passed over; the schemas themselves may be of any type.

    Args:
        schema: An object as written, whose reference was followed if it is nothing else, or a definition of
            the normaliser's.
        holders: Of schemas as written: where a dialect has schemas; by default, where any dialect has.
    """
    if not isinstance(schema, Node):
        for kind, keyword, key in _places(schema, OF_DEFINITIONS):
            held = schema[keyword]
            yield Child(kind, keyword, key, held if key is None else held[key])
        return
    holder, known = None, ""
    for kind, keyword, key in _places(schema.value, holders):
        if holders[keyword].by_reference:
            if isinstance(schema.value[keyword], str):
                yield Child(kind, keyword, key, _reference(schema, keyword))
            continue
        if holder is None or keyword != known:
            holder, known = schema.child(keyword), keyword
        yield Child(kind, keyword, key, holder if key is None else holder.child(key))


def _reference(schema: Node, keyword: str) -> Node:
    """Return a reference that stands beside other keywords as a schema that is nothing else."""
    return Node({"$ref": schema.value[keyword]}, schema.document, f"{schema.pointer}/{keyword}")


def _places(
    schema: Mapping[str, Any], holders: Mapping[str, Holder]
) -> Iterator[tuple[Kind, str, str | int | None]]:
    for keyword, value in schema.items():
        holder = holders.get(keyword)
        if holder is None:
            continue
        if holder.listed is not None and isinstance(value, list):
            for index in range(len(value)):
                yield holder.listed, keyword, index
        elif holder.named is not None and isinstance(value, dict):
            for name, inner in value.items():
                if not (holder.or_names and isinstance(inner, list)):
                    yield holder.named, keyword, name
        elif holder.alone is not None:
            yield holder.alone, keyword, None


def inner_schemas(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the schemas directly within a definition."""
    return (child.schema for child in children(schema))
