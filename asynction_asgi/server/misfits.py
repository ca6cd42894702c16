"""Advice on values that do not match the document because they are not JSON."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..engine.wire.misfits import describe_misfit, describe_one
from ..spec.text.pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import Violation

# Sent in their own way, but not what a schema of JSON's types accepts.
_CHECKED_AS_THEY_ARE = (Enum, UUID, bytes, bytearray, memoryview)


def advice_on(arguments: Sequence[Any], violations: Sequence[Violation]) -> str:
    """Return what to use in place of the value of the first violation, or of a part of it; else ``""``."""
    pointer = violations[0].pointer
    value = _value_at(arguments, pointer)
    if isinstance(value, _CHECKED_AS_THEY_ARE):
        return describe_one(value, pointer)
    return describe_misfit(value, pointer) or ""


def _value_at(value: Any, pointer: str) -> Any:
    """Return the value at a JSON Pointer, or the last on the way to it."""
    for key in Pointer.parse(pointer).tokens:
        try:
            value = value[int(key)] if isinstance(value, list | tuple) else value[key]
        except (LookupError, TypeError, ValueError):
            break
    return value
