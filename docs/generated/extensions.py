"""The extensions of AsyncAPI: where each one may stand, and what it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asynction_asgi.spec.structure.extensions import PLACES
from asynction_asgi.spec.structure.meanings import MEANINGS
from asynction_asgi.spec.structure.versions import TABLES

from .markdown import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What the grammar leaves to the parts that read these keys.
FREE = {"x-mock": "object", "x-deprecated": "true or false"}
# Readers of AsyncAPI 3 take one from an operation as well.
_PLACES = {**PLACES, "x-handler": (*PLACES["x-handler"], "an operation of AsyncAPI 3")}
_WORDS = {"string": "text", "object": "object", "array": "list", "boolean": "true or false"}


def extensions() -> str:
    """Return a table of all keys."""
    return table(("Key", "Stands on", "Is", "Means"), rows_of_extensions())


def rows_of_extensions() -> list[tuple[str, str, str, str]]:
    """Return the key, its places, its form and its meaning, as Markdown."""
    return [
        (f"[`{key}`](#{key.lower()})", ", ".join(_PLACES[key]), grammar_of(key) or FREE.get(key, ""), text)
        for key, text in MEANINGS.items()
    ]


def grammar_of(key: str) -> str:
    """Return the form of a value in a few words, or ``""`` for an extension that the grammar leaves alone."""
    for name, row in TABLES[3].items():
        schema = row.as_schema(lambda used: {"title": used})
        fields: Mapping[str, Any] = schema.get("properties", {}) if isinstance(schema, dict) else {}
        if key in fields and name != key:
            return " or ".join(_forms(fields[key]))
    return ""


def _forms(schema: Any) -> Iterator[str]:
    """Yield what a value may be; an object of the table comes as a schema with a title alone."""
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type", "object" if "title" in schema else [])
    if "enum" in schema:
        yield from (f"`{value}`" for value in schema["enum"])
    elif kinds == "array":
        yield f"a list, each {' or '.join(_forms(schema['items']))}"
    elif kinds:
        yield from (_WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    else:
        yield from _forms(schema.get("else"))
