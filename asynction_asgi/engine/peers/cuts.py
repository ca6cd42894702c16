"""Which ends of a connection let its clients come back to where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .leaving import SHUTTING_DOWN

if TYPE_CHECKING:
    from ..ports import Host
    from .returning import Returning
    from .service import Service


def may_return(reason: str, transports: Host, service: Service, returning: Returning) -> bool:
    """Return whether clients may come back to what they were when their connection ends for a reason.

    While this process drains, they come back to another one, which takes their sessions over.

    Args:
        reason: Of the Engine.IO half, or `SHUTTING_DOWN`.
        transports: The Engine.IO half of the server.
        service: What the server still takes.
        returning: The sessions of clients that come back.
    """
    if service.stopping and (service.leaving is None or not returning.is_shared):
        return False
    reasons = transports.reason
    return reason in (
        reasons.TRANSPORT_CLOSE,
        reasons.TRANSPORT_ERROR,
        reasons.PING_TIMEOUT,
        reasons.CLIENT_DISCONNECT,  # of the transport alone: a client that leaves a namespace says so there
    ) or (service.stopping and reason == SHUTTING_DOWN)
