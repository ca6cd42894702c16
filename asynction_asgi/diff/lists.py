"""Lists of arguments as schemas, so that every kind of them compares with every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spec.schemas.definitions import AT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..spec.model import Arguments
    from ..spec.schemas import Bundle
    from ..spec.schemas.definitions import Schema
    from ..spec.text.document import Node


def list_schema(
    arguments: Arguments, bundle: Bundle, node: Node, accepts: Callable[[Schema, Any], bool]
) -> dict[str, Any]:
    """Return the schema of the lists that arguments admit.

    Args:
        arguments: Of a kind that is validated.
        bundle: Holds their schemas.
        node: Where they are declared.
        accepts: Whether a schema of the bundle accepts a value.
    """
    if arguments.kind == "union":
        return {AT: node, "anyOf": [list_schema(part, bundle, node, accepts) for part in arguments.of]}
    if arguments.schema is None:
        return {AT: node, "type": ["array"]}
    schema = bundle.definition(arguments.schema)
    if arguments.kind == "single":
        one = {AT: node, "type": ["array"], "items": [schema], "minItems": 1, "maxItems": 1}
        if not accepts(schema, None):
            return one
        return {AT: node, "anyOf": [one, {AT: node, "type": ["array"], "maxItems": 0}]}
    counts: dict[str, Any] = {AT: node, "type": ["array"], "minItems": arguments.minimum}
    if arguments.maximum is not None:
        counts["maxItems"] = arguments.maximum
    return {AT: node, "allOf": [schema, counts]}
