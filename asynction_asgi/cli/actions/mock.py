"""What ``asynction-asgi mock run`` does: it serves a document without its handlers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import BindingError, SpecError
from ...mock import MockAsynctionSocketIO, MockSettings
from ..report import show_diagnostics
from .log_config import configure_logging
from .serve import serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...server import AsynctionSocketIO

# The reloader makes the application again in another process; this variable passes the options to it.
_VARIABLE = "_ASYNCTION_ASGI_MOCK"


def serve_mock(
    spec: str,
    settings: MockSettings,
    options: dict[str, Any],
    *,
    server_name: str | None,
    docs_root: str | None,
    schemas: Mapping[str, str],
    cors: list[str] | None,
) -> None:
    """Serve until stopped; exit with 1 if the document can't be mocked.

    Args:
        spec: The document's path.
        settings: How the mock behaves.
        options: Options of uvicorn.
        server_name: The document's server to serve as.
        docs_root: A folder whose files the docs may publish, besides the document's own folder.
        schemas: Where the schemas of absolute URIs are kept.
        cors: Origins to admit beside the server's own.

    Raises:
        click.UsageError: A setting needs a package that is not installed, or is unknown to it.
    """
    configure_logging(options, refusals=True)
    app = _load_or_exit(spec, server_name, docs_root, schemas, cors, settings)
    os.environ[_VARIABLE] = json.dumps([spec, server_name, docs_root, schemas, cors, asdict(settings)])
    serve(app, options, factory=f"{__name__}:create_app", documents={Path(spec): dict(schemas)})


def create_app() -> AsynctionSocketIO:
    """Make the application with the options of the parent process."""
    spec, server_name, docs_root, schemas, cors, settings = json.loads(os.environ[_VARIABLE])
    return _load_or_exit(spec, server_name, docs_root, schemas, cors, MockSettings(**settings))


def _load_or_exit(
    spec: str,
    server_name: str | None,
    docs_root: str | None,
    schemas: Mapping[str, str],
    cors: list[str] | None,
    settings: MockSettings,
) -> AsynctionSocketIO:
    try:
        return MockAsynctionSocketIO.from_spec(
            spec,
            server_name=server_name,
            docs_root=docs_root,
            schemas=schemas,
            settings=settings,
            cors_allowed_origins=cors,
        )
    except (SpecError, BindingError) as error:
        show_diagnostics(error.diagnostics, err=True)
        raise SystemExit(1) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
