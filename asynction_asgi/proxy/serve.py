"""Serves a document with handlers that relay, by an unchanged `AsynctionSocketIO`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..engine import Limits
from ..server import AsynctionSocketIO
from ..server.document_source import load_source
from ..server.validation import validation_of
from ..spec.model.offered import without_handlers
from .anything import anything
from .relay import Relay

if TYPE_CHECKING:
    from typing import Unpack

    from ..server import Options
    from ..server.document_source import Source
    from ..spec import Spec
    from .behind import Behind
    from .recorder import Recorder

# Events whose acknowledgement is awaited; each holds little memory, and beyond them the next ones wait.
_UNANSWERED = 1_000


def proxy_of(
    source: Source | None,
    behind: Behind,
    *,
    server_name: str | None = None,
    recorder: Recorder | None = None,
    check_security: bool = False,
    **options: Unpack[Options],
) -> AsynctionSocketIO:
    """Make a server that checks events against a document and leaves their handling to another server.

    Args:
        source: The document, or None to let everything pass.
        behind: The upstream server.
        server_name: The document's server to serve as, which picks path and channels.
        recorder: Records what is relayed, or None.
        check_security: Whether to enforce the document's security, whose functions are then imported.
            Without it that is left to the upstream server.
        options: As `AsynctionSocketIO` takes them, but for handlers.

    Raises:
        SpecError: The document can't be loaded or served.
        BindingError: Its security functions can't be bound.
        ValueError: An option contradicts another.
    """
    # A client that returns is a new one to the upstream server, which would send again what it has sent.
    settings: dict[str, Any] = {"limits": Limits(handlers=_UNANSWERED), **options, "recovery": False}
    if source is None:
        source = anything(behind.server.path)
        settings |= {"validation": "off", "docs": False}
    spec = load_source(source, server_name=server_name)
    app = AsynctionSocketIO(_left_behind(without_handlers(spec, security=check_security)), **settings)
    passes = validation_of(settings.get("validation", True)).inbound != "enforce"
    relay = Relay(app, behind, recorder)
    app.on_error_default(relay.handle_error)
    for namespace in app.spec.namespaces.values():
        relay.attach(namespace, undeclared=passes)
    return app


def _left_behind(spec: Spec) -> Spec:
    """Return the contract without ``x-ordering`` and ``x-rate``, which are kept by the upstream server."""
    namespaces = {
        name: replace(
            namespace,
            rate=None,
            receives={
                key: replace(event, ordering=None, rate=None) for key, event in namespace.receives.items()
            },
        )
        for name, namespace in spec.namespaces.items()
    }
    return replace(spec, namespaces=namespaces)
