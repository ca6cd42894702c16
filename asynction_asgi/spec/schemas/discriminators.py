"""The discriminator of AsyncAPI and OpenAPI, which names an alternative and never changes a verdict.

Source: OpenAPI 3.0.3 and 3.1.0, Discriminator Object; AsyncAPI 2.6 and 3.1, Schema Object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .definitions import AT, DISCRIMINATOR, places
from .dispatch import tag_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..text.document import Node
    from .definitions import Definitions


def find_unpinned(definitions: Definitions) -> Iterator[tuple[Node, str]]:
    """Yield each ``oneOf`` of which two alternatives may accept an object, whatever the discriminator says."""
    for schema in places(definitions.values()):
        named = schema.get(DISCRIMINATOR)
        if named is None or named["keyword"] != "oneOf" or tag_values(schema["oneOf"], definitions):
            continue
        message = (
            "two alternatives may accept the same object, which oneOf refuses: the discriminator decides nothing; "
            f"require {named['property']!r} in each, with a const of its own"
        )
        yield schema[AT].child("discriminator"), message


def lacking(schema: Mapping[str, Any], name: str) -> list[str]:
    """Return which of ``properties`` and ``required`` lack the name that is AsyncAPI's discriminator.

    A schema as written that has no ``properties`` leaves them to its alternatives.
    """
    if not isinstance(schema.get("properties"), dict):
        return []
    lists = [(keyword, schema.get(keyword)) for keyword in ("properties", "required")]
    return [keyword for keyword, names in lists if not isinstance(names, dict | list) or name not in names]


def named_branches(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return which alternative of a schema as written each value of its discriminator names, or None.

    Returns:
        ``keyword``, ``property``, and ``branches``: the index of the alternative by the property's value.
    """
    discriminator = schema["discriminator"]
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else discriminator
    keyword = next((key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)), None)
    if not isinstance(name, str) or keyword is None:
        return None
    mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    explicit = mapping if isinstance(mapping, dict) else {}
    branches: dict[str, int] = {}
    for index, branch in enumerate(schema[keyword]):
        reference = branch.get("$ref") if isinstance(branch, dict) else None
        if isinstance(reference, str):
            component = reference.rpartition("/")[2]
            named = [value for value, meant in explicit.items() if meant in (reference, component)]
            branches |= dict.fromkeys(named or [component], index)
    return {"keyword": keyword, "property": name, "branches": branches} if branches else None
