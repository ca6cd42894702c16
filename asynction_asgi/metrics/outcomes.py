"""The values that labels may have, whatever clients send: closed sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reasons import Close, Code, Credential, Dropped, Lost, Rejection, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable


def _values(members: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str, members))


OTHER = str(Code.OTHER)
CODES = _values(Code)
CONNECTS = ("accepted", *CODES)
# The first two have series from the start: what appears with its first occurrence has no increase that alerts see.
EVENTS = (
    "handled",
    str(Code.INTERNAL_ERROR),
    *_values(code for code in Code if code is not Code.INTERNAL_ERROR),
)
EMITS = ("sent", *CODES)
ACKS = ("answered", *_values(Unanswered))
CLOSES = _values(Close)
REJECTIONS = _values(Rejection)
CREDENTIALS = (*_values(Credential), OTHER)
# What disconnect handlers receive.
DISCONNECTS = (
    *("client disconnect", "server disconnect", "ping timeout", "transport close", "transport error"),
    *("parse error", "server shutting down", OTHER),
)
TRANSPORTS = ("websocket", "polling")
DIRECTIONS = ("written", "read")
DROPS = (*_values(Dropped), OTHER)
LOSSES = (*_values(Lost), OTHER)
