"""What a client needs to connect: query, headers, auth, and the schemes that the server accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..spec.instances import UnsatisfiableError
from ..spec.model import OFFSET_EVENT, write_number
from ..spec.model.schemes import requirements_of, schemes_in
from ..spec.text.reference_faults import ReferenceFault
from .argument_lists import as_json
from .elements import element, link
from .markdown import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from ..spec.instances import Examples
    from ..spec.model import Namespace, Rate, Recovery, Security, SecurityScheme, Spec
    from ..spec.text.document import Node
    from .schema_trees import SchemaTrees

# The Fetch standard, "forbidden request-header", as far as a document may mean them.
_BROWSERS_OWN = re.compile(
    r"connection|cookie|content-length|date|dnt|expect|host|keep-alive|origin|referer|te|trailer"
    r"|transfer-encoding|upgrade|via|(?:proxy|sec)-.*",
    re.IGNORECASE,
)
_NEEDS = {
    "x509": "the TLS certificate of the client",
    "openidconnect": "a token of OpenID Connect, as Authorization: Bearer …",
    "oauth2": "an OAuth 2 token, as Authorization: Bearer …",
}


_PERIODS: Mapping[float, str] = {1: "per second", 60: "per minute", 3600: "per hour", 86_400: "per day"}
_COUNTED = {
    "connection": "on each connection",
    "user": "of each user",
    "address": "from each address",
}


def connection(namespace: Namespace, examples: Examples, trees: SchemaTrees) -> Iterator[Element]:
    """Describe what a CONNECT to the namespace must present, below a heading."""
    parts: list[Element | None] = []
    for parameter in namespace.parameters:
        rules = f"one of {', '.join(parameter.enum)}" if parameter.enum else "one segment of the path"
        row = (
            trees.row(parameter.schema, parameter.name, is_needed=True)
            if parameter.schema is not None
            else element(
                "li",
                element("code", parameter.name, class_="name"),
                " ",
                element("span", rules, class_="rules"),
            )
        )
        described = markdown(parameter.description)
        if not isinstance(described, str) and described is not None:
            row.append(described)
        parts += [_label("Parameter of the namespace"), element("ul", row, class_="tree")]
    handshake = namespace.handshake
    for caption, schema in (
        ("Query", handshake.query),
        ("Headers", handshake.headers),
        ("Auth", handshake.auth),
    ):
        if schema is not None:
            parts += [_label(caption), element("ul", trees.row(schema), class_="tree")]
    auth = auth_example(namespace, examples)
    if auth is not None:
        parts.append(element("pre", element("code", as_json(auth))))
    if namespace.recovery is not None:
        parts += [_label("Recovery"), *_recovery(namespace.recovery)]
    yield element("h3", "Connection")
    if parts:
        yield element("div", *parts, class_="panel")


def _recovery(recovery: Recovery) -> Iterator[Element]:
    """Say what a client gets that was cut off, and what its listeners receive for that."""
    yield element(
        "p",
        f"A client that was cut off for at most {write_number(recovery.seconds)} seconds gets the events that it missed when it"
        f" returns, up to {recovery.events:,}, and keeps its id: then ",
        element("code", "socket.recovered"),
        " is true. socket.io-client 4.6 or later does this by itself.",
    )
    if recovery.offset == "argument":
        yield element(
            "p",
            "Each event of the server has one more argument at the end, a string, unless it asks for an"
            " acknowledgement. JavaScript ignores it; a listener in Python takes it by ",
            element("code", "*offset"),
            ".",
        )
    else:
        yield element(
            "p",
            "An event ",
            element("code", OFFSET_EVENT),
            " with one string follows each event of the server, unless that asks for an acknowledgement. Clients"
            " without a listener for it ignore it.",
        )


def auth_example(namespace: Namespace, examples: Examples) -> Any:
    """Return an auth object that the contract accepts, or None if none is declared or found."""
    schema = namespace.handshake.auth
    if schema is None:
        return None
    try:
        return examples.value(schema)
    except UnsatisfiableError:
        return None


def fields_of(schema: Node | None, spec: Spec) -> list[dict[str, Any]]:
    """Return the properties of a query or headers as fields to fill in, but not what a browser sets."""
    properties = schema.get("properties") if schema is not None else None
    if schema is None or properties is None or not isinstance(properties.value, dict):
        return []
    required = schema.value.get("required", [])
    fields = []
    for name, node in properties.items():
        if _BROWSERS_OWN.fullmatch(name):
            continue
        try:
            value = spec.resolver.follow(node).value
        except ReferenceFault:
            continue
        value = value if isinstance(value, dict) else {}
        field = {"name": name, "required": name in required}
        enum = value.get("enum", [value["const"]] if "const" in value else None)
        if isinstance(enum, list):
            field["enum"] = enum
        if "default" in value:
            field["default"] = value["default"]
        fields.append(field)
    return fields


def security_list(security: Security | None, spec: Spec, *, caption: str) -> Iterator[Element]:
    """List the alternatives of a requirement; nothing if nothing is required."""
    if security is None:
        return
    if not security:
        yield element("p", f"{caption}: public, no credentials are needed.", class_="security")
        return
    rows = []
    for alternative in security:
        parts: list[Element | str] = []
        for requirement in alternative:
            if parts:
                parts.append(" together with ")
            scheme = spec.schemes.get(requirement.scheme)
            parts += [element("strong", requirement.scheme)]
            if scheme is not None:
                parts.append(f": {credential(scheme)['words']}")
            if requirement.scopes:
                parts.append(f", with the scopes {', '.join(requirement.scopes)}")
            url = scheme.fields.get("openIdConnectUrl") if scheme is not None else None
            if isinstance(url, str):
                parts += [", see ", link(url, url)]
            described = markdown(scheme.fields.get("description")) if scheme is not None else None
            if described is not None:
                parts.append(described)
        rows.append(element("li", *(parts or ["no credentials"])))
    words = f"{caption}: one of these" if len(rows) > 1 else f"{caption}:"
    yield element("div", element("p", words), element("ul", *rows), class_="security")


def rate_line(rate: Rate | None, *, subject: str) -> Iterator[Element]:
    """Say how often clients may emit; nothing without a rate."""
    if rate is None:
        return
    count = "1 event" if rate.limit == 1 else f"{write_number(rate.limit)} events"
    per = _PERIODS.get(rate.per, f"in {write_number(rate.per)} seconds")
    burst = "" if rate.has_usual_burst else f", at most {write_number(rate.burst)} at once"
    yield element(
        "p",
        element("strong", "Rate"),
        f" of {subject}: {count} {per}{burst}, {_COUNTED[rate.by]}. Others are refused with ",
        element("code", "rate_limited"),
        ", and ",
        element("code", "retryAfter"),
        " is the number of seconds after which to try again.",
        class_="rate",
    )


def schemes_of(namespace: Namespace, spec: Spec) -> list[SecurityScheme]:
    """Return the schemes that a client of the namespace may have to satisfy, each once."""
    names = dict.fromkeys(
        name for _, security in requirements_of(namespace, spec) for name in schemes_in(security)
    )
    return [spec.schemes[name] for name in names if name in spec.schemes]


def credential(scheme: SecurityScheme) -> dict[str, Any]:
    """Return where a scheme's credential goes: a kind and a name for programs, words for people."""
    fields: Mapping[str, Any] = scheme.fields
    kind, place, name = scheme.type.lower(), str(fields.get("in", "")), str(fields.get("name", ""))
    http = str(fields.get("scheme", "")).lower()
    if kind == "httpapikey" and place in ("query", "header", "cookie"):
        found = {"kind": place, "name": name, "words": f"a key in the {place} {name}"}
    elif kind == "http" and http == "basic":
        found = {"kind": "basic", "words": "username and password, as Authorization: Basic …"}
    elif kind in ("http", "oauth2", "openidconnect"):
        what = (
            f"a {fields['bearerFormat']} token" if isinstance(fields.get("bearerFormat"), str) else "a token"
        )
        found = {"kind": "bearer", "words": _NEEDS.get(kind, f"{what}, as Authorization: Bearer …")}
    elif kind == "userpassword":
        found = {
            "kind": "userPassword",
            "words": "username and password in the auth object, or Authorization: Basic …",
        }
    elif kind == "apikey" and place in ("user", "password"):
        member = "username" if place == "user" else "password"
        found = {"kind": "auth", "name": member, "words": f"a key as {member} in the auth object"}
    else:
        found = {"kind": "none", "words": _NEEDS.get(kind, scheme.type)}
    field = fields.get("x-authField")
    if isinstance(field, str):
        found |= {"field": field, "words": f"{found['words']}; or in the auth object as {field}"}
    return {"scheme": scheme.name, **found}


def _label(text: str) -> Element:
    return element("p", text, class_="label")
