"""Offsets of events, which a server adds for clients that come back; the clients here start a new session instead.

Source: Socket.IO 4.6, "Connection state recovery"; as an event, ``x-recovery: {offset: event}``.
"""

from __future__ import annotations

from typing import Any

_OFFSET_EVENT = "~"


class Offsets:
    """Takes the offsets off the events of one connection."""

    def __init__(self) -> None:
        self._form = ""

    def begin(self, answer: Any) -> None:
        """Read in the answer to CONNECT whether there are offsets, and in which form."""
        if isinstance(answer, dict) and "pid" in answer:
            self._form = "event" if answer.get("offset") == "event" else "argument"

    def take_off(self, payload: list[Any], ack_id: int | None) -> list[Any] | None:
        """Return an event as the document has it, name first, or None if it is nothing but an offset."""
        if ack_id is not None or not self._form:
            return payload
        if self._form == "event":
            return None if payload[0] == _OFFSET_EVENT else payload
        return payload[:-1] if len(payload) > 1 and isinstance(payload[-1], str) else payload
