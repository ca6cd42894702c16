"""Which security schemes a contract requires, and what the function of each is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import Event, Namespace, Security, SecurityScheme, Spec

_FUNCTIONS = {
    "oauth2": "x-tokenInfoFunc",
    "openIdConnect": "x-tokenInfoFunc",
    "httpApiKey": "x-apiKeyInfoFunc",
    "apiKey": "x-apiKeyInfoFunc",
    "userPassword": "x-basicInfoFunc",
    "X509": "x-x509InfoFunc",
}
_HTTP_FUNCTIONS = {"basic": "x-basicInfoFunc", "bearer": "x-bearerInfoFunc"}


def schemes_in(security: Security | None) -> Iterator[str]:
    """Yield the name of each scheme of a requirement, as often as it is there."""
    return (requirement.scheme for alternative in security or () for requirement in alternative)


def requirements_of(namespace: Namespace, spec: Spec) -> Iterator[tuple[Event | None, Security]]:
    """Yield what a namespace requires: of clients that connect, beside None, then for each event by itself."""
    yield None, spec.security_of(namespace)
    for event in namespace.receives.values():
        yield event, event.security or ()


def required_schemes(spec: Spec) -> dict[str, str]:
    """Return the schemes that a namespace or an event requires, each with the first place that does.

    A server's security is required only by the namespaces that have none of their own.
    """
    places: dict[str, str] = {}
    for namespace in spec.namespaces.values():
        for event, security in requirements_of(namespace, spec):
            within = f"namespace {namespace.name!r}"
            where = within if event is None else f"event {event.name!r} of {within}"
            for scheme in schemes_in(security):
                places.setdefault(scheme, where)
    return places


def function_of(scheme: SecurityScheme) -> str | None:
    """Return the extension that names the function of a scheme, or None if the loader refuses the scheme."""
    if scheme.type == "http":
        return _HTTP_FUNCTIONS.get(str(scheme.fields.get("scheme", "")).lower())
    return _FUNCTIONS.get(scheme.type)
