"""A contract as plain JSON, for programs that check documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Arguments, Event, Namespace, Rate, Security, Spec


def summarise(spec: Spec) -> dict[str, Any]:
    """Summarise namespaces, events and arguments, as the ``model`` of ``check --format json``."""
    return {
        "asyncapi": spec.asyncapi,
        "path": spec.path,
        "namespaces": {name: _namespace(namespace) for name, namespace in spec.namespaces.items()},
    }


def _namespace(namespace: Namespace) -> dict[str, Any]:
    return {
        "receives": {name: _event(event) for name, event in namespace.receives.items()},
        "sends": {name: _event(event) for name, event in namespace.sends.items()},
        "handlers": {key: handler.path for key, handler in namespace.handlers.items()}
        | ({} if namespace.handler_class is None else {"class": namespace.handler_class.path}),
        "auth": namespace.handshake.auth is not None,
        "parameters": [parameter.name for parameter in namespace.parameters],
        "security": _security(namespace.security),
        **_rate(namespace.rate),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "arguments": _arguments(event.arguments),
        "ack": None if event.ack is None else _arguments(event.ack),
        "handler": None if event.handler is None else event.handler.path,
        **_rate(event.rate),
    }


def _rate(rate: Rate | None) -> dict[str, Any]:
    if rate is None:
        return {}
    return {"rate": {"limit": rate.limit, "per": rate.per, "burst": rate.burst, "by": rate.by}}


def _arguments(arguments: Arguments) -> dict[str, Any]:
    return {
        "kind": arguments.kind,
        "min": arguments.minimum,
        "max": arguments.maximum,
        "of": [_arguments(alternative) for alternative in arguments.of],
    }


def _security(security: Security | None) -> list[dict[str, list[str]]] | None:
    """Return a namespace's own list, as 2.x writes it, or None if the server's applies."""
    if security is None:
        return None
    return [
        {requirement.scheme: list(requirement.scopes) for requirement in alternative}
        for alternative in security
    ]
