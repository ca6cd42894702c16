"""Example values: those that the author wrote, else a plausible one made from the schema.

The same document gives the same examples. Each is held against the compiled checks before anybody
sees it, which is what makes simple guessing safe.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from .arguments import compile_arguments
from .document import Node
from .guesses import guess_value
from .references import ReferenceFault
from .schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .model import Arguments, Event, Spec
    from .references import Resolver

__all__ = ["BINARY", "declared_examples", "example", "example_arguments"]

# Each attempt takes other alternatives, and later ones leave out what is optional.
_ATTEMPTS = 8
BINARY = "$binary"


def example(schema: Node, resolver: Resolver, check: Callable[[Any], object]) -> Any:
    """A value that `check` accepts; it raises `Mismatch` for others.

    Raises:
        LookupError: none was found.
    """
    for attempt in range(_ATTEMPTS):
        try:
            value = guess_value(schema, resolver, attempt)
            check(value)
        except (Mismatch, ReferenceFault):
            continue
        return value
    raise LookupError(schema.pointer)


def example_arguments(arguments: Arguments, spec: Spec) -> tuple[Any, ...] | None:
    """A list of arguments that the contract accepts; None where none was found or nothing is known."""
    if arguments.kind == "union":
        found = (example_arguments(one, spec) for one in arguments.of)
        return next((one for one in found if one is not None), None)
    if arguments.kind not in ("single", "positional") or arguments.schema is None:
        return None
    accept = compile_arguments(arguments, spec.bundle)
    try:
        if arguments.kind == "single":
            return (example(arguments.schema, spec.resolver, lambda value: accept([value])),)
        return tuple(example(_as_list(arguments.schema), spec.resolver, lambda value: accept(list(value))))
    except (LookupError, TypeError):  # TypeError: x-positional on what is no list
        return None


def declared_examples(event: Event, spec: Spec) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The event's own examples that the contract accepts: a name or ``""``, and the arguments.

    ``{"$binary": "…base64…"}`` stands for bytes, which neither JSON nor YAML can write.
    """
    arguments = event.arguments
    listed = event.message.get("examples")
    if arguments.kind == "opaque" or not isinstance(listed, list):
        return
    accept = compile_arguments(arguments, spec.bundle)
    for one in listed:
        if not isinstance(one, dict) or "payload" not in one:
            continue
        payload = _with_bytes(one["payload"])
        readings = [[payload]]
        if isinstance(payload, list):
            readings.insert(0 if arguments.kind == "positional" else 1, payload)
        values = next((values for values in readings if _accepts(accept, values)), None)
        if values is not None:
            name = one.get("name") or one.get("summary")
            yield name if isinstance(name, str) else "", tuple(values)


def _accepts(check: Callable[[Any], object], values: list[Any]) -> bool:
    try:
        check(values)
    except Mismatch:
        return False
    return True


def _as_list(schema: Node) -> Node:
    """A schema of positional arguments holds for lists alone, whether or not it says so."""
    if isinstance(schema.value, dict) and "type" not in schema.value:
        return Node({**schema.value, "type": "array"}, schema.document, schema.pointer)
    return schema


def _with_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {BINARY} and isinstance(value[BINARY], str):
        try:
            return base64.b64decode(value[BINARY], validate=True)
        except ValueError:
            return value
    return {key: _with_bytes(one) for key, one in value.items()}
