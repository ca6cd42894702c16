"""Where the engine logs, and how much of upstream's narration gets there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..logs import EscapingLogger, get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = get_logger("engine")
# What becomes of connections and events; never what clients sent as arguments.
access = get_logger("access")


def choose_logger(option: Any) -> Any:
    """Return a logger without handlers of its own; it has upstream's narration only on request."""
    if option is True:
        narrator = get_logger("engine.upstream")
        narrator.setLevel(logging.INFO)
        return narrator
    return _Quiet(logger, {}) if option in (False, None) else EscapingLogger(option, {})


def address_of(scope: Mapping[str, Any] | None) -> str:
    """Return the host and port of the client of an ASGI scope, as far as they are known."""
    client = None if scope is None else scope.get("client")
    if not client:
        return "address unknown"
    host, port = client
    if not port:  # uvicorn's for a client whose address came from a proxy's header, which has no port
        return str(host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def fields_of(
    namespace: str, sid: str, environ: Mapping[str, Any], event: str | None = None
) -> dict[str, Any]:
    """Return what a line about a connection to a namespace has besides its text, for formatters that keep it apart."""
    about = {"namespace": namespace, "sid": sid, "address": address_of(environ.get("asgi.scope"))}
    return about if event is None else {**about, "event": event}


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Hides upstream's INFO lines, which contain the data of every packet."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the standard library's name
        return level >= logging.WARNING and super().isEnabledFor(level)
