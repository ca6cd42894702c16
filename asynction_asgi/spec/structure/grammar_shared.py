"""The objects that AsyncAPI 2.x and 3.x have in common.

Source: the AsyncAPI specification 2.0.0 to 2.6.0 and 3.0.0 to 3.1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .extensions import HANDLERS, RATE, RECOVERY, SCHEME_EXTENSIONS
from .grammar import ANYTHING, OBJECT, REFERENCE, SCHEMA, STRING, Each, Entries, Fits, Object, Use
from .jwt_option import JWT
from .walk import type_name

if TYPE_CHECKING:
    from ..text.document import Node
    from .walk import JsonSchema, Refer, Rule, Walk

STRINGS = Each(STRING)
URI = Fits((str,), pattern=re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+"), wanted="an absolute URI")
# "MUST be in the form of a URL", which a relative one is.
_URL = Fits((str,), pattern=re.compile(r"[^\s<>\"\\^`|]+"), wanted="a URL")
_EMAIL = Fits((str,), pattern=re.compile(r"[^@\s]+@[^@\s]+"), wanted="an email address")
RUNTIME_EXPRESSION = Fits(
    (str,),
    pattern=re.compile(r"\$message\.(?:header|payload)#(?:/(?:[^/~]|~[01])*)*"),
    wanted="a runtime expression, such as $message.payload#/id",
)
CHANNEL_GUARDS = frozenset(
    {"x-security", "x-scopes", "x-auth", "x-rate", "x-handlers", "bindings", "parameters", "servers"}
)
COMPONENT_KEY = re.compile(r"[A-Za-z0-9._-]+")


def payload_is_a_schema(walk: Walk, message: Node) -> None:
    """Check a payload of 2.x as a schema, if its ``schemaFormat``, which a trait may give, says so."""
    payload = message.get("payload")
    if payload is None:
        return
    name = message.get("schemaFormat")
    traits = message.get("traits")
    if traits is not None and isinstance(traits.value, list):
        for trait in traits.elements():
            target = walk.follow(trait)
            if target is not None and isinstance(target.value, dict):
                name = target.get("schemaFormat") or name
    walk.formatted_schema(payload, name)


def is_a_message(walk: Walk, message: Node) -> None:
    """Keep the message, whose examples are checked once all of the document is known."""
    walk.messages.append(message)


def headers_are_an_object(walk: Walk, node: Node) -> None:
    """Check that ``headers`` of a message or message trait is a schema of type object."""
    headers = node.get("headers")
    target = walk.follow(headers) if headers is not None else None
    if target is not None and isinstance(target.value, dict):
        kind = target.value.get("type", "object")
        if isinstance(kind, str) and kind != "object":
            walk.error(target.child("type"), "TYPE", f"must be 'object': headers are an object, not {kind!r}")


@dataclass(frozen=True, slots=True)
class _BindingSchema:
    """``query`` or ``headers`` of a WebSockets binding: a schema of type object."""

    def check(self, walk: Walk, node: Node) -> None:
        if not isinstance(node.value, dict):
            walk.error(node, "BINDING", f"must be a schema of type object, not {type_name(node.value)}")
            return
        target = walk.follow(node)
        if target is not None and isinstance(target.value, dict) and target.value.get("type") != "object":
            kind = target.value.get("type")
            walk.error(node, "BINDING", f"must be a schema of type object{f', not {kind!r}' if kind else ''}")
            return
        SCHEMA.check(walk, node)

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return a reference, or a schema that says its type."""
        return {
            "type": "object",
            "if": {"required": ["$ref"]},
            "then": REFERENCE,
            "else": {"properties": {"type": {"const": "object"}}, "required": ["type"]},
        }


def _method_can_match(walk: Walk, node: Node) -> None:
    if node.value.get("method") == "POST":
        message = "a connection is opened by GET, so 'POST' would refuse every client; write GET"
        walk.refuse(node.child("method"), "BINDING", message)


def _binding_has_no_other_fields(walk: Walk, node: Node) -> None:
    known = ("method", "query", "headers", "bindingVersion")
    for key, value in node.items():
        if key not in known and not key.startswith("x-"):
            walk.error(value, "BINDING", f"the WebSockets channel binding has no {key!r}", key=True)


WS_ALIASES = ("ws", "socket.io", "socketio")
_LIKE_WS = re.compile(r"wss?|web[-_]?sockets?|socket[-_.]?io", re.IGNORECASE)


def handshake_is_the_channels(walk: Walk, node: Node) -> None:
    """Refuse handshake fields in other bindings than a channel's, from which alone they are read."""
    for alias in WS_ALIASES:
        binding = node.value.get(alias)
        if isinstance(binding, dict) and not binding.keys().isdisjoint({"method", "query", "headers"}):
            message = f"{alias!r} is not checked here: a connection is opened per channel; move it to the channel's 'bindings'"
            walk.refuse(node.child(alias), "BINDING", message, key=True)


def bindings_are_not_ours(walk: Walk, node: Node) -> None:
    """Report our extensions in the bindings of a server, an operation or a message."""
    walk.extensions("a binding", (binding for _, binding in node.items()))


def other_bindings_are_not_ours(walk: Walk, node: Node) -> None:
    """Report our extensions in a channel's bindings of other protocols; the binding of WebSockets has a row."""
    walk.extensions("a binding", (binding for key, binding in node.items() if key not in WS_ALIASES))


def ws_is_spelt_right(walk: Walk, node: Node) -> None:
    """Report a misspelt protocol in a channel's bindings of 2.x, which are open."""
    for key, binding in node.items():
        if key not in WS_ALIASES and _LIKE_WS.fullmatch(key):
            message = f"{key!r} is not checked; did you mean 'ws'?"
            walk.refuse(binding, "BINDING", message, key=True)


def _variable_is_consistent(walk: Walk, node: Node) -> None:
    """Check that the default and examples of a server variable are among the values of ``enum``."""
    values = node.value.get("enum")
    if not isinstance(values, list) or not values:
        return
    examples = node.get("examples")
    candidates = (
        list(examples.elements()) if examples is not None and isinstance(examples.value, list) else []
    )
    if (default := node.get("default")) is not None:
        candidates.append(default)
    for candidate in candidates:
        if isinstance(candidate.value, str) and candidate.value not in values:
            walk.error(candidate, "ENUM", f"must be one of the variable's enum, not {candidate.value!r}")


SCHEME_TYPES = (
    "userPassword",
    "apiKey",
    "X509",
    "symmetricEncryption",
    "asymmetricEncryption",
    "httpApiKey",
    "http",
    "oauth2",
    "openIdConnect",
    "plain",
    "scramSha256",
    "scramSha512",
    "gssapi",
)
_SCHEME_NEEDS = {
    "apiKey": ("in",),
    "httpApiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
}
_SCHEME_IN = {"apiKey": ("user", "password"), "httpApiKey": ("query", "header", "cookie")}


def _scheme_fits_its_type(walk: Walk, node: Node) -> None:
    kind = node.value.get("type")
    if not isinstance(kind, str):
        return
    for name in _SCHEME_NEEDS.get(kind, ()):
        if name not in node.value:
            walk.error(node, "REQUIRED", f"a security scheme of type {kind!r} needs {name!r}")
    allowed = _SCHEME_IN.get(kind)
    place = node.value.get("in")
    if allowed and isinstance(place, str) and place not in allowed:
        walk.error(node.child("in"), "ENUM", f"must be one of {', '.join(map(repr, allowed))}, not {place!r}")


def scheme_fields(**more: Rule) -> Object:
    """Return the Security Scheme Object, with what a version adds to it."""
    return Object(
        title="a security scheme",
        fields={
            "type": Fits((str,), SCHEME_TYPES),
            **dict.fromkeys(
                ("description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl"), STRING
            ),
            "flows": Use("flows", "no"),
            **SCHEME_EXTENSIONS,
            **more,
        },
        required={"type": "REQUIRED"},
        checks=(_scheme_fits_its_type,),
        guards=frozenset({"*"}),
    )


def _flow(scopes: str, *urls: str) -> Object:
    return Object(
        title="an OAuth flow",
        fields={**dict.fromkeys((*urls, "refreshUrl"), _URL), scopes: Entries(STRING)},
        required=dict.fromkeys((*urls, scopes), "REQUIRED"),
    )


def flows(scopes: str) -> dict[str, Object]:
    """Return the OAuth Flows Object, whose map of scopes has another name in each version."""
    return {
        "flows": Object(
            title="the flows object",
            fields={name: Use(f"flow {name}", "no") for name in _FLOWS},
        ),
        **{f"flow {name}": _flow(scopes, *urls) for name, urls in _FLOWS.items()},
    }


_FLOWS = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}

SHARED: dict[str, Object] = {
    "x-handlers": HANDLERS,
    "x-jwt": JWT,
    "x-rate": RATE,
    "x-recovery": RECOVERY,
    "contact": Object(title="the contact", fields={"name": STRING, "url": _URL, "email": _EMAIL}),
    "license": Object(
        title="the license", fields={"name": STRING, "url": _URL}, required={"name": "REQUIRED"}
    ),
    "externalDocs": Object(
        title="the externalDocs object",
        fields={"description": STRING, "url": _URL},
        required={"url": "REQUIRED"},
    ),
    "correlationId": Object(
        title="a correlation ID",
        fields={"description": STRING, "location": RUNTIME_EXPRESSION},
        required={"location": "REQUIRED"},
    ),
    "variable": Object(
        title="a server variable",
        fields={"enum": STRINGS, "default": STRING, "description": STRING, "examples": STRINGS},
        checks=(_variable_is_consistent,),
    ),
    "example": Object(
        title="a message example",
        fields={"headers": OBJECT, "payload": ANYTHING, "name": STRING, "summary": STRING},
    ),
    "ws": Object(
        title="the WebSockets channel binding",
        open=True,
        fields={
            "method": Fits((str,), ("GET", "POST"), code="BINDING"),
            "query": _BindingSchema(),
            "headers": _BindingSchema(),
            "bindingVersion": STRING,
        },
        checks=(_binding_has_no_other_fields, _method_can_match),
        guards=frozenset({"method", "query", "headers"}),
    ),
    "binding": Object(title="a binding", fields={}, open=True),
}
