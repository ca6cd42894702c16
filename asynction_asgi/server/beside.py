"""Handlers registered on the wrapped server for namespaces that the document declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BindingError

if TYPE_CHECKING:
    from ..spec.model import Namespace


def registered_beside(declared: Namespace, namespace: str, event: str | None) -> BindingError:
    """Return the error for a handler of a declared namespace, which says where to register it.

    Args:
        declared: What the document declares.
        namespace: As it was given to the wrapped server.
        event: Its event, or None for a class of handlers.
    """
    if event is None:
        cure = "register it on the application: app.register_namespace(…)"
    elif declared.name == "/":
        cure = f"register it on the application: app.on({event!r})"
    else:
        cure = f"register it on the application: app.on({event!r}, namespace={declared.name!r})"
    message = (
        f"the document declares namespace {declared.name!r}, so that a handler registered for {namespace!r} on"
        f" app.server would never be called; {cure}"
    )
    return BindingError([declared.node.diagnostic("error", "HANDLER", message, layer="service")])
