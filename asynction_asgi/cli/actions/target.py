"""The target of ``run``: a document, or an application in a module."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ...errors import BindingError, SpecError
from ...server import AsynctionSocketIO, Limits
from ...server.discovery import find_served
from ...spec.schemas.resources import resources_of
from ..report import escaped, show_diagnostics
from .importing import import_from, import_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...server.validation import Enforcement

# Workers and the reloader import the application again; this variable passes the target to them.
_VARIABLE = "_ASYNCTION_ASGI_TARGET"
FACTORY = f"{__name__}:create_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A document or ``module:app``, and how to serve a document.

    Attributes:
        name: The target as typed.
        app_dir: The folder to import handlers and applications from.
        message_queue_secret: Name of the environment variable with the secrets; never a secret itself.
    """

    name: str
    app_dir: str = "."
    server_name: str | None = None
    message_queue: str | None = None
    message_queue_secret: str | None = None
    message_queue_validation: bool = False
    message_queue_retention: float | None = None
    validation: Enforcement = "enforce"
    docs: bool = True
    docs_root: str | None = None
    websocket_only: bool = False
    mock: Literal["missing"] | None = None
    schemas: Mapping[str, str] | None = None
    limits: Mapping[str, float] | None = None
    cors: list[str] | None = None
    tracing: bool = False
    route: str | None = None
    metrics: bool = False

    @property
    def is_document(self) -> bool:
        """Whether the name is a file's; any other name with a colon is ``module:app``."""
        return Path(self.name).is_file() or ":" not in self.name

    def problem(self) -> str | None:
        """Return why this name can't be run, with a suggestion, or None if it may be."""
        problem = f"{self.name!r} is neither a file nor module:app"
        if not self.is_document:
            dotted, _, attributes = self.name.partition(":")
            names = (*dotted.split("."), *attributes.split("."))
            return None if all(name.isidentifier() for name in names) else problem
        path = Path(self.name)
        if path.suffix == ".py":
            return f"{self.name!r} is a Python module, not a document; to serve an application in it, use '{path.stem}:app'"
        if path.is_file():
            return None
        module = Path(self.app_dir, *self.name.split("."))
        if module.with_suffix(".py").is_file() or (module / "__init__.py").is_file():
            problem += f"; did you mean '{self.name}:app'?"
        return problem

    def load(self) -> Callable[..., Any]:
        """Load the ASGI application.

        Raises:
            SpecError: The document can't be served.
            BindingError: The document's handlers can't be attached.
            click.ClickException: The name is not found, or its import failed.
        """
        import_from(self.app_dir)
        app = self._serve_document() if self.is_document else _import_app(self.name)
        for _, served in find_served(app):
            if served is app:
                served.check_handlers()
            else:  # the lifespan of the application around it may add handlers and secrets
                served.check_imports()
            if self.route is not None:
                served.server.eio.route = self.route
        return app

    def documents(self, app: Callable[..., Any]) -> dict[Path, Mapping[str, str | Path]]:
        """Return the files of the application's documents, each with where its schemas of absolute URIs are."""
        if self.is_document:
            return {Path(self.name): dict(self.schemas or {})}
        specs = [served.spec for _, served in find_served(app)]
        return {
            path: dict(resources_of((), spec.resolver).kept)
            for spec in specs
            if (path := spec.root.document.path) is not None
        }

    def publish(self) -> None:
        """Store the target for `create_app` in processes started from this one."""
        os.environ[_VARIABLE] = json.dumps(asdict(self))

    def _serve_document(self) -> Callable[..., Any]:
        try:
            return _Document.from_spec(
                self.name,
                validation=self.validation,
                server_name=self.server_name,
                docs=self.docs,
                docs_root=self.docs_root,
                mock=self.mock,
                schemas=self.schemas,
                limits=Limits(**self.limits or {}),  # type: ignore[arg-type]  # the command has checked the numbers
                message_queue=self.message_queue,
                message_queue_secret=_read_secrets(self.message_queue_secret),
                message_queue_validation=self.message_queue_validation,
                message_queue_retention=self.message_queue_retention,
                cors_allowed_origins=self.cors,
                tracing=self.tracing,
                metrics=self.metrics,
                transports=["websocket"] if self.websocket_only else ["polling", "websocket"],
            )
        except (ValueError, ModuleNotFoundError) as error:  # of --message-queue, --tracing
            raise click.ClickException(str(error)) from None


class _Document(AsynctionSocketIO):
    """The application of a document alone, to which no code attaches handlers."""

    handlers_follow = False


def _read_secrets(variable: str | None) -> list[str] | None:
    """Return the secrets in an environment variable, separated by white space."""
    if variable is None:
        return None
    found = os.environ.get(variable, "").split()
    if not found:  # do not repeat the name: it may be the secret
        raise click.ClickException(
            "--message-queue-secret takes the name of an environment variable; the variable named is not set,"
            " or empty; set it before the server starts"
        )
    return found


def create_app() -> Callable[..., Any]:
    """Make the application of the parent's target, in a process that serves nothing else."""
    return load_or_exit(Target(**json.loads(os.environ[_VARIABLE])))


def load_or_exit(target: Target) -> Callable[..., Any]:
    """Load a target, or print its errors and exit with 1."""
    try:
        return target.load()
    except (SpecError, BindingError) as error:
        show_diagnostics(error.diagnostics, err=True)
        raise SystemExit(1) from None
    except click.ClickException as error:
        escaped(error).show()
        raise SystemExit(error.exit_code) from None


def _import_app(name: str) -> Callable[..., Any]:
    found = import_name(name)
    if not callable(found):
        raise click.ClickException(f"{name!r} is not an ASGI application")
    return found  # type: ignore[no-any-return]  # types of a module's contents are known only at run time
