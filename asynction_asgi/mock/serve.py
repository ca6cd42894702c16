"""Serves a document with a mock's handlers, by an unchanged `AsynctionSocketIO`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import SpecError
from ..server import AsynctionSocketIO
from ..server.document_source import load_source
from ..spec.model.offered import served_spec, without_handlers
from .player import Player
from .scripts import write_scripts
from .settings import MockSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from ..errors import Diagnostic
    from ..server import Options
    from ..server.document_source import Schemas, Source
    from ..spec import Spec


class MockAsynctionSocketIO:
    """Makes servers that answer and emit what a document declares, without its handlers."""

    @classmethod
    def from_spec(
        cls,
        spec_path: Source,
        *,
        server_name: str | None = None,
        schemas: Schemas | None = None,
        settings: MockSettings | None = None,
        **options: Unpack[Options],
    ) -> AsynctionSocketIO:
        """Make the mock of a document: the real server, with all of its refusals.

        Values are made before they are asked for, not per event. Handlers named in the document are
        not imported; those in `options` replace the mock's.

        Args:
            spec_path: The document, as `AsynctionSocketIO.from_spec` takes it.
            server_name: The document's server to serve as, which picks path and channels.
            schemas: As `AsynctionSocketIO.from_spec` takes them.
            settings: How the mock behaves.
            options: As `AsynctionSocketIO` takes them.

        Raises:
            SpecError: The document can't be loaded or served, a schema admits no value, or an
                ``x-mock`` doesn't fit.
            ValueError: Faker doesn't have the settings' locale, or an option contradicts another.
        """
        settings = settings or MockSettings()
        find_more = partial(_find_unmockable, settings)
        spec = load_source(spec_path, server_name=server_name, schemas=schemas, find_more=find_more)
        return mock_of(spec, settings, options)


def mock_of(spec: Spec, settings: MockSettings, options: Options) -> AsynctionSocketIO:
    """Serve a contract with handlers that play scripts; see `MockAsynctionSocketIO.from_spec`."""
    spec = without_handlers(spec, security=settings.security)
    scripts = write_scripts(served_spec(spec), settings)
    others: dict[str, Any] = {**options}
    own = others.pop("handlers", None) or {}
    handlers = {name: Player(script, settings).handlers() for name, script in scripts.items()}
    for name, functions in own.items():
        handlers[name] = {**handlers.get(name, {}), **functions}
    return AsynctionSocketIO(spec, handlers=handlers, **others)


def _find_unmockable(settings: MockSettings, draft: Spec) -> Sequence[Diagnostic]:
    try:
        write_scripts(served_spec(draft), settings)
    except SpecError as error:
        return error.diagnostics
    return ()
