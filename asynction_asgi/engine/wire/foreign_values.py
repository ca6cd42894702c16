"""What may stand in a packet of any format: the values of JSON, and bytes.

The protocol's own format can hold nothing else. MessagePack and the formats of other packet classes can,
and what one client may send there must neither crash a handler nor reach others.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...extras import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator

# As many digits as the codec for JSON takes.
_MOST = 10**400


class StrangeValueError(ValueError):
    """A value that JSON does not have, or one nested too deep."""


class Values:
    """The rules for one packet class.

    Args:
        packet_class: One made by ``MsgPackPacket.configure`` has types of its own, which then pass.
        depth: Deepest nesting of arrays and objects in what a client sends.
    """

    # Nothing limits what a server sends but the encoders' own recursion.
    _DEPTH_OUT = 500

    def __init__(self, packet_class: Any, *, depth: int) -> None:
        self._depth = depth
        self._strange = _extension_types()
        hook = getattr(packet_class, "ext_hook", None)
        self.extended = getattr(packet_class, "dumps_default", None) is not None or (
            hook is not None and hook not in self._strange
        )

    def check(self, payload: Any) -> None:
        """Check what a packet class has read.

        Raises:
            StrangeValueError: Clients may not send the value.
            UnicodeEncodeError: The value contains half a surrogate pair.
        """
        open_at: list[Iterator[Any]] = [iter((payload,))]
        while open_at:
            for value in open_at[-1]:
                children = self._inside(value)
                if children is not None:
                    if len(open_at) > self._depth:
                        raise StrangeValueError("nested too deep")
                    open_at.append(iter(children))
                    break
            else:
                open_at.pop()

    def _inside(self, value: Any) -> Any:
        """Return the values inside a value, or None if it holds none."""
        kind = type(value)
        if kind is str:
            if not value.isascii():
                value.encode()
        elif kind is list:
            return value
        elif kind is dict:
            for key in value:
                if type(key) is not str:
                    raise StrangeValueError("a key that is not a string")
                key.encode()
            return value.values()
        elif kind is int:
            if not -_MOST < value < _MOST:
                raise StrangeValueError("integer too long")
        elif kind is float:
            if not math.isfinite(value):
                raise StrangeValueError("NaN and Infinity are no numbers of JSON")
        elif not (value is None or kind is bool or kind is bytes or self.extended):
            raise StrangeValueError(f"{kind.__name__} is not a JSON type")
        return None

    def prepare(self, value: Any, depth: int = 0) -> Any:
        """Return what a packet class writes: the values that JSON would have carried.

        Raises:
            StrangeValueError: The value has no JSON form and is not bytes.
        """
        if depth > self._DEPTH_OUT:
            raise StrangeValueError("nested too deep, or in itself")
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, (bool, str, bytes)):
            return value
        if isinstance(value, (int, float)):
            self._inside(int(value) if isinstance(value, int) else float(value))
            return value
        if isinstance(value, dict):
            return {_key(key): self.prepare(one, depth + 1) for key, one in value.items()}
        if isinstance(value, (list, tuple)) and not isinstance(value, self._strange):
            return [self.prepare(item, depth + 1) for item in value]
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        if self.extended:
            return value
        raise StrangeValueError(f"{type(value).__name__} has no JSON form")


def _key(key: Any) -> str:
    """As Python's own module for JSON has it."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, int) or (isinstance(key, float) and math.isfinite(key)):
        return repr(key)
    raise StrangeValueError("a key that is not a string")


def _extension_types() -> tuple[type, ...]:
    if not is_installed("msgpack"):
        return ()
    import msgpack  # noqa: PLC0415  # of the optional extra "msgpack"

    return (msgpack.ExtType, msgpack.Timestamp)
