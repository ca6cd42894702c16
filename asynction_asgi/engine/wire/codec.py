"""Strict JSON: what RFC 8259 allows and no more, in both directions.

Python's own module reads and writes NaN and Infinity, which every other peer refuses; it and orjson are
each lenient where the other is strict. A `Codec` behaves the same with either.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...extras import is_installed
from ...reasons import Close
from .depth import is_deeper, may_be_deeper
from .finite import may_hold_nan
from .misfits import describe_misfit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

Attachments = list[bytes]


class FiniteList(list[Any]):
    """A list whose creator guarantees that it contains no NaN or Infinity."""

    __slots__ = ()


# Integers above 64 bit have at least 19 digits; orjson would make floats of them.
_LONG_NUMBER = b"9" * 19
_DIGITS = bytes(0x39 if chr(code).isdigit() and code < 128 else 0x20 for code in range(256))
_MAX_DIGITS = 400
_TOO_LARGE = "a number beyond the range of a double"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class UndecodableError(ValueError):
    """The peer sent something that is not a packet; its connection can't go on.

    Attributes:
        reason: Why the connection is closed.
    """

    reason = Close.UNDECODABLE


class BacklogError(UndecodableError):
    """The peer sent more events before its connection was accepted than may wait."""

    reason = Close.BACKLOG


class PayloadTooLargeError(Exception):
    """The peer sent more than the server takes; its connection is closed.

    Args:
        limit: The name of the limit and its value, for the log.

    Attributes:
        reason: Why the connection is closed.
    """

    reason = Close.TOO_LARGE

    def __init__(self, limit: str) -> None:
        super().__init__(f"larger than {limit}")


class UnencodableError(ValueError):
    """A value has no JSON form; nothing was sent."""

    @classmethod
    def of(cls, error: Exception, value: Any) -> UnencodableError:
        """Name the part of a value that an encoder failed at, or pass on what the encoder says."""
        return cls(describe_misfit(value) or str(error))


@dataclass(frozen=True, slots=True)
class Codec:
    """One JSON implementation.

    Attributes:
        loads: Text to value. Raises `UndecodableError`.
        dumps: Value to UTF-8, moving bytes into the list given and leaving placeholders behind.
            Raises `UnencodableError`.
        loads_deep: Do what `loads` does without its limit on the depth, as the decoder has one of its
            own (1,024 levels); None if it has none.
    """

    loads: Callable[[str], Any]
    dumps: Callable[[Any, Attachments], bytes]
    loads_deep: Callable[[str], Any] | None = None


def choose_codec(module: ModuleType | Any | None, *, depth: int) -> Codec:
    """Return the codec of the user's JSON module, else of orjson if it is installed, else of Python's."""
    if module is not None:
        return _foreign(module, depth)
    return _fast(depth) if is_installed("orjson") else plain_codec(depth)


def check_depth(value: Any, depth: int, text: str | None = None) -> None:
    """Refuse a value of a client that nests more than `depth` levels.

    Args:
        value: What a decoder made.
        depth: The most levels of arrays and objects.
        text: The packet that holds it, if it is at hand, which mostly shows faster that it does not.

    Raises:
        UndecodableError: It nests deeper.
    """
    if (text is None or may_be_deeper(text, depth)) and is_deeper(value, depth):
        raise UndecodableError("nested too deep")


def _guarded(loads: Callable[[str], Any], depth: int) -> Callable[[str], Any]:
    def guarded(text: str) -> Any:
        value = loads(text)
        check_depth(value, depth, text)
        return value

    return guarded


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise UndecodableError(f"an integer of more than {_MAX_DIGITS} digits")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise UndecodableError(_TOO_LARGE)
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_constant).decode


def _plain_loads(text: str) -> Any:
    try:
        value = _decode(text)
        if "\\" in text and _SURROGATE.search(text):
            # Halves of a pair are fine together and an error alone; only encoding can tell.
            json.dumps(value, ensure_ascii=False).encode()
    except UndecodableError:
        raise
    except (ValueError, RecursionError) as error:
        raise UndecodableError("not JSON") from error
    return value


def _default(attachments: Attachments) -> Callable[[Any], Any]:
    def default(value: Any) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            attachments.append(bytes(value))
            return {"_placeholder": True, "num": len(attachments) - 1}
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, UUID):
            return str(value)
        raise TypeError(f"{type(value).__name__} has no JSON form")

    return default


def _plain_dumps(value: Any, attachments: Attachments) -> bytes:
    try:
        return json.dumps(
            value,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
            default=_default(attachments),
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UnencodableError(str(error)) from error


def plain_codec(depth: int) -> Codec:
    """Return the codec that needs no package beyond Python's own."""
    return Codec(_guarded(_plain_loads, depth), _plain_dumps)


def _fast(depth: int) -> Codec:
    import orjson  # noqa: PLC0415  # of the optional extra "fast"

    loads, dumps, decode_error = orjson.loads, orjson.dumps, orjson.JSONDecodeError
    option = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
    plain_loads = _guarded(_plain_loads, depth)

    def loads_deep(text: str) -> Any:
        # A sample first: so long a number holds three of every sixth characters in a row.
        # And `find`: bytes are asked for with `in` by way of an exception, as if they were a number.
        if text[::6].encode().translate(_DIGITS).find(b"999") >= 0 and (
            _LONG_NUMBER in text.encode().translate(_DIGITS)
        ):
            return plain_loads(text)
        try:
            return loads(text)
        except decode_error as error:
            what = _TOO_LARGE if str(error).startswith("number is infinity") else "not JSON"
            raise UndecodableError(what) from error

    def fast_dumps(value: Any, attachments: Attachments) -> bytes:
        try:
            encoded = dumps(value, None, option)
        except TypeError:
            encoded = slow_dumps(value, attachments)
        # orjson writes NaN and Infinity as null.
        if type(value) is not FiniteList and encoded.find(b"null") >= 0 and may_hold_nan(value):
            _refuse_nan(value)
        return encoded

    def slow_dumps(value: Any, attachments: Attachments) -> bytes:
        try:
            return dumps(value, _default(attachments), option)
        except TypeError:
            # Integers above 64 bit and keys that are not strings: Python's own module decides.
            attachments.clear()
            return _plain_dumps(value, attachments)

    return Codec(_guarded(loads_deep, depth), fast_dumps, loads_deep)


def _refuse_nan(value: Any) -> None:
    found: list[Any] = [[value]]
    for parent in found:  # grows while it is walked
        for child in parent.values() if isinstance(parent, dict) else parent:
            kind = type(child)
            if kind is str or kind is int or child is None or kind is bool:
                continue
            if kind is float:
                if child - child != 0.0:
                    raise UnencodableError("NaN and Infinity have no JSON form")
            elif isinstance(child, (dict, list, tuple)):
                found.append(child)
            elif isinstance(child, Enum):
                found.append([child.value])


def _foreign(module: ModuleType | Any, depth: int) -> Codec:
    def loads(text: str) -> Any:
        try:
            return module.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise UndecodableError("not JSON") from error

    def dumps(value: Any, attachments: Attachments) -> bytes:
        try:
            encoded = module.dumps(_extract(value, attachments), separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise UnencodableError(str(error)) from error
        return encoded if isinstance(encoded, bytes) else encoded.encode()

    return Codec(_guarded(loads, depth), dumps)


def _extract(value: Any, attachments: Attachments) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _extract(child, attachments) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_extract(child, attachments) for child in value]
    return value
