"""The package's loggers: every text in a line is escaped and bounded, whoever chose it.

Clients, documents, issuers and other processes choose texts that reach the log, by arguments of a line or
by the message of an exception. A line is one line here, and a terminal shows it as it is: `get_logger` is
the only way to a logger, so no call has to think of it.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

from .errors import printable, shorten

if TYPE_CHECKING:
    from collections.abc import Hashable

_LONGEST_MESSAGE = 4000
_LONGEST_LINE = 1000  # of a traceback
_MOST_LINES = 400


def get_logger(name: str = "") -> logging.Logger:
    """Return the package's logger, or the one of a part of it, whose records hold escaped text only."""
    logger = logging.getLogger(f"asynction_asgi.{name}" if name else "asynction_asgi")
    logger.addFilter(_escape)  # a second time does nothing
    return logger


class EscapingLogger(logging.LoggerAdapter[Any]):
    """A logger of somebody else's: what is logged through it here is escaped, and nothing else."""

    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        """Log one line."""
        if self.isEnabledFor(level):
            record = logging.LogRecord("", level, "", 0, msg, args, None)
            self.logger.log(level, "%s", _line(_message(record)), **options)


def _escape(record: logging.LogRecord) -> bool:
    """Escape a record in place; one that needs it loses its arguments, the others stay as they are."""
    message = _message(record)
    line = _line(message)
    if line != message:
        record.msg, record.args = line, None
    if record.exc_info is not None and record.exc_info[1] is not None:
        # Formatters take this in place of a text of their own; handlers still see the exception itself.
        record.exc_text = _traceback(record.exc_info[1])
    return True


def _message(record: logging.LogRecord) -> str:
    """Return the text of a record; a mistake in a log call must not fail what it reports on."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # objects may raise anything while they are formatted
        record.msg, record.args = f"{record.msg} (the arguments do not fit)", None
        return record.msg


def _line(text: str) -> str:
    return printable(shorten(text, _LONGEST_MESSAGE))


def _traceback(error: BaseException) -> str:
    """Return the traceback with every line indented: what begins at the margin is a record of its own."""
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    if (left_out := len(lines) - _MOST_LINES) > 0:
        half = _MOST_LINES // 2
        lines[half:-half] = [f"… ({left_out} lines left out)"]
    return "\n".join(f"  {printable(shorten(line, _LONGEST_LINE))}" for line in lines)


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
