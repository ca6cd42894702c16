"""A contract as plain JSON, for programs that check documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Arguments, Event, Namespace, Security, Spec

__all__ = ["summarise"]


def summarise(spec: Spec) -> dict[str, Any]:
    """Namespaces, events, and the shape of their arguments; the ``model`` of ``check --format json``."""
    return {
        "asyncapi": spec.asyncapi,
        "path": spec.path,
        "namespaces": {name: _namespace(one) for name, one in spec.namespaces.items()},
    }


def _namespace(namespace: Namespace) -> dict[str, Any]:
    return {
        "receives": {name: _event(one) for name, one in namespace.receives.items()},
        "sends": {name: _event(one) for name, one in namespace.sends.items()},
        "handlers": {key: one.path for key, one in namespace.handlers.items()},
        "auth": namespace.handshake.auth is not None,
        "parameters": [one.name for one in namespace.parameters],
        "security": _security(namespace.security),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "arguments": _arguments(event.arguments),
        "ack": None if event.ack is None else _arguments(event.ack),
        "handler": None if event.handler is None else event.handler.path,
    }


def _arguments(arguments: Arguments) -> dict[str, Any]:
    return {
        "kind": arguments.kind,
        "min": arguments.minimum,
        "max": arguments.maximum,
        "of": [_arguments(one) for one in arguments.of],
    }


def _security(security: Security | None) -> list[dict[str, list[str]]] | None:
    """A namespace's own list, as 2.x writes it; None where the server's is in effect."""
    if security is None:
        return None
    return [{one.scheme: list(one.scopes) for one in every} for every in security]
