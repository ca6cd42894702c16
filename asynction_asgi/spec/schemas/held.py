"""What a schema holds for the items of an array, or for the members of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .children import ITEM_CLAIMS
from .matchers import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .definitions import Schema

    Schemas = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Held:
    """The schemas that one schema applies directly within a value, without booleans.

    Attributes:
        schema: The schema that holds them.
        named: To each item or member that it names, by index or name.
        others: To any other, including those of all patterns for names.
        names: To the names themselves.
    """

    schema: dict[str, Any]
    named: dict[Any, Schemas]
    others: Schemas
    names: Schemas

    def at(self, key: Any) -> Schemas:
        """Return what applies to the item at an index, or to the member of a name."""
        found = self.named.get(key)
        if found is None:
            patterned = isinstance(key, str) and "patternProperties" in self.schema
            found = _member(self.schema, key) if patterned else self.others
        return found

    def places(self) -> Iterable[Schemas]:
        """Return what applies to each place."""
        return (*self.named.values(), self.others, self.names)


def hold_items(schema: dict[str, Any]) -> Held:
    """Return what a schema holds for items: by position as far as there are any, and for all others."""
    items = schema.get("items", True)
    searched = [
        inner for claim in schema.get(ITEM_CLAIMS, ()) for inner in claim.get("then", claim).get("anyOf", ())
    ]
    every = (schema.get("contains", True), schema.get("unevaluatedItems", True), *searched)
    listed, rest = (items, schema.get("additionalItems", True)) if isinstance(items, list) else ([], items)
    named = {index: _schemas(item, *every) for index, item in enumerate(listed)}
    return Held(schema, named, _schemas(rest, *every), [])


def hold_members(schema: dict[str, Any]) -> Held:
    """Return what a schema holds for names, for the members that it names, and for all others."""
    named = {name: _member(schema, name) for name in schema.get("properties", ())}
    others = _schemas(
        *schema.get("patternProperties", {}).values(),
        schema.get("additionalProperties", True),
        schema.get("unevaluatedProperties", True),
    )
    return Held(schema, named, others, _schemas(schema.get("propertyNames", True)))


def _member(schema: dict[str, Any], name: str) -> Schemas:
    found = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    found += (
        inner
        for pattern, inner in schema.get("patternProperties", {}).items()
        if compile_pattern(pattern).matches(name)
    )
    others = found or [schema.get("additionalProperties", True)]
    return _schemas(*others, schema.get("unevaluatedProperties", True))


def _schemas(*schemas: Schema) -> Schemas:
    return [schema for schema in schemas if isinstance(schema, dict)]
