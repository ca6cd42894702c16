"""The objects that AsyncAPI 2.x and 3.x have in common, and our own.

Source: the AsyncAPI specification 2.0.0 to 2.6.0 and 3.0.0 to 3.1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .grammar import ANYTHING, Each, Entries, Fits, Object, Rule, Use, type_name
from .payload import is_supported_format
from .schemas.keywords import ASSERTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Node
    from .grammar import Walk

__all__ = [
    "BOOLEAN",
    "CHANNEL_EXTENSIONS",
    "COMPONENT_KEY",
    "MESSAGE_EXTENSIONS",
    "OBJECT",
    "PLACES",
    "RESPELT",
    "RUNTIME_EXPRESSION",
    "SCHEMA",
    "SHARED",
    "STRING",
    "STRINGS",
    "URI",
    "Ours",
    "flows",
    "headers_are_an_object",
    "is_ack_object",
    "payload_is_a_schema",
    "scheme_fields",
    "variable_is_consistent",
]

STRING = Fits((str,))
BOOLEAN = Fits((bool,))
OBJECT = Fits((dict,))
STRINGS = Each(STRING)
URI = Fits((str,), test=re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+").fullmatch, wanted="an absolute URI")
# "MUST be in the form of a URL", which a relative one is.
_URL = Fits((str,), test=re.compile(r"[^\s<>\"\\^`|]+").fullmatch, wanted="a URL")
_EMAIL = Fits((str,), test=re.compile(r"[^@\s]+@[^@\s]+").fullmatch, wanted="an email address")
RUNTIME_EXPRESSION = Fits(
    (str,),
    test=re.compile(r"\$message\.(?:header|payload)#(?:/(?:[^/~]|~[01])*)*").fullmatch,
    wanted="a runtime expression, such as $message.payload#/id",
)
COMPONENT_KEY = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema; what is in it is checked by `schemas.lint`."""

    def check(self, walk: Walk, node: Node) -> None:
        walk.schemas.append(node)


SCHEMA: Rule = _Schema()


def payload_is_a_schema(walk: Walk, message: Node) -> None:
    """2.x: as far as ``schemaFormat``, which a trait may give, says so."""
    payload = message.get("payload")
    if payload is None:
        return
    name = message.value.get("schemaFormat")
    traits = message.get("traits")
    if traits is not None and isinstance(traits.value, list):
        for trait in traits.elements():
            target = walk.follow(trait)
            if target is not None and isinstance(target.value, dict):
                name = target.value.get("schemaFormat", name)
    if is_supported_format(name):
        SCHEMA.check(walk, payload)


def headers_are_an_object(walk: Walk, node: Node) -> None:
    """Message and message trait: ``headers`` is a schema of type object."""
    headers = node.get("headers")
    target = walk.follow(headers) if headers is not None else None
    if target is not None and isinstance(target.value, dict):
        kind = target.value.get("type", "object")
        if isinstance(kind, str) and kind != "object":
            walk.error(target.child("type"), "TYPE", f"must be 'object': headers are an object, not {kind!r}")


# --- our own extensions --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ours:
    """A rule for one of our extensions: breaking it is legal AsyncAPI that can't be served."""

    rule: Rule

    def check(self, walk: Walk, node: Node) -> None:
        """Report by the rule, as a matter of the service rather than of the document."""
        before, walk.layer = walk.layer, "service"
        self.rule.check(walk, node)
        walk.layer = before


def is_ack_object(value: Mapping[str, object]) -> bool:
    """Whether this is a Message Ack Object: ``args``, and no assertion of JSON Schema beside it."""
    return "args" in value and ASSERTIONS.keys().isdisjoint(value)


@dataclass(frozen=True, slots=True)
class _Ack:
    """``x-ack``, in order of test: boolean, ``{args: schema}``, message, schema; each by reference."""

    def check(self, walk: Walk, node: Node) -> None:
        value = node.value
        if isinstance(value, bool):
            return
        if not isinstance(value, dict):
            walk.error(
                node,
                "TYPE",
                f"must be a boolean, {{args: schema}}, a message or a schema, not {type_name(value)}",
            )
        elif "$ref" in value:
            walk.references[node.identity] = "x-ack"
            target = walk.target(node)
            if target is not None and not (isinstance(target.value, dict) and "$ref" in target.value):
                self.check(walk, target)
        elif is_ack_object(value):
            SCHEMA.check(walk, node.child("args"))
        elif "payload" in value:
            Use("message").check(walk, node)
        else:
            SCHEMA.check(walk, node)


_HANDLER = Fits(
    (str,),
    test=re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*(?::[^\W\d]\w*(?:\.[^\W\d]\w*)*)?").fullmatch,
    wanted="a dotted path, such as package.module.name or package.module:Class.method",
    code="HANDLER",
)
MESSAGE_EXTENSIONS: dict[str, Rule] = {
    "x-handler": Ours(_HANDLER),
    "x-ack": Ours(_Ack()),
    "x-positional": Ours(BOOLEAN),
    "x-ordering": Ours(Fits((str,), ("concurrent", "serial"))),
    "x-reauth": Ours(BOOLEAN),
}
CHANNEL_EXTENSIONS: dict[str, Rule] = {
    "x-handlers": Ours(Use("x-handlers")),
    "x-auth": Ours(SCHEMA),
    "x-security": ANYTHING,  # the reader's
}
_FUNCTIONS = {
    f"x-{name}Func": Ours(_HANDLER)
    for name in ("basicInfo", "bearerInfo", "apiKeyInfo", "tokenInfo", "scopeValidate", "x509Info")
}
_SCHEME_EXTENSIONS: dict[str, Rule] = {
    **_FUNCTIONS,
    "x-authField": Ours(STRING),
    "x-jwt": ANYTHING,  # the server's
}

# Where each of our extensions has a meaning, for the message that says it has none here.
PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("x-ack", "x-ordering"), ("a message", "an operation")),
    **dict.fromkeys(("x-handler", "x-positional", "x-reauth"), ("a message",)),
    **dict.fromkeys(CHANNEL_EXTENSIONS, ("a channel",)),
    **dict.fromkeys(_SCHEME_EXTENSIONS, ("a security scheme",)),
    "x-messageAcks": ("the components object",),
}
RESPELT = {
    "x-hander": "x-handler",
    "x-handers": "x-handlers",
    "x-basicBearerInfoFunc": "x-bearerInfoFunc",
}


# --- objects of both versions --------------------------------------------------------------------


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


def _binding_has_no_other_fields(walk: Walk, node: Node) -> None:
    known = ("method", "query", "headers", "bindingVersion")
    for key, value in node.items():
        if key not in known and not key.startswith("x-"):
            walk.error(value, "BINDING", f"the WebSockets channel binding has no {key!r}", key=True)


def variable_is_consistent(walk: Walk, node: Node) -> None:
    """Server variable: default and examples are among the values of ``enum``."""
    values = node.value.get("enum")
    if not isinstance(values, list) or not values:
        return
    examples = node.get("examples")
    candidates = (
        list(examples.elements()) if examples is not None and isinstance(examples.value, list) else []
    )
    if (default := node.get("default")) is not None:
        candidates.append(default)
    for one in candidates:
        if isinstance(one.value, str) and one.value not in values:
            walk.error(one, "ENUM", f"must be one of the variable's enum, not {one.value!r}")


_SCHEME_TYPES = (
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
    """The Security Scheme Object, with what a version adds to it."""
    return Object(
        title="a security scheme",
        fields={
            "type": Fits((str,), _SCHEME_TYPES),
            **dict.fromkeys(
                ("description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl"), STRING
            ),
            "flows": Use("flows", "no"),
            **_SCHEME_EXTENSIONS,
            **more,
        },
        required={"type": "REQUIRED"},
        checks=(_scheme_fits_its_type,),
    )


def _flow(scopes: str, *urls: str) -> Object:
    return Object(
        title="an OAuth flow",
        fields={**dict.fromkeys((*urls, "refreshUrl"), _URL), scopes: Entries(STRING)},
        required=dict.fromkeys((*urls, scopes), "REQUIRED"),
    )


def flows(scopes: str) -> dict[str, Object]:
    """The OAuth Flows Object, whose map of scopes has another name in each version."""
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
    "x-handlers": Object(
        title="x-handlers",
        fields=dict.fromkeys(("connect", "disconnect", "error", "*"), _HANDLER),
    ),
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
        checks=(variable_is_consistent,),
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
        checks=(_binding_has_no_other_fields,),
    ),
    "binding": Object(title="a binding", fields={}, open=True),
}
