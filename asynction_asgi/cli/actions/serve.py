"""uvicorn, which logs where Socket.IO is and ends its sessions in time."""

from __future__ import annotations

import asyncio
import copy
import inspect
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from ...engine.transport.uvicorn.compat import load
from ...errors import printable
from ...extras import is_installed
from ...logs import get_logger
from ...server import AsynctionSocketIO
from ...server.discovery import find_served
from ..server_options import DEFAULTS
from .collector import relax_collector
from .reloader import Documents, Reloader, accept_interrupts

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["serve"]

logger = get_logger("cli")

# The default of --ws-max-size.
_UVICORNS_LIMIT: int = inspect.signature(uvicorn.Config).parameters["ws_max_size"].default
# The address to open if a server listens on all addresses, which a browser can't open.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to be shown


def serve(
    app: Callable[..., Any],
    options: dict[str, Any],
    *,
    factory: str | None = None,
    documents: Sequence[Path] = (),
) -> None:
    """Serve until stopped.

    Args:
        app: The ASGI application, for a single process.
        options: Options of uvicorn, by the names that `uvicorn_options` gives them.
        factory: ``module:callable`` that makes the application again, for workers and the reloader.
        documents: Documents for the reloader to follow, together with the files they refer to.

    Raises:
        click.ClickException: The server could not start.
    """
    settings = {
        **DEFAULTS,
        "ws_max_size": _message_limit(app),
        **_settings(options, follow=not documents),
    }
    if settings["ws"] == DEFAULTS["ws"] and load().take_over is None:
        settings["ws"] = "auto"  # ours is a subclass of a class that this uvicorn may not have
    try:
        if factory is not None and settings.get("reload"):
            settings["workers"] = 1
            config = uvicorn.Config(factory, factory=True, **settings)
            followed = Documents(documents)
            sockets = [config.bind_socket()]
            Reloader(config, _Server(config, settings).run, sockets, documents=followed).run()
        elif factory is not None and settings["workers"] > 1:
            if settings.get("port") == 0:
                raise click.UsageError("--port 0 is for a single process")
            click.echo(printable(_banner(app, settings, settings.get("port"))), err=True)
            uvicorn.run(factory, factory=True, **settings)
        else:
            config = uvicorn.Config(app, **settings)
            config.load()
            _Server(config, settings).run()
    except KeyboardInterrupt:
        pass
    except (OSError, ssl.SSLError, ValueError) as error:
        raise click.ClickException(f"the server can't start: {error}") from None
    except SystemExit as error:
        # uvicorn has logged the reason; its various codes all mean a failure to serve.
        raise click.exceptions.Exit(1 if error.code else 0) from None
    finally:
        if settings.get("uds") and Path(settings["uds"]).is_socket():
            Path(settings["uds"]).unlink()


def _settings(options: dict[str, Any], *, follow: bool) -> dict[str, Any]:
    """Return command-line options as `uvicorn.Config` takes them.

    Args:
        options: Options of the command line.
        follow: Whether to reload on any file that could be a document, as the documents are unknown.
    """
    settings = {name: value for name, value in options.items() if value is not None and value != ()}
    settings["headers"] = [_header(header) for header in options.get("headers", ())]
    for name in ("reload_dirs", "reload_includes", "reload_excludes"):
        if name in settings:
            settings[name] = list(settings[name])
    for name in ("ssl_keyfile", "ssl_certfile", "ssl_ca_certs"):
        if name in settings and not Path(settings[name]).is_file():
            raise click.UsageError(f"--{name.replace('_', '-')}: there is no file {settings[name]!r}")
    if "ssl_keyfile" in settings and "ssl_certfile" not in settings:
        raise click.UsageError("--ssl-keyfile needs --ssl-certfile")
    if follow and settings.get("reload") and is_installed("watchfiles"):
        # Without watchfiles, uvicorn watches Python files alone.
        settings.setdefault("reload_includes", []).extend(["*.yaml", "*.yml", "*.json"])
    settings.setdefault("log_config", _log_config(settings.get("log_level", "info")))
    return settings


def _message_limit(app: Callable[..., Any]) -> int:
    """Return the size limit of WebSocket messages in bytes: the largest of the applications' limits.

    If other routes may have WebSockets of their own, it is at least uvicorn's default.
    """
    limits: list[int] = [served.server.eio.max_http_buffer_size for _, served in find_served(app)]
    alone = isinstance(app, AsynctionSocketIO) and app.wrapped is None
    return max(limits if alone else [*limits, _UVICORNS_LIMIT])


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header takes Name:Value, not {text!r}")
    return name.strip(), value.strip()


def _log_config(level: str) -> dict[str, Any]:
    """Return uvicorn's configuration with this package's loggers added."""
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = {
        "handlers": ["default"],
        "level": "DEBUG" if level == "trace" else level.upper(),
        "propagate": False,
    }
    config["loggers"]["asynction_asgi"] = ours
    # python-socketio logs every emit.
    config["loggers"]["asynction_asgi.engine.upstream"] = {"level": "WARNING"}
    # Our own logger reports an unreachable queue now and then; this one does at each attempt.
    config["loggers"]["aiormq.connection"] = {"level": "CRITICAL"}
    return config


def _banner(app: Callable[..., Any], settings: dict[str, Any], port: int | None) -> str:
    """Return the start-up line with the URLs of Socket.IO and its documentation."""
    base, notes = _base(settings, port)
    places = []
    for mount, served in find_served(app):
        below = f"{base}{mount}"
        docs = f", its documentation on {below}{served.docs_path}" if served.docs_path is not None else ""
        places.append(f"Socket.IO on {below}{served.spec.path}/{docs}")
    return "; ".join([*(places or [f"Serving on {base or '/'}"]), *notes])


def _base(settings: dict[str, Any], port: int | None) -> tuple[str, list[str]]:
    """Return scheme, host and port for this machine, and notes for clients elsewhere."""
    root = settings.get("root_path", "").rstrip("/")
    # A proxy in front removes that part of the path; the server does not answer below it.
    notes = [f"clients of the proxy in front have {root} before these paths"] if root else []
    if settings.get("uds"):
        return f"unix:{settings['uds']} ", notes
    if settings.get("fd") is not None:
        return "", notes
    host = settings.get("host", "127.0.0.1")
    if host in _EVERY_ADDRESS:
        host = _EVERY_ADDRESS[host]
        notes.insert(0, "other machines reach it by this one's name")
    scheme = "https" if settings.get("ssl_certfile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", notes


class _Server(uvicorn.Server):
    """Logs its URLs once it accepts, and ends sessions before it waits for connections."""

    def __init__(self, config: uvicorn.Config, settings: dict[str, Any]) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        accept_interrupts()
        await super().startup(sockets)
        if self.started:
            relax_collector()
            names: Iterable[Any] = (sock.getsockname() for server in self.servers for sock in server.sockets)
            port = next((name[1] for name in names if isinstance(name, tuple)), None)
            logger.info("%s", _banner(self.config.loaded_app, self._settings, port))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # End handlers and sessions first: uvicorn closes connections before it notifies applications.
        ending = [served.server.shutdown() for _, served in find_served(self.config.loaded_app)]
        await asyncio.gather(*ending)
        await super().shutdown(sockets)
