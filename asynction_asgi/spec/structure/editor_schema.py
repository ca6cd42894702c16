"""The grammar as a JSON Schema for editors: fields, values and our extensions, as an author types.

AsyncAPI's own schema lets every field ``x-…`` pass. This one lies over it and says what ours must be. It
knows less than `check`, and refuses nothing that `check` accepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .meanings import MEANINGS
from .versions import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .walk import JsonSchema, Refer, Rule

# Of AsyncAPI, for every version; editors fetch it, nothing here does.
ASYNCAPI = "https://www.asyncapi.com/schema-store/all.schema-store.json"
_DRAFT = "http://json-schema.org/draft-07/schema#"  # the latest that editors' YAML servers read


def editor_schema(*, alone: bool = False) -> dict[str, Any]:
    """Return the schema of a document of any version.

    Args:
        alone: Whether AsyncAPI's own schema is left out, for tools that fetch nothing.
    """
    definitions: dict[str, Any] = {}
    for major, table in TABLES.items():
        definitions |= _definitions(major, table)
    parts: list[Any] = [] if alone else [{"$ref": ASYNCAPI}]
    parts += [
        {
            "if": {
                "properties": {"asyncapi": {"type": "string", "pattern": f"^{major}\\."}},
                "required": ["asyncapi"],
            },
            "then": {"$ref": f"#/definitions/{_key(major, 'root')}"},
        }
        for major in TABLES
    ]
    return {
        "$schema": _DRAFT,
        "title": "AsyncAPI for Socket.IO, by asynction-asgi",
        "type": "object",
        "required": ["asyncapi"],
        "properties": {"asyncapi": {"type": "string"}},
        "allOf": parts,
        "definitions": definitions,
    }


def _definitions(major: int, table: Mapping[str, Rule]) -> dict[str, JsonSchema]:
    refer = _referrer(major)
    return {_key(major, name): _described(row.as_schema(refer)) for name, row in table.items()}


def _described(schema: JsonSchema) -> JsonSchema:
    """Add to each of our extensions what it means, which editors show beside it."""
    if not isinstance(schema, dict) or "properties" not in schema:
        return schema
    fields = {
        name: {**field, "description": MEANINGS[name]} if name in MEANINGS else field
        for name, field in schema["properties"].items()
    }
    return {**schema, "properties": fields}


def _referrer(major: int) -> Refer:
    return lambda name: {"$ref": f"#/definitions/{_key(major, name)}"}


def _key(major: int, name: str) -> str:
    return f"{major}-{name.replace(' ', '-')}"
