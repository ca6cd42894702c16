"""Which ends of a connection let its clients come back to where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .leaving import SHUTTING_DOWN

if TYPE_CHECKING:
    from ..ports import Host
    from .returning import Returning
    from .service import Service


class Cuts:
    """Tells connections that were cut from those that one of both sides has ended.

    Args:
        transports: The Engine.IO half of the server.
        service: What the server still takes.
        returning: The sessions of clients that come back.
    """

    def __init__(self, transports: Host, service: Service, returning: Returning) -> None:
        reason = transports.reason
        self._reasons = {
            reason.TRANSPORT_CLOSE,
            reason.TRANSPORT_ERROR,
            reason.PING_TIMEOUT,
            reason.CLIENT_DISCONNECT,  # of the transport alone: a client that leaves a namespace says so there
        }
        self._service = service
        self._returning = returning

    def may_return(self, reason: str) -> bool:
        """Return whether clients may come back to what they were when their connection ends for a reason.

        While this process drains, they come back to another one, which takes their sessions over.
        """
        if not self._service.stopping:
            return reason in self._reasons
        if self._service.leaving is None or not self._returning.is_shared:
            return False
        return reason in self._reasons or reason == SHUTTING_DOWN
