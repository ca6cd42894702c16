"""What the tools for tests take a contract from: an application, one around it, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..server.discovery import find_served
from ..server.document_source import Source, load_source
from ..spec.model.offered import served_spec

if TYPE_CHECKING:
    from ..client.in_memory_websocket import ASGIApp
    from ..spec.model import Spec

Subject: TypeAlias = "ASGIApp | Source"


def spec_of(contract: Subject) -> Spec:
    """Return the contract of an application or a document, as a server offers it.

    Raises:
        ValueError: The application has no `AsynctionSocketIO` in its routes, or several with documents of their own.
    """
    if not callable(contract):
        return served_spec(load_source(contract))
    specs = {id(served.spec): served.spec for _, served in find_served(contract)}
    if not specs:
        raise ValueError("this application has no AsynctionSocketIO in its routes; pass its document")
    if len(specs) > 1:
        raise ValueError(f"{len(specs)} servers are in this application; pass one of them, or its document")
    (spec,) = specs.values()
    return served_spec(spec)
