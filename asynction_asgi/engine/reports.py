"""Reports of closed connections and rejected requests: a line in the log, and a call of the `Watch`."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from ..logs import Throttle
from ..reasons import Close, Rejection
from .logs import access, address_of

if TYPE_CHECKING:
    from .watch import Scope, Watch

# A level and what the line says. A crash has a line of its own, with its traceback.
_CLOSES = {
    Close.SLOW_READER: (logging.WARNING, "the client reads too slowly"),
    Close.UNDECODABLE: (logging.INFO, "a message is not valid"),
    Close.TOO_LARGE: (logging.WARNING, "a message is too large"),
    Close.SLOW_BODY: (logging.INFO, "the body of a request did not arrive in time"),
    Close.OVERLAP: (logging.INFO, "the client made two polling requests of one kind at the same time"),
    Close.REFUSALS: (logging.INFO, "it was refused too often"),
    Close.NO_NAMESPACE: (logging.INFO, "it joined no namespace in time"),
    Close.NO_PONG: (logging.INFO, "no pong came in time"),
    Close.BACKLOG: (logging.INFO, "too many events arrived before the connection was accepted"),
}
_REJECTIONS = {
    Rejection.ORIGIN: (logging.WARNING, "its origin is not admitted"),
    Rejection.VERSION: (logging.WARNING, "the client speaks a version that is not supported"),
    Rejection.TRANSPORT: (logging.WARNING, "its transport is not served"),
    Rejection.DRAINING: (logging.INFO, "new clients are refused"),
    Rejection.UNKNOWN_SESSION: (
        logging.INFO,
        "its session is not here; it has ended, or a proxy sends one client's requests to several processes",
    ),
    Rejection.TOO_LARGE: (logging.WARNING, "it is too large"),
    Rejection.SLOW_BODY: (logging.INFO, "its body did not arrive in time"),
    Rejection.MALFORMED: (logging.INFO, "it is not a request of the protocol"),
}


class Reports:
    """Logs what clients caused, at a limited rate for each reason, and passes all of it on.

    Args:
        watch: Learns of every case.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._throttle = Throttle()
        self._once = Throttle(math.inf)  # an old client goes on trying

    def closing(self, reason: Close, sid: str, scope: Scope, detail: str = "") -> None:
        """Report that a connection is about to be closed because of its client; arguments as `Watch.closing`."""
        if reason in _CLOSES and (unsaid := self._throttle.admits(reason)) is not None:
            level, text = _CLOSES[reason]
            address = address_of(scope)
            access.log(
                level,
                "closing a connection: %s%s (sid %s, %s)%s",
                *(text, detail and f": {detail}", sid, address, unsaid),
                extra={"reason": reason, "sid": sid, "address": address},
            )
        self._watch.closing(reason, sid, scope, detail)

    def rejected(self, reason: Rejection, scope: Scope | None, detail: str = "") -> None:
        """Report that a request was rejected; arguments as `Watch.rejected`."""
        throttle = self._once if reason is Rejection.VERSION else self._throttle
        if (unsaid := throttle.admits(reason)) is not None:
            level, text = _REJECTIONS[reason]
            address = address_of(scope)
            access.log(
                level,
                "rejected a request: %s%s (%s)%s",
                *(text, detail and f": {detail}", address, unsaid),
                extra={"reason": reason, "address": address},
            )
        self._watch.rejected(reason, scope, detail)
