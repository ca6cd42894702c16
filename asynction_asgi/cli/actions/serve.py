"""uvicorn, which says where Socket.IO is and ends its sessions in time."""

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
# What to open where a server listens on all addresses, which are none that can be opened.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to be shown


def serve(
    app: Callable[..., Any],
    options: dict[str, Any],
    *,
    factory: str | None = None,
    documents: Sequence[Path] = (),
) -> None:
    """Serve until told to stop.

    Args:
        app: The ASGI application, for a single process.
        options: uvicorn's, by the names that `uvicorn_options` gives them.
        factory: ``module:callable`` that makes the application again, for workers and the reloader.
        documents: Those that the reloader is to follow, with what they refer to.

    Raises:
        click.ClickException: the server could not start.
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
        # uvicorn logged what it was; whatever its number, here it is a failure to serve.
        raise click.exceptions.Exit(1 if error.code else 0) from None
    finally:
        if settings.get("uds") and Path(settings["uds"]).is_socket():
            Path(settings["uds"]).unlink()


def _settings(options: dict[str, Any], *, follow: bool) -> dict[str, Any]:
    """Command-line options as `uvicorn.Config` takes them.

    Args:
        options: The command line's.
        follow: Which documents there are is not known, so any file that could be one is.
    """
    settings = {name: value for name, value in options.items() if value is not None and value != ()}
    settings["headers"] = [tuple(_header(one)) for one in options.get("headers", ())]
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
    """Return the largest WebSocket message to take: what the limits of the applications say.

    Where other routes may have WebSockets of their own, at least uvicorn's default.
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
    """uvicorn's, with this package's loggers beside its own."""
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = {
        "handlers": ["default"],
        "level": "DEBUG" if level == "trace" else level.upper(),
        "propagate": False,
    }
    config["loggers"]["asynction_asgi"] = ours
    # python-socketio narrates every emit.
    config["loggers"]["asynction_asgi.engine.upstream"] = {"level": "WARNING"}
    # Ours tells of a queue that is away, once in a while; this one at each attempt.
    config["loggers"]["aiormq.connection"] = {"level": "CRITICAL"}
    return config


def _banner(app: Callable[..., Any], settings: dict[str, Any], port: int | None) -> str:
    """The line that says where Socket.IO and its documentation answer."""
    base, notes = _base(settings, port)
    places = []
    for mount, served in find_served(app):
        below = f"{base}{mount}"
        docs = f", its documentation on {below}{served.docs_path}" if served.docs_path is not None else ""
        places.append(f"Socket.IO on {below}{served.spec.path}/{docs}")
    return "; ".join([*(places or [f"Serving on {base or '/'}"]), *notes])


def _base(settings: dict[str, Any], port: int | None) -> tuple[str, list[str]]:
    """Scheme, host and port as this machine reaches them, and how others do."""
    root = settings.get("root_path", "").rstrip("/")
    # A proxy in front has taken that part of the path away; here nothing answers below it.
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
    """Says where it is once it accepts, and ends sessions before it waits for connections."""

    def __init__(self, config: uvicorn.Config, settings: dict[str, Any]) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        accept_interrupts()
        await super().startup(sockets)
        if self.started:
            relax_collector()
            names: Iterable[Any] = (one.getsockname() for server in self.servers for one in server.sockets)
            port = next((name[1] for name in names if isinstance(name, tuple)), None)
            logger.info("%s", _banner(self.config.loaded_app, self._settings, port))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Handlers end and clients leave first: uvicorn closes connections before it tells applications.
        ending = [served.server.shutdown() for _, served in find_served(self.config.loaded_app)]
        await asyncio.gather(*ending)
        await super().shutdown(sockets)
