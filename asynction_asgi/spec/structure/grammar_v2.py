"""The objects of AsyncAPI 2.0 to 2.6."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .extensions import CHANNEL_EXTENSIONS, MESSAGE_EXTENSIONS, SCOPES, Ours
from .grammar import ANYTHING, SCHEMA, STRING, Each, Entries, Object, Since, Use
from .grammar_shared import (
    CHANNEL_GUARDS,
    COMPONENT_KEY,
    RUNTIME_EXPRESSION,
    SHARED,
    STRINGS,
    URI,
    WS_ALIASES,
    bindings_are_not_ours,
    flows,
    handshake_is_the_channels,
    headers_are_an_object,
    is_a_message,
    other_bindings_are_not_ours,
    payload_is_a_schema,
    scheme_fields,
    ws_is_spelt_right,
)
from .overridden import BY_ONE_OF, report_overridden

if TYPE_CHECKING:
    from ..text.document import Node
    from .walk import Rule, Walk

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TAGS = Each(Use("tag", "no"), unique="name")
_DOCS = Use("externalDocs", "no")
_MESSAGE = Use("message", code="MESSAGE_NOT_OBJECT")
_SECURITY = Each(Entries(Each(STRING, code="SECURITY_SHAPE"), code="SECURITY_SHAPE"))
_PARAMETERS = Entries(Use("parameter"), keys=_NAME, what="parameter name")
_BINDINGS = Use("bindings")

_OPERATION_TRAIT: dict[str, Rule] = {
    **dict.fromkeys(("operationId", "summary", "description"), STRING),
    "security": Since(4, _SECURITY),
    "tags": _TAGS,
    "externalDocs": _DOCS,
    "bindings": _BINDINGS,
}
_MESSAGE_TRAIT: dict[str, Rule] = {
    "messageId": Since(4, STRING),
    "headers": SCHEMA,
    "correlationId": Use("correlationId"),
    **dict.fromkeys(("schemaFormat", "contentType", "name", "title", "summary", "description"), STRING),
    "tags": _TAGS,
    "externalDocs": _DOCS,
    "bindings": _BINDINGS,
    "examples": Each(Use("example", "no")),
    **MESSAGE_EXTENSIONS,
}
_OPERATION_EXTENSIONS = {key: MESSAGE_EXTENSIONS[key] for key in ("x-ack", "x-ordering", "x-scopes")}


def _components(**kinds: Rule) -> dict[str, Rule]:
    return {name: Entries(rule, keys=COMPONENT_KEY, what="component name") for name, rule in kinds.items()}


def _only_the_list_counts(walk: Walk, node: Node) -> None:
    """Report the fields of a message beside its ``oneOf``; those that no message has are reported already."""
    if "oneOf" in node.value:
        row = TABLE["message"]
        fields = [key for key in node.value if walk.respelt.get(key, key) in row.fields]
        report_overridden(walk, row, node, BY_ONE_OF, fields)


TABLE: dict[str, Object] = {
    **SHARED,
    **flows("scopes"),
    "root": Object(
        title="an AsyncAPI document",
        fields={
            "asyncapi": ANYTHING,  # checked before the table is chosen
            "id": URI,
            "info": Use("info", "no"),
            "servers": Entries(Use("server"), keys=_NAME, what="server name"),
            "defaultContentType": STRING,
            "channels": Entries(Use("channel", code="CHANNEL"), code="CHANNELS", extensions=True),
            "components": Use("components", "no"),
            "tags": _TAGS,
            "externalDocs": _DOCS,
        },
        required={"info": "REQUIRED", "channels": "REQUIRED"},
        moved={
            "operations": "'publish' and 'subscribe' in the channels",
            "security": "'security' in the servers",
        },
    ),
    "info": Object(
        title="the info object",
        fields={
            **dict.fromkeys(("title", "version", "description"), STRING),
            "termsOfService": URI,
            "contact": Use("contact", "no"),
            "license": Use("license", "no"),
        },
        required={"title": "REQUIRED", "version": "REQUIRED"},
    ),
    "tag": Object(
        title="a tag",
        fields={"name": STRING, "description": STRING, "externalDocs": _DOCS},
        required={"name": "REQUIRED"},
    ),
    "server": Object(
        title="a server",
        fields={
            **dict.fromkeys(("url", "protocol", "protocolVersion", "description"), STRING),
            "variables": Entries(Use("variable")),
            "security": _SECURITY,
            "bindings": _BINDINGS,
            "tags": Since(5, _TAGS),
            "x-scopes": SCOPES,
        },
        required={"url": "REQUIRED", "protocol": "REQUIRED"},
        moved=dict.fromkeys(("host", "pathname"), "'url'"),
        guards=frozenset({"security", "x-scopes"}),
    ),
    "channel": Object(
        title="a channel",
        fields={
            "description": STRING,
            "servers": Since(2, STRINGS),
            "subscribe": Use("operation", "no"),
            "publish": Use("operation", "no"),
            "parameters": _PARAMETERS,
            "bindings": Use("channel bindings"),
            **CHANNEL_EXTENSIONS,
        },
        moved={
            "address": "the address as the key of the channel",
            "messages": "'message' in an operation",
            "security": "'x-security'",
        },
        guards=CHANNEL_GUARDS,
    ),
    "operation": Object(
        title="an operation",
        fields={
            **_OPERATION_TRAIT,
            "traits": Each(Use("operation trait")),
            "message": _MESSAGE,
            **_OPERATION_EXTENSIONS,
        },
    ),
    "operation trait": Object(
        title="an operation trait",
        fields={**_OPERATION_TRAIT, **_OPERATION_EXTENSIONS},
        guards=frozenset({"security", "x-scopes"}),
    ),
    "message": Object(
        title="a message",
        fields={
            **_MESSAGE_TRAIT,
            "payload": ANYTHING,  # see the check
            "traits": Each(Use("message trait")),
            "oneOf": Each(_MESSAGE),
        },
        checks=(_only_the_list_counts, payload_is_a_schema, headers_are_an_object, is_a_message),
        moved={"security": "'x-scopes', beside 'security' of the operation or the server"},
        guards=frozenset({"x-scopes", "x-rate"}),
    ),
    "message trait": Object(
        title="a message trait",
        fields=_MESSAGE_TRAIT,
        checks=(headers_are_an_object,),
        guards=frozenset({"x-scopes", "x-rate"}),
    ),
    "parameter": Object(
        title="a parameter",
        fields={"description": STRING, "schema": SCHEMA, "location": RUNTIME_EXPRESSION},
        guards=frozenset({"schema"}),
    ),
    "channel bindings": Object(
        title="the bindings object",
        open=True,
        fields=dict.fromkeys(WS_ALIASES, Use("ws", code="BINDING")),
        checks=(ws_is_spelt_right, other_bindings_are_not_ours),
        guards=frozenset(WS_ALIASES),
    ),
    "bindings": Object(
        title="the bindings object",
        open=True,
        fields={},
        checks=(handshake_is_the_channels, bindings_are_not_ours),
    ),
    "security scheme": scheme_fields(),
    "components": Object(
        title="the components object",
        fields={
            **_components(
                schemas=SCHEMA,
                messages=_MESSAGE,
                securitySchemes=Use("security scheme"),
                parameters=Use("parameter"),
                correlationIds=Use("correlationId"),
                operationTraits=Use("operation trait"),
                messageTraits=Use("message trait"),
                serverBindings=_BINDINGS,
                channelBindings=Use("channel bindings"),
                operationBindings=_BINDINGS,
                messageBindings=_BINDINGS,
            ),
            "servers": Since(3, Entries(Use("server"), keys=COMPONENT_KEY, what="component name")),
            "channels": Since(3, Entries(Use("channel"))),
            "serverVariables": Since(4, Entries(Use("variable"), keys=COMPONENT_KEY, what="component name")),
            "x-messageAcks": Ours(Entries(MESSAGE_EXTENSIONS["x-ack"])),
            "x-rates": Ours(Entries(Use("x-rate"))),
        },
    ),
}
