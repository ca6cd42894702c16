"""``asynction-asgi mock run``: a document served without its handlers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import BindingError, SpecError
from ..mock import MockAsynctionSocketIO, MockSettings
from .report import show_diagnostics
from .serving import serve, uvicorn_options

if TYPE_CHECKING:
    from ..server import AsynctionSocketIO

# The reloader makes the application anew in another process: this carries what was asked for there.
_VARIABLE = "_ASYNCTION_ASGI_MOCK"


@click.group()
def mock() -> None:
    """A server that answers for a document before its handlers are written."""


@mock.command("run")
@click.option(
    "-s",
    "--spec",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    help="The AsyncAPI document.",
)
@click.option("--server-name", help="The document's server to serve as; it picks path and channels.")
@click.option("--seed", type=int, help="The same seed gives the same values.")
@click.option(
    "--interval",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Seconds between two events to a client; 0 emits none.",
)
@click.option(
    "--jitter", type=click.FloatRange(0), default=0.0, help="Seconds that an interval may differ by."
)
@click.option(
    "--fail-rate", type=click.FloatRange(0, 1), default=0.0, help="Part of the events to refuse, from 0 to 1."
)
@click.option("--locale", help="Faker's, of the texts: de_DE, for example; needs the extra [mock].")
@click.option("--security", is_flag=True, help="Hold clients to the document's security.")
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
    security: bool,
    **options: Any,
) -> None:
    """Serve a document with made-up answers and events, which it accepts."""
    try:
        settings = MockSettings(
            seed=seed, interval=interval, jitter=jitter, fail_rate=fail_rate, locale=locale, security=security
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    app = _load_or_exit(spec, server_name, settings)
    os.environ[_VARIABLE] = json.dumps([spec, server_name, asdict(settings)])
    serve(app, options, factory=f"{__name__}:create_app", documents=[Path(spec)])


def create_app() -> AsynctionSocketIO:
    """The application that the parent process was asked for."""
    spec, server_name, settings = json.loads(os.environ[_VARIABLE])
    return _load_or_exit(spec, server_name, MockSettings(**settings))


def _load_or_exit(spec: str, server_name: str | None, settings: MockSettings) -> AsynctionSocketIO:
    try:
        return MockAsynctionSocketIO.from_spec(spec, server_name=server_name, settings=settings)
    except (SpecError, BindingError) as error:
        show_diagnostics(error.diagnostics, err=True)
        raise SystemExit(1) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
