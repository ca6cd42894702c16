"""What ``asynction-asgi run`` does: it serves a document, or an application in a module, on uvicorn."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ...errors import printable
from ...server.discovery import find_served
from .log_config import configure_logging
from .serve import serve
from .target import FACTORY, load_or_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .server import Ending
    from .target import Target

# Workers are supervised by signals, and share metrics in files with locks.
_ON_POSIX = os.name == "posix"
# With `module:app` these would have no effect: the application is made without them.
_FOR_DOCUMENTS = (
    "server_name",
    "message_queue",
    "message_queue_secret",
    "message_queue_validation",
    "message_queue_retention",
    "validation",
    "docs",
    "docs_root",
    "websocket_only",
    "mock",
    "schemas",
    "cors",
    "limits",
    "tracing",
)


def run_target(
    ctx: click.Context,
    wanted: Target,
    options: dict[str, Any],
    ending: Ending,
    monitor: tuple[str, int] | None = None,
) -> None:
    """Serve until stopped; exit with 1 if the contract or its handlers have errors.

    Args:
        ctx: The command's context, which knows what was typed.
        wanted: The target to serve.
        options: Options of uvicorn.
        ending: How the server ends and answers probes.
        monitor: Host and port for metrics and probes, or None.

    Raises:
        click.UsageError: Options contradict one another, or the target.
    """
    _check_usage(ctx, wanted)
    typed = ctx.get_parameter_source("workers") is click.core.ParameterSource.COMMANDLINE
    if options["reload"] and options["workers"] > 1 and typed:
        raise click.UsageError("--reload serves in one process; remove --workers")
    several = options["workers"] > 1 and not options["reload"]
    if several and not _ON_POSIX:
        raise click.UsageError(
            "--workers needs a POSIX system, such as Linux or macOS; run one process per port instead"
        )
    if options["reload"] and ending.drain:
        raise click.UsageError("--reload restarts at once; remove --drain")
    configure_logging(options)
    app = load_or_exit(wanted)
    if several:
        _check_workers(app, wanted)
    if options["reload"] and not options["reload_dirs"]:
        options["reload_dirs"] = (".", wanted.app_dir)
    wanted.publish()
    serve(app, options, factory=FACTORY, documents=wanted.documents(app), ending=ending, monitor=monitor)


def _check_usage(ctx: click.Context, target: Target) -> None:
    if problem := target.problem():
        raise click.BadParameter(problem, param_hint="TARGET")
    if target.is_document:
        return
    for name in _FOR_DOCUMENTS:
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            flag = next(
                (param.secondary_opts or param.opts)[0] for param in ctx.command.params if param.name == name
            )
            raise click.UsageError(f"{flag} is for documents; {target.name!r} is set up by its own code")


def _check_workers(app: Callable[..., Any], target: Target) -> None:
    """Refuse several workers if clients would lose their session, or events of other workers.

    Checks every `AsynctionSocketIO` in the application: itself, mounted, or behind middleware.
    """
    for mount, served in find_served(app):
        if served.server.eio.route is not None:
            raise click.UsageError(
                "--workers share one port, so a route can't select one of them; remove the route"
            )
        missing = []
        if "polling" in served.server.eio.transports:
            missing.append("sessions")
        if not served.server.manager.reaches_others:
            missing.append("clients")
        if missing:
            raise click.UsageError(_workers_need(missing, mount, target))


# By what is missing: the option on the command line, the one in code, and what happens without it.
_WORKERS_NEED = {
    "sessions": (
        "--websocket-only",
        'transports=["websocket"]',
        "with long-polling, a client's requests reach workers that don't know its session",
    ),
    "clients": (
        "--message-queue redis://…",
        'message_queue="redis://…"',
        "without one, an emit reaches only the clients of its own worker",
    ),
}


def _workers_need(missing: Sequence[str], mount: str, target: Target) -> str:
    needs = [_WORKERS_NEED[name] for name in missing]
    if target.is_document:
        return f"--workers needs {' and '.join(f'{flag} ({why})' for flag, _, why in needs)}"
    place = f"the server at {printable(mount)}" if mount else "the server"
    options = " and ".join(f"{option} ({why})" for _, option, why in needs)
    return f"--workers needs {place} of {target.name!r} to be made with {options}"
