"""Ids of connections, of upstream's form: 20 characters that URLs may contain.

They hold 96 random bits and a checksum of these, by which any process knows an id that another one has given
out: no room can be named like it, or whoever enters that room would receive what is for its client alone.
"""

from __future__ import annotations

import os
from binascii import Error, a2b_base64, b2a_base64, crc32
from typing import Any

_RANDOM_BYTES, _LENGTH = 12, 20
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), str.maketrans("-_", "+/")  # RFC 4648, 5


def new_id() -> str:
    """Return a new id."""
    made = os.urandom(_RANDOM_BYTES)
    return b2a_base64(made + _checksum(made), newline=False).translate(_TO_URL).decode()


def is_id(value: Any) -> bool:
    """Return whether some process has made this id; wrong for one in 16 million other texts of its length."""
    if not isinstance(value, str) or len(value) != _LENGTH:
        return False
    try:
        read = a2b_base64(value.translate(_FROM_URL), strict_mode=True)
    except (Error, ValueError):
        return False
    return read[_RANDOM_BYTES:] == _checksum(read[:_RANDOM_BYTES])


def _checksum(made: bytes) -> bytes:
    return crc32(made).to_bytes(4, "big")[1:]
