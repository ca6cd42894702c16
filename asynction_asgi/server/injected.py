"""The names under which handlers and providers receive values of a connection, and of one call."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .socket import Socket

OF_SOCKET: dict[str, Callable[[Socket], Any]] = {
    "socket": lambda socket: socket,
    "sid": attrgetter("id"),
    **{
        name: attrgetter(name)
        for name in ("namespace", "environ", "auth", "user", "token_info", "params", "app", "state")
    },
}
"""What reads a value of a connection, besides the parameters of a dynamic namespace."""
OF_EVENT = ("wants_ack",)
OF_ERROR = ("arguments", "event", "kind", "ref")
OF_CALL = (*OF_EVENT, *OF_ERROR)
"""Attributes of a `Call`: what the handlers of events may ask for, those of errors, and providers."""
