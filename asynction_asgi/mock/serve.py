"""The mock: `AsynctionSocketIO` as it is, with handlers that play a script."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import SpecError
from ..server import AsynctionSocketIO
from ..server.document_source import load_source
from ..spec.model.offered import served_spec
from .player import Player
from .scripts import write_scripts
from .settings import MockSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from ..errors import Diagnostic
    from ..server import Options
    from ..server.document_source import Source
    from ..spec import Spec

__all__ = ["MockAsynctionSocketIO"]


class MockAsynctionSocketIO:
    """Makes servers that answer and emit what a document declares, without its handlers."""

    @classmethod
    def from_spec(
        cls,
        spec_path: Source,
        *,
        server_name: str | None = None,
        settings: MockSettings | None = None,
        **options: Unpack[Options],
    ) -> AsynctionSocketIO:
        """Make the mock of a document: the real server, whose every refusal holds.

        What it says is made before it is asked for, not per event. Handlers named in the document are
        not imported; those given in `options` take the place of the mock's.

        Raises:
            SpecError: the document can't be loaded or served, a schema admits no value, or an
                ``x-mock`` doesn't fit.
            ValueError: the settings' locale can't be had, or an option contradicts another.
        """
        settings = settings or MockSettings()

        def find_more(draft: Spec) -> Sequence[Diagnostic]:
            try:
                write_scripts(served_spec(draft), settings)
            except SpecError as error:
                return error.diagnostics
            return ()

        spec = load_source(spec_path, server_name=server_name, find_more=find_more)
        spec = _without_handlers(spec, security=settings.security)
        scripts = write_scripts(served_spec(spec), settings)
        others: dict[str, Any] = {**options}
        given = others.pop("handlers", None) or {}
        handlers = {name: Player(one, settings).handlers() for name, one in scripts.items()}
        for name, own in given.items():
            handlers[name] = {**handlers.get(name, {}), **own}
        return AsynctionSocketIO(spec, handlers=handlers, **others)


def _without_handlers(spec: Spec, *, security: bool) -> Spec:
    namespaces = {}
    for name, one in spec.namespaces.items():
        receives = {
            key: replace(event, handler=None, security=event.security if security else None)
            for key, event in one.receives.items()
        }
        kept = one.security if security else None
        namespaces[name] = replace(one, receives=receives, handlers={}, security=kept)
    spec = replace(spec, namespaces=namespaces, uncalled=())
    return spec if security else replace(spec, schemes={}, security=None)
