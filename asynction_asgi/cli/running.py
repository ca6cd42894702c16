"""What ``asynction-asgi run`` does: it serves a document, or an application in a module, on uvicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..server import AsynctionSocketIO
from .serving import serve
from .target import FACTORY, load_or_exit

if TYPE_CHECKING:
    from .target import Target

__all__ = ["run_target"]

# Given with `module:app` they would have no effect: the application was made without them.
_FOR_DOCUMENTS = (
    "server_name",
    "message_queue",
    "message_queue_secret",
    "message_queue_validation",
    "validation",
    "docs",
    "websocket_only",
    "mock",
)


def run_target(ctx: click.Context, wanted: Target, options: dict[str, Any]) -> None:
    """Serve until told to stop; exits with 1 where the contract or its handlers are at fault.

    Args:
        ctx: Of the command, which knows what was typed.
        wanted: What to serve.
        options: uvicorn's.

    Raises:
        click.UsageError: options contradict one another, or the target.
    """
    _check_usage(ctx, wanted)
    typed = ctx.get_parameter_source("workers") is click.core.ParameterSource.COMMANDLINE
    if options["reload"] and options["workers"] > 1 and typed:
        raise click.UsageError("--reload serves in one process: leave --workers out")
    app = load_or_exit(wanted)
    if options["workers"] > 1:
        _check_workers(app)
    if options["reload"] and not options["reload_dirs"]:
        options["reload_dirs"] = (".", wanted.app_dir)
    wanted.publish()
    serve(app, options, factory=FACTORY, documents=wanted.documents(app))


def _check_usage(ctx: click.Context, target: Target) -> None:
    if problem := target.problem():
        raise click.BadParameter(problem, param_hint="TARGET")
    if target.is_document:
        return
    for name in _FOR_DOCUMENTS:
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            flag = next((one.secondary_opts or one.opts)[0] for one in ctx.command.params if one.name == name)
            raise click.UsageError(f"{flag} is for documents; {target.name!r} is set up by its own code")


def _check_workers(app: object) -> None:
    """Refuse several workers where clients would lose their session or one another."""
    if not isinstance(app, AsynctionSocketIO):
        return
    missing = []
    if "polling" in app.server.eio.transports:
        missing.append(
            "--websocket-only (with long-polling, a client's requests reach workers that don't know its session)"
        )
    if not hasattr(app.server.manager, "channel"):  # python-socketio's managers over a queue have one
        missing.append(
            "--message-queue redis://… (without one, an emit reaches only the clients of its own worker)"
        )
    if missing:
        raise click.UsageError(f"--workers needs {' and '.join(missing)}")
