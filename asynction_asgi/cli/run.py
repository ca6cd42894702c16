"""``asynction-asgi run``: a document, or an application in a module, on uvicorn."""

from __future__ import annotations

from typing import Any

import click

from ..server import AsynctionSocketIO
from .serving import serve, uvicorn_options
from .target import FACTORY, Target, load_or_exit

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


@click.command()
@click.argument("target", type=click.Path())
@click.option(
    "--app-dir",
    type=click.Path(file_okay=False),
    default=".",
    show_default="the working directory",
    help="Folder to import handlers from.",
)
@click.option(
    "--server-name", help="The document's server to serve as; it picks path, security and channels."
)
@click.option(
    "--message-queue", metavar="URL", help="Share events between processes: redis://, valkey:// or amqp://."
)
@click.option(
    "--message-queue-secret",
    metavar="VARIABLE",
    help="Environment variable with the secret that signs what goes over the queue; of several, apart by"
    " spaces, the first signs and all verify.",
)
@click.option(
    "--message-queue-validation",
    is_flag=True,
    help="Hold what other processes emit against the document once more.",
)
@click.option(
    "--validation",
    type=click.Choice(["enforce", "warn", "off"]),
    default="enforce",
    show_default=True,
    help="Refuse what misses the document, log it and let it through, or don't look.",
)
@click.option(
    "--docs/--no-docs", default=True, show_default=True, help="Serve the document beside Socket.IO."
)
@click.option(
    "--websocket-only", is_flag=True, help="Refuse HTTP long-polling, which several workers can't serve."
)
@click.option(
    "--mock", type=click.Choice(["missing"]), help="Answer the events that have no handler by a mock."
)
@uvicorn_options()
@click.pass_context
def run(
    ctx: click.Context,
    /,
    target: str,
    *,
    app_dir: str,
    server_name: str | None,
    message_queue: str | None,
    message_queue_secret: str | None,
    message_queue_validation: bool,
    validation: Any,
    docs: bool,
    websocket_only: bool,
    mock: Any,
    **options: Any,
) -> None:
    """Serve TARGET: the path of an AsyncAPI document, or module:app.

    The handlers that a document names are imported from --app-dir.
    All other options are uvicorn's own.
    """
    wanted = Target(
        name=target,
        app_dir=app_dir,
        server_name=server_name,
        message_queue=message_queue,
        message_queue_secret=message_queue_secret,
        message_queue_validation=message_queue_validation,
        validation=validation,
        docs=docs,
        websocket_only=websocket_only,
        mock=mock,
    )
    _check_usage(ctx, wanted)
    typed = ctx.get_parameter_source("workers") is click.core.ParameterSource.COMMANDLINE
    if options["reload"] and options["workers"] > 1 and typed:
        raise click.UsageError("--reload serves in one process: leave --workers out")
    app = load_or_exit(wanted)
    if options["workers"] > 1:
        _check_workers(app)
    if options["reload"] and not options["reload_dirs"]:
        options["reload_dirs"] = (".", app_dir)
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
