"""Security schemes and requirements, to the model's OR of ANDs.

2.x names schemes in requirement maps; 3.x lists scheme objects or references, and its
``x-security`` admits the maps too, since 3.x alone can't say AND. ``x-scopes`` asks for scopes of
whatever is required, since AsyncAPI lets only OAuth 2 and OpenID Connect have some.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model import Requirement, Security, SecurityScheme
from ..structure.extensions import RESPELT
from ..structure.grammar_shared import SCHEME_TYPES
from ..text.pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...errors import Layer
    from ..text.document import Node
    from .reading import Reader

_SCHEMES = Pointer(("components", "securitySchemes"))
_SCOPED = ("oauth2", "openIdConnect")  # types whose requirements may list scopes
_SUPPORTED = ("userPassword", "apiKey", "X509", "httpApiKey", "http", "oauth2", "openIdConnect")
_SUPPORTED_HTTP = ("basic", "bearer")


def read_security(reader: Reader, node: Node | None, *, ours: bool = False) -> Security | None:
    """Read a list of requirements, or return None if there is no list.

    Args:
        reader: Takes the findings, and the schemes that are named.
        node: The list as written.
        ours: It is ``x-security``: what is wrong with it keeps the document from being served, only.
    """
    if node is None:
        return None
    layer: Layer = "service" if ours else "document"
    if not isinstance(node.value, list):
        if ours:
            reader.error(node, "SECURITY_SHAPE", "x-security must be a list; [] makes the namespace public")
        return None
    maps = reader.traits_win or ours
    found = []
    for element in node.elements():
        if not isinstance(element.value, dict):
            if ours:
                reader.error(element, "SECURITY_SHAPE", "a security requirement must be an object")
            continue
        is_map = "$ref" not in element.value and "type" not in element.value
        if is_map and not maps:
            message = "a security requirement of 3.x is a scheme or a reference to one, not a map of names"
            if element.value:
                name = next(iter(element.value))
                message += f": write {{$ref: '#/components/securitySchemes/{name}'}}"
            reader.error(element, "SECURITY_SHAPE", message, layer=layer)
        elif is_map:
            found.append(tuple(_map(reader, element, layer)))
        elif reader.traits_win:
            message = "a security requirement of 2.x is a map of scheme names; use {name: []}"
            reader.error(element, "SECURITY_SHAPE", message, layer=layer)
        else:
            scheme = _scheme(reader, element)
            if scheme is not None:
                found.append((Requirement(scheme=scheme.name, scopes=_words(scheme.fields.get("scopes"))),))
    return tuple(found)


def _map(reader: Reader, element: Node, layer: Layer) -> Iterator[Requirement]:
    declared = dict(reader.entries(reader.member(reader.root, "components"), "securitySchemes"))
    for name, scopes in element.items():
        if name not in declared:
            message = f"there is no security scheme {name!r} in the components{reader.resolver.did_you_mean(name, declared)}"
            reader.error(scopes, "SECURITY_UNDEFINED", message, layer=layer, key=True)
            continue
        scheme = _add(reader, name, declared[name])
        if scheme is None:
            continue
        if not isinstance(scopes.value, list):
            if layer == "service":
                reader.error(scopes, "SECURITY_SHAPE", f"the scopes of {name!r} must be a list")
            continue
        _check_scopes(reader, scheme, scopes, layer)
        if layer == "service":
            for scope in scopes.elements():
                if not isinstance(scope.value, str):
                    reader.error(scope, "SECURITY_SHAPE", "a scope must be a string")
        yield Requirement(scheme=name, scopes=_words(scopes.value))


def narrow(reader: Reader, security: Security | None, lists: Iterable[Node | None]) -> Security | None:
    """Add the scopes of ``x-scopes`` to each scheme that is required.

    Alternatives that require no credentials are left out: without credentials a client holds no scopes.

    Args:
        reader: Takes the findings.
        security: What is required without them.
        lists: Each ``x-scopes`` that applies, or None.
    """
    for node in lists:
        scopes = _words(node.value) if node is not None else ()
        if node is None or not scopes:
            continue
        alternatives = [alternative for alternative in security or () if alternative]
        if not alternatives:
            message = (
                "x-scopes requires scopes, but no credentials are required; add 'security' to the server"
            )
            reader.error(node, "SECURITY_SHAPE", f"{message}, or 'x-security' to the channel", key=True)
            return security
        for name in {requirement.scheme: None for alternative in alternatives for requirement in alternative}:
            _check_flows(reader, reader.schemes[name], node, "service")
        security = tuple(
            tuple(
                replace(requirement, scopes=tuple(dict.fromkeys((*requirement.scopes, *scopes))))
                for requirement in alternative
            )
            for alternative in alternatives
        )
    return security


def meaning_of(security: Security | None) -> object:
    """Return what tells requirements apart, in whichever order they are written."""
    return security and {
        frozenset((requirement.scheme, frozenset(requirement.scopes)) for requirement in alternative)
        for alternative in security
    }


def _scheme(reader: Reader, element: Node) -> SecurityScheme | None:
    """Return the scheme of 3.x that is here or referred to, under its name in the components."""
    target = reader.follow(element)
    if target is None:
        return None
    place = Pointer.parse(target.pointer)
    name = place.last if place.parent == _SCHEMES else target.pointer
    return _add(reader, name, target)


def _add(reader: Reader, name: str, node: Node) -> SecurityScheme | None:
    known = reader.schemes.get(name)
    target = reader.follow(node)
    if known is not None and target is not None and known.node.identity == target.identity:
        return known
    if target is None or not isinstance(target.value, dict) or not isinstance(target.value.get("type"), str):
        return None
    if known is not None:
        name = f"{target.document.name}#{target.pointer}"
    fields = {
        **target.value,
        **{RESPELT[key]: inner for key, inner in target.value.items() if key in RESPELT},
    }
    scheme = SecurityScheme(name=name, type=fields["type"], fields=fields, node=target)
    reader.schemes[name] = scheme
    scopes = target.get("scopes")
    if scopes is not None and not reader.traits_win:
        _check_scopes(reader, scheme, scopes, "service")
    return scheme


def check_schemes(reader: Reader) -> None:
    """Take in every scheme of the components."""
    for name, node in reader.entries(reader.member(reader.root, "components"), "securitySchemes"):
        _add(reader, name, node)


def _check_scopes(reader: Reader, scheme: SecurityScheme, scopes: Node, layer: Layer) -> None:
    if not isinstance(scopes.value, list):
        return
    if scheme.type not in _SCOPED:
        if scopes.value:
            message = (
                f"{scheme.name!r} is of type {scheme.type!r}, which takes no scopes; use []: "
                "'x-scopes' on the event's message, its operation or the channel requires scopes of any scheme"
            )
            reader.error(scopes, "SECURITY_SCOPE", message, layer=layer)
        return
    _check_flows(reader, scheme, scopes, layer)


def _check_flows(reader: Reader, scheme: SecurityScheme, scopes: Node, layer: Layer) -> None:
    """Report scopes that no OAuth 2 flow has; those of OpenID Connect are known to the provider alone."""
    if scheme.type != "oauth2":
        return
    word = "scopes" if reader.traits_win else "availableScopes"
    flows = [flow for _, flow in reader.entries(scheme.node, "flows")]
    if not flows:  # legal, and says nothing of scopes
        return
    available = {key for flow in flows for key, _ in reader.entries(flow, word)}
    for scope in scopes.elements():
        if isinstance(scope.value, str) and scope.value not in available:
            message = f"no flow of {scheme.name!r} has the scope {scope.value!r}"
            message += reader.resolver.did_you_mean(scope.value, available)
            reader.error(scope, "SECURITY_SCOPE", message, layer=layer)


def refuse_unsupported(reader: Reader, security: Security | None, node: Node | None) -> None:
    """Report each scheme of a list in effect that means nothing over Socket.IO."""
    for requirement in {
        requirement.scheme: requirement for alternative in security or () for requirement in alternative
    }.values():
        scheme = reader.schemes[requirement.scheme]
        kind = scheme.type
        if kind not in SCHEME_TYPES:
            continue  # reported where it stands
        if kind == "http":
            kind = f"http {scheme.fields.get('scheme')}"
            supported = str(scheme.fields.get("scheme")).lower() in _SUPPORTED_HTTP
        else:
            supported = kind in _SUPPORTED
        if not supported:
            message = f"the scheme {scheme.name!r} ({kind}) can't be checked over Socket.IO"
            reader.error(node or scheme.node, "SECURITY_SHAPE", message)


def _words(value: object) -> tuple[str, ...]:
    return tuple(scope for scope in value if isinstance(scope, str)) if isinstance(value, list) else ()
