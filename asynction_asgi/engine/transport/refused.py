"""Refusals of requests that are not for this server: what clients receive, and what the log says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What the log says, by upstream's text for the client.
FAULTS: Mapping[str, str] = {
    "Invalid websocket upgrade": "a plain request with transport=websocket, which needs the handshake of a WebSocket",
    "Not connected": "its session is not open yet",
    "Unexpected HTTP request": "its session has moved to a WebSocket",
}
_NAMES = {"polling": "HTTP long-polling", "websocket": "WebSocket"}


def _refuse(code: int, message: str) -> Mapping[str, Any]:
    """Return a response with a code and the first words of Engine.IO's server in JavaScript."""
    return {
        "status": "400 BAD REQUEST",
        "headers": [("Content-Type", "application/json")],
        "response": json.dumps({"code": code, "message": message}, separators=(",", ":")).encode(),
    }


UNSUPPORTED_VERSION = _refuse(5, "Unsupported protocol version: use a client of Socket.IO 3 or 4")


def refuse_transport(served: Sequence[str]) -> Mapping[str, Any]:
    """Return the response to a transport that is not one of those served."""
    names = " and ".join(_NAMES[transport] for transport in served)
    return _refuse(0, f"Transport unknown: this server takes {names}; {_cure(served)}")


def advise_transport(transport: str, served: Sequence[str]) -> str | None:
    """Return why a transport is not served, and what to do; None if it is not a transport of Engine.IO."""
    if transport not in _NAMES:
        return None
    options = {
        "polling": '--websocket-only or transports=["websocket"]',
        "websocket": 'transports=["polling"]',
    }
    return f"{_NAMES[transport]} is off, by {options[transport]}; {_cure(served)}"


def _cure(served: Sequence[str]) -> str:
    return f"connect with transports: {json.dumps([*served])}"
