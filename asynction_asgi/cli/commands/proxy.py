"""``asynction-asgi proxy``: a document's rules in front of a server that does not know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..client_options import SECONDS
from ..schemas_option import schemas_option
from ..server_options import check_origins, cors_option, log_options, uvicorn_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command()
@click.argument("url")
@click.option(
    "-s",
    "--spec",
    type=click.Path(exists=True, dir_okay=False),
    help="The AsyncAPI document; without it, everything passes and is only recorded.",
)
@click.option("--server-name", help="The document's server to serve as; it picks path and channels.")
@click.option(
    "--validation",
    type=click.Choice(["enforce", "warn"]),
    default="enforce",
    show_default=True,
    help="Refuse or drop what doesn't match the document, or log it and let it pass.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Append the traffic to a file, for 'infer', without the strings and numbers in payloads.",
)
@click.option(
    "--record-values", is_flag=True, help="Record payloads unchanged; credentials are still left out."
)
@click.option(
    "--check-security",
    is_flag=True,
    help="Enforce the document's security here, too; its functions are imported.",
)
@click.option("--path", help="The path of Socket.IO below the URL; by default the document's, or socket.io.")
@click.option(
    "--forward-header",
    "headers",
    metavar="NAME",
    multiple=True,
    help="A client's header that the upstream server receives; repeatable.  [default: authorization, cookie]",
)
@click.option(
    "--transport",
    type=click.Choice(["auto", "websocket", "polling"]),
    default="auto",
    show_default=True,
    help="How to connect to the upstream server; clients may use any transport.",
)
@click.option(
    "--timeout",
    type=SECONDS,
    default=60.0,
    show_default=True,
    help="Seconds to wait for the upstream server: for a connection, and for an acknowledgement.",
)
@click.option("--insecure", is_flag=True, help="Accept any TLS certificate of the upstream server.")
@click.option("--docs/--no-docs", default=True, show_default=True, help="Serve the document's page.")
@click.option(
    "--docs-root",
    type=click.Path(file_okay=False),
    help="A folder whose files the docs may publish, besides the document's own folder.",
)
@schemas_option
@cors_option
@log_options
@uvicorn_options(
    *("host", "port", "uds", "log_level", "proxy_headers", "forwarded_allow_ips", "root_path"),
    *("ssl_keyfile", "ssl_certfile", "ssl_keyfile_password"),
)
def proxy(
    url: str,
    *,
    spec: str | None,
    server_name: str | None,
    validation: Any,
    record: str | None,
    record_values: bool,
    check_security: bool,
    path: str | None,
    headers: Sequence[str],
    transport: str,
    timeout: float,
    insecure: bool,
    docs: bool,
    docs_root: str | None,
    schemas: Mapping[str, str],
    cors: Sequence[str],
    **options: Any,
) -> None:
    """Serve in front of the Socket.IO server at URL, and hold it and its clients to a document.

    In both directions, only what the document declares passes. The server may be written in any language;
    it must speak protocol 5, the one of Socket.IO 3 and 4.

    Exits with 1 if the document can't be served, or the record can't be written.
    """
    from ..actions.proxy import Front, serve_proxy  # noqa: PLC0415  # not for --help and completion

    if spec is None and record is None:
        raise click.UsageError(
            "use --spec to hold the server to a document, or --record to record its traffic"
        )
    if record is None and record_values:
        raise click.UsageError("--record-values needs --record")
    front = Front(
        spec=spec,
        server_name=server_name,
        validation=validation,
        record=record,
        record_values=record_values,
        check_security=check_security,
        path=path,
        headers=headers,
        transport=transport,
        timeout=timeout,
        insecure=insecure,
        docs=docs,
        docs_root=docs_root,
        schemas=schemas,
        cors=check_origins(cors),
    )
    serve_proxy(url, front, options)
