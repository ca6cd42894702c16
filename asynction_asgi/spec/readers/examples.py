"""The examples that the author of a document wrote, as far as the contract accepts them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ..model.arguments import compile_arguments
from ..schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Arguments, Event, Spec
    from ..model.arguments import ArgumentsCheck

BINARY = "$binary"


def declared_examples(event: Event, spec: Spec) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the event's own examples that the contract accepts: a name or ``""``, and the arguments.

    ``{"$binary": "…base64…"}`` stands for bytes, which neither JSON nor YAML can write.
    """
    arguments = event.arguments
    listed = event.message.get("examples")
    if arguments.kind == "opaque" or not isinstance(listed, list):
        return
    accept = compile_arguments(arguments, spec.bundle)
    for example in listed:
        if not isinstance(example, dict) or "payload" not in example:
            continue
        try:
            values = read_example(example["payload"], arguments, accept)
        except Mismatch:
            continue
        name = example.get("name") or example.get("summary")
        yield name if isinstance(name, str) else "", tuple(values)


def read_example(payload: Any, arguments: Arguments, accept: ArgumentsCheck) -> list[Any]:
    """Return the arguments that an example's payload stands for: a list may be one of them or all.

    Raises:
        Mismatch: The payload fits no reading; says what the likelier one misses.
    """
    payload = with_bytes(payload)
    readings = [[payload]]
    if isinstance(payload, list):
        readings.insert(0 if arguments.kind == "positional" else 1, payload)
    missed: Mismatch | None = None
    for values in readings:
        try:
            accept(values)
        except Mismatch as mismatch:
            missed = missed or mismatch
        else:
            return values
    assert missed is not None  # noqa: S101  # there is a reading
    raise missed


def written_bytes(value: bytes | bytearray) -> dict[str, str]:
    """Write bytes as ``{"$binary": "…base64…"}``; a ``default`` for ``json.dumps``."""
    return {BINARY: base64.b64encode(value).decode()}


def with_bytes(value: Any) -> Any:
    """Return a JSON value in which bytes written by `written_bytes` are bytes again."""
    if isinstance(value, list):
        return [with_bytes(element) for element in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {BINARY} and isinstance(value[BINARY], str):
        try:
            return base64.b64decode(value[BINARY], validate=True)
        except ValueError:
            return value
    return {key: with_bytes(inner) for key, inner in value.items()}
