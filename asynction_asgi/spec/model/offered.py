"""The namespaces that a server offers: those of the document, with what holds in all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import ANY_NAMESPACE, Handshake, Namespace, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Event


def served_spec(spec: Spec) -> Spec:
    """Return the contract with the events of a null address spread over every declared namespace.

    A document that declares no other namespace means the default one, ``/``.

    Source: AsyncAPI 3.0, Channel Object, ``address``: null is "not known yet".
    """
    shared = spec.namespaces.get(ANY_NAMESPACE)
    if shared is None:
        return spec
    named = {name: namespace for name, namespace in spec.namespaces.items() if name != ANY_NAMESPACE}
    if not named:
        return replace(spec, namespaces={"/": replace(shared, name="/")})
    return replace(
        spec, namespaces={name: _with_shared(namespace, shared) for name, namespace in named.items()}
    )


def without_handlers(spec: Spec, *, security: bool) -> Spec:
    """Return the contract without the names of handlers; with its security, or without."""
    namespaces = {}
    for name, namespace in spec.namespaces.items():
        receives = {
            key: replace(event if security else _unsecured(event), handler=None)
            for key, event in namespace.receives.items()
        }
        kept = namespace.security if security else None
        namespaces[name] = replace(
            namespace, receives=receives, handlers={}, handler_class=None, security=kept
        )
    spec = replace(spec, namespaces=namespaces, uncalled=())
    return spec if security else replace(spec, schemes={}, security=None)


def _unsecured(event: Event) -> Event:
    """Return the event without requirements, and without ``x-reauth``, as there is nothing to renew."""
    message = {key: value for key, value in event.message.items() if key != "x-reauth"}
    return replace(event, security=None, message=message)


def _with_shared(own: Namespace, shared: Namespace) -> Namespace:
    return replace(
        own,
        receives={**_secured(shared.receives, shared), **own.receives},
        sends={**shared.sends, **own.sends},
        handlers={**shared.handlers, **own.handlers},
        handler_class=own.handler_class or shared.handler_class,
        handshake=Handshake(
            query=own.handshake.query or shared.handshake.query,
            headers=own.handshake.headers or shared.handshake.headers,
            auth=own.handshake.auth or shared.handshake.auth,
        ),
    )


def without_recovery(spec: Spec) -> Spec:
    """Return the contract as if no channel said ``x-recovery``."""
    return replace(
        spec,
        namespaces={name: replace(namespace, recovery=None) for name, namespace in spec.namespaces.items()},
    )


def _secured(events: Mapping[str, Event], shared: Namespace) -> Mapping[str, Event]:
    """Require of each event what the shared channel requires; the channel can't open a namespace."""
    if not shared.security:
        return events
    return {
        name: replace(event, security=event.security or shared.security) for name, event in events.items()
    }
