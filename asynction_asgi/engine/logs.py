"""Where the engine logs, and how much of upstream's narration gets there."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

logger = logging.getLogger("asynction_asgi.engine")


def choose_logger(option: Any) -> Any:
    """A logger without handlers of its own; upstream's narration only when it is asked for."""
    if option is True:
        narrator = logger.getChild("upstream")
        narrator.setLevel(logging.INFO)
        return narrator
    return _Quiet(logger, {}) if option in (False, None) else option


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Upstream tells at INFO of every packet, with its data."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the standard library's name
        return level >= logging.WARNING and super().isEnabledFor(level)


class Throttle:
    """Lets one of many log lines alike through, so that no peer fills a disk.

    Args:
        seconds: Between two lines of one key.
        most: Keys that are told apart; beyond them all others share one, so memory is bounded too.
    """

    def __init__(self, seconds: float = 10.0, *, most: int = 256) -> None:
        self._seconds = seconds
        self._most = most
        self._last: dict[Hashable, tuple[float, int]] = {}

    def admits(self, key: Hashable) -> str | None:
        """How to end the line: empty, or with the number of lines left out; None leaves this one out, too."""
        now = time.monotonic()
        if key not in self._last and len(self._last) >= self._most:
            self._forget(now)
            if len(self._last) >= self._most:
                key = Throttle
        last, unsaid = self._last.get(key, (now - self._seconds, 0))
        if now - last < self._seconds:
            self._last[key] = last, unsaid + 1
            return None
        self._last[key] = now, 0
        return f" ({unsaid} more were not logged)" if unsaid else ""

    def _forget(self, now: float) -> None:
        for key in [one for one, (last, _) in self._last.items() if now - last >= self._seconds]:
            del self._last[key]
