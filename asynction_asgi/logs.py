"""The package's loggers, which escape and bound every text in a line.

Clients, documents, token issuers and other processes choose texts that reach the log, in arguments of a
log call or in the message of an exception. `get_logger` is the only way to a logger of ours, so that no text
can add a line or control a terminal, and callers need not care.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

from .errors import printable, shorten

if TYPE_CHECKING:
    from collections.abc import Hashable

FIELDS = ("namespace", "event", "sid", "code", "reason", "ref", "address")
"""What a record may hold besides its message, for formatters that keep it apart."""

_LONGEST_MESSAGE = 4000
_LONGEST_LINE = 1000  # of a traceback
_MOST_LINES = 400


def get_logger(name: str = "") -> logging.Logger:
    """Return the package's logger or that of a part of it; its records hold escaped text only."""
    logger = logging.getLogger(f"asynction_asgi.{name}" if name else "asynction_asgi")
    logger.addFilter(_escape)  # has no effect the second time
    return logger


def uvicorns_logger() -> logging.Logger:
    """Return uvicorn's logger, for lines that uvicorn would log itself, to the letter.

    Nothing is escaped on the way: what a client has sent must be free of control characters.
    """
    return logging.getLogger("uvicorn.error")


class EscapingLogger(logging.LoggerAdapter[Any]):
    """A user-supplied logger; only what this package logs through it is escaped."""

    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        """Log one line, and the traceback of an exception as in `get_logger`."""
        if not self.isEnabledFor(level):
            return
        error = _exception(options.pop("exc_info", None))
        exc_info = None if error is None else (type(error), error, error.__traceback__)
        extra = options.pop("extra", None)
        if isinstance(self.logger, logging.Logger):
            stacklevel = options.get("stacklevel", 1) + 1  # this method
            file, line, function, stack = self.logger.findCaller(options.get("stack_info", False), stacklevel)
            record = self.logger.makeRecord(
                self.logger.name, level, file, line, msg, args, exc_info, function, extra, stack
            )
            _escape(record)
            self.logger.handle(record)
            return
        record = logging.LogRecord("", level, "", 0, msg, args, None)
        text = _line(_message(record))
        if error is not None:
            text = f"{text}\n{_traceback(error)}"
        if extra is not None:
            options["extra"] = {name: _line(str(value)) for name, value in extra.items()}
        self.logger.log(level, "%s", text, **options)


def _exception(exc_info: Any) -> BaseException | None:
    """Return what a log call reports, in one of the forms of the package logging."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _escape(record: logging.LogRecord) -> bool:
    """Escape a record in place; a record that needs no escaping keeps its template and arguments."""
    message = _message(record)
    line = _line(message)
    if line != message:
        record.msg, record.args = line, None
    for name in FIELDS:
        value = record.__dict__.get(name)
        if value is not None:
            record.__dict__[name] = _line(str(value))
    if record.exc_info and record.exc_info[1] is not None:  # a caller may have said False
        # Formatters use this instead of formatting the exception, which handlers still receive.
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
    """Return the traceback with every line indented, as a line at the margin begins a record."""
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    if (left_out := len(lines) - _MOST_LINES) > 0:
        half = _MOST_LINES // 2
        lines[half:-half] = [f"… ({left_out} lines left out)"]
    return "\n".join(f"  {printable(shorten(line, _LONGEST_LINE))}" for line in lines)


class Throttle:
    """Limits how often similar lines are logged, so that no peer can fill a disk.

    Args:
        seconds: Time between two lines of the same key.
        most: Number of keys that are told apart. All others share one, which bounds memory.
    """

    def __init__(self, seconds: float = 10.0, *, most: int = 256) -> None:
        self._seconds = seconds
        self._most = most
        self._last: dict[Hashable, tuple[float, int]] = {}

    def admits(self, key: Hashable) -> str | None:
        """Return how to end the line: empty or the number of lines left out, or None to leave it out."""
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
        for key in [key for key, (last, _) in self._last.items() if now - last >= self._seconds]:
            del self._last[key]
