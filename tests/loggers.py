"""Loggers that commands and uvicorn configure for the whole process."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    *("uvicorn", "uvicorn.access", "uvicorn.asgi", "uvicorn.error", "asynction_asgi"),
    *("asynction_asgi.access", "asynction_asgi.access.connections", "asynction_asgi.access.events"),
)


@contextlib.contextmanager
def restored_loggers() -> Iterator[None]:
    """Restore levels and handlers at the end of the block, whichever code sets them."""
    before = [
        (logger, logger.handlers[:], logger.level, logger.propagate, logger.disabled)
        for logger in map(logging.getLogger, NAMES)
    ]
    try:
        yield
    finally:
        for logger, handlers, level, propagate, disabled in before:
            logger.handlers[:] = handlers
            if logger.level != level:
                logger.setLevel(level)  # which empties the caches of all loggers
            logger.propagate, logger.disabled = propagate, disabled
