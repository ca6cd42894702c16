"""The configuration of logging while a command serves: uvicorn's, with this package's loggers added."""

from __future__ import annotations

import contextlib
import copy
import logging.config
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click
from uvicorn.config import LOGGING_CONFIG

from ...errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

# A member of the query of a request to Socket.IO that may be secret, with its value.
_MEMBER = re.compile(r"(?<![^&])(?!(?:EIO|transport)=)([^&=]*)=[^&]*")
_JSON = {"()": "asynction_asgi.json_log.JsonFormatter"}


class UvicornsLines(logging.Filter):
    """Removes from uvicorn's lines what clients can put there: credentials in the query, and control characters.

    The query of a request to Socket.IO shows only protocol and transport: other values may be keys, and anyone who
    knows the id of a polling client can act as that client.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a line; return True, so that it is always logged."""
        if record.name.startswith("uvicorn") and isinstance(record.args, tuple):
            record.args = tuple(_clean(value) if isinstance(value, str) else value for value in record.args)
        return True


def _clean(text: str) -> str:
    path, mark, query = text.partition("?")
    if mark and "EIO=" in query:
        query = _MEMBER.sub(r"\1=…", query)
    return printable(f"{path}{mark}{query}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What is logged, and how.

    Attributes:
        form: Of each line.
        events: Whether every event and every connection has a line.
        refusals: Whether every refused event has a line, as developers want.
    """

    form: Literal["text", "json"]
    events: bool
    refusals: bool

    def config(self, level: str) -> dict[str, Any]:
        """Return the configuration for `logging`; `level` is one of uvicorn's."""
        config = copy.deepcopy(LOGGING_CONFIG)
        config["filters"] = {"uvicorn": {"()": f"{__name__}.{UvicornsLines.__name__}"}}
        for handler in config["handlers"].values():
            handler["filters"] = ["uvicorn"]
        if self.form == "json":
            config["formatters"] = {"default": _JSON, "access": _JSON}
        config["loggers"].update(self._loggers("DEBUG" if level == "trace" else level.upper()))
        return config

    def _loggers(self, level: str) -> dict[str, Any]:
        loggers: dict[str, Any] = {
            "asynction_asgi": {"handlers": ["default"], "level": level, "propagate": False},
            # Our own logger reports an unreachable queue now and then; this one does at each attempt.
            "aiormq.connection": {"level": "CRITICAL"},
        }
        if self.events:
            loggers["asynction_asgi.access"] = {"level": "DEBUG"}
        elif self.refusals and level == "INFO":
            loggers["asynction_asgi.access"] = {"level": "DEBUG"}
            for part in ("connections", "events"):
                loggers[f"asynction_asgi.access.{part}"] = {"level": level}
        return loggers


def configure_logging(options: MutableMapping[str, Any], *, refusals: bool = False) -> None:
    """Configure logging before the application is loaded, and let uvicorn do it again in its processes.

    Args:
        options: Of the command line; those of `log_options` are replaced by uvicorn's `log_config`.
        refusals: Whether refused events are logged, as they are with the reloader.

    Raises:
        click.UsageError: ``--log-config`` contradicts the other options.
    """
    form, events = options.pop("log_format", "text"), options.pop("event_log", False)
    if options.get("log_config"):
        if form == "json" or events:
            flag = "--log-format json" if form == "json" else "--event-log"
            raise click.UsageError(f"--log-config replaces what {flag} configures; remove one of them")
        return
    if form == "json":
        options.pop("use_colors", None)  # uvicorn would pass it to the formatter
    logs = LogOptions(form=form, events=events, refusals=refusals or bool(options.get("reload")))
    options["log_config"] = logs.config(options.get("log_level") or "info")
    logging.config.dictConfig(options["log_config"])


@contextlib.contextmanager
def keeping_levels(config: Any) -> Iterator[None]:
    """Keep the levels that an application has given to our loggers while uvicorn configures them again.

    Args:
        config: What uvicorn configures; a dict comes from `configure_logging`, which ran before the application.
    """
    loggers = logging.root.manager.loggerDict if isinstance(config, dict) else {}
    levels = [
        (logger, logger.level)
        for name, logger in loggers.items()
        if name.partition(".")[0] == "asynction_asgi" and isinstance(logger, logging.Logger)
    ]
    yield
    for logger, level in levels:
        logger.setLevel(level)
