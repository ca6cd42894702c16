"""Where the engine logs, and how much of upstream's narration gets there."""

from __future__ import annotations

import logging
from typing import Any

from ..logs import EscapingLogger, get_logger

logger = get_logger("engine")


def choose_logger(option: Any) -> Any:
    """Return a logger without handlers of its own; it has upstream's narration only on request."""
    if option is True:
        narrator = get_logger("engine.upstream")
        narrator.setLevel(logging.INFO)
        return narrator
    return _Quiet(logger, {}) if option in (False, None) else EscapingLogger(option, {})


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Hides upstream's INFO lines, which contain the data of every packet."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the standard library's name
        return level >= logging.WARNING and super().isEnabledFor(level)
