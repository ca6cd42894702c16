"""``asynction-asgi mock run``: a document served without its handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..schemas_option import schemas_option
from ..server_options import check_origins, cors_option, log_options, uvicorn_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.group()
def mock() -> None:
    """Serve a document before its handlers are written."""


@mock.command("run")
@click.option(
    "-s",
    "--spec",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    help="The AsyncAPI document.",
)
@click.option("--server-name", help="The document's server to serve as; it picks path and channels.")
@click.option("--seed", type=int, help="Make up the same values in every run with this seed.")
@click.option(
    "--interval",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Seconds between two events to a client; 0 emits events only after it has received one.",
)
@click.option(
    "--jitter", type=click.FloatRange(0), default=0.0, help="Seconds by which an interval may differ."
)
@click.option(
    "--fail-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of the events to refuse, from 0 to 1.",
)
@click.option("--locale", help="Faker's locale for texts, such as de_DE; needs the extra [mock].")
@click.option(
    "--docs-root",
    type=click.Path(file_okay=False),
    help="A folder whose files the docs may publish, besides the document's own folder.",
)
@click.option("--security", is_flag=True, help="Enforce the document's security.")
@schemas_option
@cors_option
@log_options
@uvicorn_options("host", "port", "reload", "log_level")
def run_mock(
    spec: str,
    *,
    server_name: str | None,
    seed: int | None,
    interval: float,
    jitter: float,
    fail_rate: float,
    locale: str | None,
    docs_root: str | None,
    security: bool,
    schemas: Mapping[str, str],
    cors: Sequence[str],
    **options: Any,
) -> None:
    """Serve a document with made-up answers and events that match it."""
    from ...mock import MockSettings  # noqa: PLC0415  # not for --help and completion
    from ..actions.mock import serve_mock  # noqa: PLC0415  # likewise

    origins = check_origins(cors)
    try:
        settings = MockSettings(
            seed=seed, interval=interval, jitter=jitter, fail_rate=fail_rate, locale=locale, security=security
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    serve_mock(
        spec,
        settings,
        options,
        server_name=server_name,
        docs_root=docs_root,
        schemas=schemas,
        cors=origins,
    )
