"""What ``asynction-asgi proxy`` does: it serves a document in front of another server."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import BindingError, SpecError
from ...extras import is_installed
from ...proxy import FORWARDED, Behind, Recorder, proxy_of
from ...server.document_source import load_source
from ..report import show_diagnostics
from .connection import read_address, say
from .log_config import configure_logging
from .serve import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The options of the command, by name."""

    spec: str | None
    server_name: str | None
    validation: Any
    record: str | None
    record_values: bool
    check_security: bool
    path: str | None
    headers: Sequence[str]
    transport: str
    timeout: float
    insecure: bool
    docs: bool
    docs_root: str | None
    schemas: Mapping[str, str]
    cors: list[str] | None


def serve_proxy(url: str, front: Front, options: dict[str, Any]) -> None:
    """Serve until stopped; exit with 1 if the document can't be served, or the record can't be written.

    Args:
        url: The upstream server.
        front: The options of the command.
        options: Options of uvicorn.

    Raises:
        click.UsageError: The URL or an option is invalid.
    """
    if not is_installed("aiohttp"):
        raise click.ClickException("this command needs aiohttp: pip install 'asynction-asgi[client]'")
    configure_logging(options)
    with contextlib.ExitStack() as stack:
        try:
            spec = (
                None
                if front.spec is None
                else load_source(front.spec, server_name=front.server_name, schemas=front.schemas)
            )
            behind = _behind(url, front, spec)
            recorder = _recorder(front, behind)
            if recorder is not None:
                stack.callback(recorder.close)
            app = proxy_of(
                spec,
                behind,
                recorder=recorder,
                check_security=front.check_security,
                validation=front.validation,
                docs=front.docs,
                docs_root=front.docs_root,
                cors_allowed_origins=front.cors,
            )
        except (SpecError, BindingError) as error:
            show_diagnostics(error.diagnostics, err=True)
            raise SystemExit(1) from None
        except OSError as error:
            raise click.ClickException(f"can't write {error.filename}: {error.strerror}") from None
        say(f"in front of {behind}")
        serve(app, options)


def _behind(url: str, front: Front, spec: Spec | None) -> Behind:
    server = read_address(
        url,
        document=spec,
        path=front.path,
        auth=None,
        headers=(),
        query=(),
        transport=front.transport,
        insecure=front.insecure,
    )
    return Behind(
        server=server,
        seconds=front.timeout,
        headers=tuple(name.lower() for name in front.headers) or FORWARDED,
    )


def _recorder(front: Front, behind: Behind) -> Recorder | None:
    if front.record is None:
        return None
    return Recorder(Path(front.record), values=front.record_values, engine_path=behind.server.path)
