"""The examples that the author of a document wrote, as far as the contract accepts them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from .arguments import compile_arguments
from .schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .model import Event, Spec

__all__ = ["BINARY", "declared_examples", "with_bytes", "written_bytes"]

BINARY = "$binary"


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
        payload = with_bytes(one["payload"])
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


def written_bytes(value: bytes | bytearray) -> dict[str, str]:
    """What stands for bytes in JSON: ``{"$binary": "…base64…"}``; a ``default`` of ``json.dumps``."""
    return {BINARY: base64.b64encode(value).decode()}


def with_bytes(value: Any) -> Any:
    """A value of JSON with what `written_bytes` wrote as bytes again."""
    if isinstance(value, list):
        return [with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {BINARY} and isinstance(value[BINARY], str):
        try:
            return base64.b64decode(value[BINARY], validate=True)
        except ValueError:
            return value
    return {key: with_bytes(one) for key, one in value.items()}
