"""What the engine reports of outcomes that no `Endpoint` decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from ..errors import RefusedError
    from ..reasons import Close, Rejection
    from .endpoint import Peer

    Scope = MutableMapping[str, Any]


def _ignore(*_: object) -> None:
    """Ignore an outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Functions that receive outcomes; they must return at once and must not raise.

    Attributes:
        refused: Called with peer, event and refusal when the engine itself refuses an event, or, with None in
            place of the event, a CONNECT; and with the reason, if that is a failure. A peer that was refused
            before it had an id of its own has that of its transport.
        closing: Called with the reason, Engine.IO's id, the scope of the opening request and a detail in
            words before the server closes a connection because of its client.
        rejected: Called with the reason, the scope if it is known, and a detail in words when a request is
            rejected.
    """

    refused: Callable[[Peer[Any], str | None, RefusedError, BaseException | None], None] = _ignore
    closing: Callable[[Close, str, Scope, str], None] = _ignore
    rejected: Callable[[Rejection, Scope | None, str], None] = _ignore
