"""``asynction-asgi run``: a document, or an application in a module, on uvicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..limits_option import limits_option
from ..schemas_option import schemas_option
from ..server_options import check_origins, cors_option, log_options, uvicorn_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _check_route(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx, param
    if value is None:
        return None
    from ...engine.transport.engineio_server import check_route  # noqa: PLC0415  # not for --help and completion

    try:
        return check_route(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


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
    "--message-queue",
    metavar="URL",
    help="Share events between processes: redis+stream://, valkey+stream://, redis://, amqp://, …",
)
@click.option(
    "--message-queue-secret",
    metavar="VARIABLE",
    help="Environment variable with the secret that signs messages on the queue; of several secrets,"
    " separated by spaces, the first signs and all verify.",
)
@click.option(
    "--message-queue-validation",
    is_flag=True,
    help="Also check events from other processes against the document.",
)
@click.option(
    "--message-queue-retention",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long a stream keeps events for processes that can't read; 300 by default.",
)
@click.option(
    "--validation",
    type=click.Choice(["enforce", "warn", "off"]),
    default="enforce",
    show_default=True,
    help="Refuse events that don't match the document, log and deliver them, or don't check.",
)
@click.option(
    "--docs/--no-docs", default=True, show_default=True, help="Serve the document beside Socket.IO."
)
@click.option(
    "--docs-root",
    type=click.Path(file_okay=False),
    help="A folder whose files the docs may publish, besides the document's own folder.",
)
@click.option("--websocket-only", is_flag=True, help="Refuse HTTP long-polling, which needs a single worker.")
@click.option(
    "--mock", type=click.Choice(["missing"]), help="Let a mock answer the events that have no handler."
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="On SIGTERM, disconnect clients one after another over this time, so that they reconnect to other"
    " processes. A second signal disconnects the rest.",
)
@click.option(
    "--ready-path",
    metavar="PATH",
    help="Answer probes at this path, such as /ready: 200 when clients may be sent here, otherwise 503.",
)
@click.option(
    "--ready-needs-queue",
    "needs_queue",
    is_flag=True,
    help="Answer probes with 503 during every outage of the message queue, which takes all processes out of the"
    " load balancer. By default, a process is ready once it has reached the queue, and serves its own clients"
    " during an outage.",
)
@click.option(
    "--route",
    metavar="NAME",
    callback=_check_route,
    help="Begin the ids of connections with NAME, so that a load balancer can send a client's requests to this"
    " process.",
)
@click.option("--tracing", is_flag=True, help="Create OpenTelemetry spans for connections, events and emits.")
@click.option(
    "--monitor",
    metavar="[ADDRESS:]PORT",
    help="Serve on a separate port, of 127.0.0.1 unless ADDRESS is given: /metrics for Prometheus, /live and"
    " /ready for probes; with --workers, for all of them together.",
)
@schemas_option
@cors_option
@limits_option
@log_options
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
    message_queue_retention: float | None,
    validation: Any,
    docs: bool,
    docs_root: str | None,
    websocket_only: bool,
    mock: Any,
    drain: float,
    ready_path: str | None,
    needs_queue: bool,
    route: str | None,
    monitor: str | None,
    schemas: Mapping[str, str],
    cors: Sequence[str],
    limits: Mapping[str, float],
    tracing: bool,
    **options: Any,
) -> None:
    """Serve TARGET: the path of an AsyncAPI document, or module:app.

    The handlers that a document names are imported from --app-dir.
    All other options are uvicorn's own.
    """
    from ..actions.monitoring import read_host_and_port  # noqa: PLC0415  # not for --help and completion
    from ..actions.run import run_target  # noqa: PLC0415  # not for --help and completion
    from ..actions.server import Ending  # noqa: PLC0415  # likewise
    from ..actions.target import Target  # noqa: PLC0415  # likewise

    wanted = Target(
        name=target,
        app_dir=app_dir,
        server_name=server_name,
        message_queue=message_queue,
        message_queue_secret=message_queue_secret,
        message_queue_validation=message_queue_validation,
        message_queue_retention=message_queue_retention,
        validation=validation,
        docs=docs,
        docs_root=docs_root,
        websocket_only=websocket_only,
        mock=mock,
        schemas=schemas,
        cors=check_origins(cors),
        limits=limits,
        tracing=tracing,
        route=route,
        metrics=monitor is not None,
    )
    address = None if monitor is None else read_host_and_port(monitor)
    ending = Ending(drain=drain, ready_path=ready_path, needs_queue=needs_queue)
    run_target(ctx, wanted, options, ending, address)
