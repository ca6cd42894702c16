"""What is logged of a message queue that can't be reached."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ...logs import Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OutageLog", "without_secrets"]

_SECONDS = 60.0  # between two lines about one queue: no shorter than upstream's longest pause


class OutageLog(logging.LoggerAdapter[Any]):
    """Upstream tells of each attempt to receive or publish, but not of which queue, nor why it failed.

    Args:
        logger: Where upstream logs.
        place: The queue, as it may be logged.
    """

    def __init__(self, logger: Any, place: str) -> None:
        super().__init__(logger, {})
        self._place = place
        self._throttle = Throttle(_SECONDS)

    def error(
        self, msg: object, *args: object, extra: Mapping[str, object] | None = None, **options: Any
    ) -> None:
        """Upstream's line; where it has an exception in `extra`, ours in place of it, now and then."""
        if not extra:
            super().error(msg, *args, **options)
            return
        unsaid = self._throttle.admits(self._place)
        if unsaid is not None:
            super().error(
                "the message queue %s can't be reached (%s): until it can, this process and others don't hear of"
                " each other's events. Start it, or correct message_queue; it is tried again by itself%s",
                self._place,
                str(next(iter(extra.values()))).rstrip("."),
                unsaid,
            )


def without_secrets(url: str) -> str:
    """The URL of a queue without user, password and query, whatever characters a password has unquoted."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    # A question mark may be part of a password, and what is before it, too.
    return f"{scheme}://{'…' if '@' in query else place.rpartition('@')[2]}"
