"""Serving by uvicorn: its settings, and whether it runs in one process, in several, or with a reloader."""

from __future__ import annotations

import inspect
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvicorn

from ...engine.transport.uvicorn.compat import choose_http, load
from ...extras import is_installed
from ...logs import get_logger
from ...server import AsynctionSocketIO
from ...server.discovery import find_served
from ..server_options import DEFAULTS
from .address import check_address, check_apart
from .banner import banner
from .log_config import keeping_levels
from .monitoring import bind, check_metrics, monitored
from .readiness import check_needed_queue, check_ready_path
from .reloader import Documents, Reloader
from .server import Ending, Server
from .socket_file import SocketFile
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = get_logger("cli")

# The default of --ws-max-size.
_UVICORNS_LIMIT: int = inspect.signature(uvicorn.Config).parameters["ws_max_size"].default


def serve(
    app: Callable[..., Any],
    options: dict[str, Any],
    *,
    factory: str | None = None,
    documents: Mapping[Path, Mapping[str, str | Path]] | None = None,
    ending: Ending | None = None,
    monitor: tuple[str, int] | None = None,
) -> None:
    """Serve until stopped.

    Args:
        app: The ASGI application, for a single process.
        options: Options of uvicorn, by the names that `uvicorn_options` gives them.
        factory: ``module:callable`` that makes the application in workers and under the reloader.
        documents: Documents for the reloader to follow, together with the files they refer to; each with the
            places of schemas that it refers to by absolute URIs.
        ending: How the server ends and answers probes.
        monitor: Host and port for metrics and probes, or None.

    Raises:
        click.ClickException: The server could not start.
    """
    ending = ending or Ending()
    check_ready_path(app, ending.ready_path)
    if ending.needs_queue:
        check_needed_queue(app)
    if monitor is not None:
        check_metrics(app)
    settings = {
        **DEFAULTS,
        "ws_max_size": _message_limit(app),
        **_settings(options, follow=not documents),
    }
    _check_message_limit(app, settings["ws_max_size"])
    # Our classes need uvicorn's own, which this release may lack.
    if settings["ws"] == DEFAULTS["ws"] and load().take_over is None:
        settings["ws"] = "auto"
    if settings["http"] == DEFAULTS["http"]:
        settings["http"] = choose_http()
    if monitor is not None:
        check_apart(settings, monitor)
    check_address(settings)
    file = SocketFile(settings.get("uds"))
    try:
        if factory is not None and settings.get("reload"):
            settings["workers"] = 1
            config = uvicorn.Config(factory, factory=True, **settings)
            followed = Documents(documents or {})
            sockets = [file.bind(config)]
            server = Server(config, settings, ending, monitor=None if monitor is None else bind(monitor))
            Reloader(config, server.run, sockets, documents=followed).run()
        elif factory is not None and settings["workers"] > 1:
            if settings.get("port") == 0:
                raise click.UsageError("--port 0 is for a single process")
            config = uvicorn.Config(factory, factory=True, **settings)
            places = banner(app, settings, settings.get("port"))
            sockets = [file.bind(config)]
            with monitored(monitor) as reporter:
                if reporter is not None:
                    logger.info("%s", reporter.description)
                workers = Workers(config, sockets, ending, places, reporter)
                workers.run()
            if workers.failed:
                raise click.exceptions.Exit(1)
        else:
            with keeping_levels(settings.get("log_config")):
                config = uvicorn.Config(app, **settings)
            config.load()
            listening = None if monitor is None else bind(monitor)
            # With --fd, uvicorn binds no file.
            claim = file.claim if settings.get("fd") is None else None
            Server(config, settings, ending, monitor=listening, on_bound=claim).run()
    except KeyboardInterrupt:
        pass
    except (OSError, ssl.SSLError, ValueError) as error:
        raise click.ClickException(f"the server can't start: {error}") from None
    except SystemExit as error:
        # uvicorn has logged the reason; its various codes all mean a failure to serve.
        raise click.exceptions.Exit(1 if error.code else 0) from None
    finally:
        file.remove()


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
    return settings


def _message_limit(app: Callable[..., Any]) -> int:
    """Return the size limit of WebSocket messages in bytes: the largest of the applications' limits.

    If other routes may have WebSockets of their own, it is at least uvicorn's default.
    """
    limits: list[int] = [served.server.eio.max_http_buffer_size for _, served in find_served(app)]
    alone = isinstance(app, AsynctionSocketIO) and app.wrapped is None
    return max(limits if alone else [*limits, _UVICORNS_LIMIT])


def _check_message_limit(app: Callable[..., Any], size: int) -> None:
    """Refuse a size limit of WebSocket messages below that of the applications.

    Raises:
        click.UsageError: uvicorn would close connections for messages that an application takes.
    """
    for _, served in find_served(app):
        if size < served.server.eio.max_http_buffer_size:
            raise click.UsageError(
                f"--ws-max-size {size} is less than {served.server.eio.name_limit()}; leave it out, and lower the"
                f" latter: --limits packet_bytes={size} for a document, Limits(packet_bytes={size}) in code"
            )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header takes Name:Value, not {text!r}")
    return name.strip(), value.strip()
