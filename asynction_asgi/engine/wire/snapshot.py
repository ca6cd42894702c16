"""A copy of a payload as it was validated, so that later changes to the original do not matter."""

from __future__ import annotations

from typing import Any

from .codec import UnencodableError

_UNCHANGING = frozenset({str, int, float, bool, bytes, type(None)})


def take_snapshot(payload: Any) -> Any:
    """Return a copy of all in a payload that can change: objects, arrays, tuples and buffers.

    Raises:
        UnencodableError: It contains itself, or is nested too deep.
    """
    try:
        return _copied(payload)
    except RecursionError:
        raise UnencodableError("nested too deep") from None


def _copied(value: Any) -> Any:
    if type(value) in _UNCHANGING:
        return value
    if isinstance(value, dict):
        return {key: _copied(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_copied(child) for child in value]
    if isinstance(value, tuple):
        return tuple(_copied(child) for child in value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return value  # an Enum or a UUID; the encoder refuses the rest
