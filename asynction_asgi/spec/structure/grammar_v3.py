"""The objects of AsyncAPI 3.0 and 3.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..schemas.multi_format import is_multi_format
from .extensions import CHANNEL_EXTENSIONS, MESSAGE_EXTENSIONS, REQUIREMENT, SCOPES, Ours
from .grammar import ANYTHING, BOOLEAN, OBJECT, SCHEMA, STRING, Each, Entries, Fits, Object, Use
from .grammar_shared import (
    CHANNEL_GUARDS,
    COMPONENT_KEY,
    RUNTIME_EXPRESSION,
    SHARED,
    STRINGS,
    URI,
    bindings_are_not_ours,
    flows,
    handshake_is_the_channels,
    headers_are_an_object,
    is_a_message,
    other_bindings_are_not_ours,
    scheme_fields,
)

if TYPE_CHECKING:
    from ..text.document import Node
    from .walk import JsonSchema, Refer, Rule, Walk

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PROTOCOLS = (
    *("http", "ws", "kafka", "anypointmq", "amqp", "amqp1", "mqtt", "mqtt5", "nats", "jms", "sns", "solace"),
    *("sqs", "stomp", "redis", "mercure", "ibmmq", "googlepubsub", "pulsar", "ros2"),
)


@dataclass(frozen=True, slots=True)
class _AnySchema:
    """A schema, or a Multi Format Schema Object, which says what kind of schema it holds."""

    def check(self, walk: Walk, node: Node) -> None:
        target = walk.follow(node)
        value = target.value if target is not None else None
        if (
            target is None
            or not isinstance(value, dict)
            or not ("schemaFormat" in value or is_multi_format(value))
        ):
            SCHEMA.check(walk, node)
        elif "schema" not in value:
            walk.error(target, "MULTIFORMAT", "schemaFormat needs a 'schema' beside it, which is missing")
        elif not isinstance(value.get("schemaFormat", ""), str):
            walk.error(target.child("schemaFormat"), "MULTIFORMAT", "must be a string")
        else:
            walk.extensions("a Multi Format Schema", [target])
            walk.formatted_schema(target.child("schema"), target.get("schemaFormat"))

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return what every schema is; one that says its format holds another one."""
        return {
            "if": {"type": "object", "required": ["schemaFormat"], "not": {"required": ["$ref"]}},
            "then": {"properties": {"schemaFormat": {"type": "string"}}, "required": ["schema"]},
            "else": SCHEMA.as_schema(refer),
        }


def _enum_admits_something(walk: Walk, parameter: Node) -> None:
    if parameter.value.get("enum") == []:
        walk.refuse(
            parameter.child("enum"), "ENUM", "an empty enum admits no value; list the values, or leave it out"
        )


_ANY_SCHEMA: Rule = _AnySchema()
_TAGS = Each(Use("tag"), unique="name")
_DOCS = Use("externalDocs")
_SECURITY = Each(REQUIREMENT)
_BINDINGS = Use("bindings")
_PROSE: dict[str, Rule] = dict.fromkeys(("title", "summary", "description"), STRING)
_MESSAGE_REFERENCES = Each(Use("message", "only", "OP_MESSAGES"), code="OP_MESSAGES")

_OPERATION_TRAIT: dict[str, Rule] = {
    **_PROSE,
    "security": _SECURITY,
    "tags": _TAGS,
    "externalDocs": _DOCS,
    "bindings": _BINDINGS,
    **{key: MESSAGE_EXTENSIONS[key] for key in ("x-handler", "x-ack", "x-ordering", "x-scopes")},
}
_MESSAGE_TRAIT: dict[str, Rule] = {
    "headers": _ANY_SCHEMA,
    "correlationId": Use("correlationId"),
    "contentType": STRING,
    "name": STRING,
    **_PROSE,
    "tags": _TAGS,
    "externalDocs": _DOCS,
    "bindings": _BINDINGS,
    "examples": Each(Use("example", "no")),
    **MESSAGE_EXTENSIONS,
}


def _components(**kinds: Rule) -> dict[str, Rule]:
    return {name: Entries(rule, keys=COMPONENT_KEY, what="component name") for name, rule in kinds.items()}


TABLE: dict[str, Object] = {
    **SHARED,
    **flows("availableScopes"),
    "root": Object(
        title="an AsyncAPI document",
        fields={
            "asyncapi": ANYTHING,  # checked before the table is chosen
            "id": URI,
            "info": Use("info", "no"),
            "servers": Entries(Use("server"), keys=_NAME, what="server name"),
            "defaultContentType": STRING,
            "channels": Entries(Use("channel", code="CHANNEL"), code="CHANNELS", extensions=True),
            "operations": Entries(Use("operation"), extensions=True),
            "components": Use("components", "no"),
        },
        required={"info": "REQUIRED"},
        moved={
            "tags": "'tags' in the info",
            "externalDocs": "'externalDocs' in the info",
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
            "tags": _TAGS,
            "externalDocs": _DOCS,
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
            **dict.fromkeys(("host", "pathname", "protocol", "protocolVersion"), STRING),
            **_PROSE,
            "variables": Entries(Use("variable")),
            "security": _SECURITY,
            "tags": _TAGS,
            "externalDocs": _DOCS,
            "bindings": _BINDINGS,
            "x-scopes": SCOPES,
        },
        required={"host": "REQUIRED", "protocol": "REQUIRED"},
        moved={"url": "'host' and 'pathname'"},
        guards=frozenset({"security", "x-scopes"}),
    ),
    "channel": Object(
        title="a channel",
        fields={
            "address": Fits((str, type(None)), code="ADDRESS"),
            "messages": Entries(Use("message", code="MESSAGE_NOT_OBJECT")),
            **_PROSE,
            "servers": Each(Use("server", "only")),
            "parameters": Entries(Use("parameter"), keys=_NAME, what="parameter name"),
            "tags": _TAGS,
            "externalDocs": _DOCS,
            "bindings": Use("channel bindings"),
            **CHANNEL_EXTENSIONS,
        },
        moved={
            **dict.fromkeys(("publish", "subscribe"), "an operation in the root's 'operations'"),
            "security": "'x-security'",
        },
        guards=CHANNEL_GUARDS,
    ),
    "operation": Object(
        title="an operation",
        fields={
            "action": Fits((str,), ("receive", "send"), code="ACTION"),
            "channel": Use("channel", "only", "OP_CHANNEL"),
            "messages": _MESSAGE_REFERENCES,
            "reply": Use("reply"),
            "traits": Each(Use("operation trait")),
            **_OPERATION_TRAIT,
        },
        required={"action": "ACTION", "channel": "OP_CHANNEL"},
        moved={"message": "'messages', a list of references", "operationId": "the operation's key"},
        guards=frozenset({"security", "x-scopes"}),
    ),
    "operation trait": Object(
        title="an operation trait", fields=_OPERATION_TRAIT, guards=frozenset({"security", "x-scopes"})
    ),
    "reply": Object(
        title="a reply",
        fields={
            "address": Use("reply address"),
            "channel": Use("channel", "only", "OP_CHANNEL"),
            "messages": _MESSAGE_REFERENCES,
            "x-ack": Ours(BOOLEAN),
        },
    ),
    "reply address": Object(
        title="a reply address",
        fields={"location": RUNTIME_EXPRESSION, "description": STRING},
        required={"location": "REQUIRED"},
    ),
    "message": Object(
        title="a message",
        fields={**_MESSAGE_TRAIT, "payload": _ANY_SCHEMA, "traits": Each(Use("message trait"))},
        checks=(headers_are_an_object, is_a_message),
        moved={
            "schemaFormat": "'schemaFormat' and 'schema' in the payload",
            "messageId": "the message's key in the channel",
            "oneOf": "each message in the channel's 'messages'",
            "security": "'x-scopes', beside 'security' of the operation or the server",
        },
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
        fields={
            "enum": STRINGS,
            "default": STRING,
            "description": STRING,
            "examples": STRINGS,
            "location": RUNTIME_EXPRESSION,
        },
        checks=(_enum_admits_something,),
        moved={"schema": "'enum', 'default' and 'examples'; the value is a string"},
        guards=frozenset({"enum"}),
    ),
    "channel bindings": Object(
        title="the bindings object",
        fields={**dict.fromkeys(_PROTOCOLS, OBJECT), "ws": Use("ws", code="BINDING")},
        checks=(other_bindings_are_not_ours,),
        moved=dict.fromkeys(("socket.io", "socketio"), "'ws'"),
        guards=frozenset({"ws"}),
    ),
    "bindings": Object(
        title="the bindings object",
        fields=dict.fromkeys(_PROTOCOLS, OBJECT),
        checks=(handshake_is_the_channels, bindings_are_not_ours),
    ),
    "security scheme": scheme_fields(scopes=STRINGS),
    "components": Object(
        title="the components object",
        fields={
            **_components(
                schemas=_ANY_SCHEMA,
                servers=Use("server"),
                operations=Use("operation"),
                securitySchemes=Use("security scheme"),
                serverVariables=Use("variable"),
                parameters=Use("parameter"),
                correlationIds=Use("correlationId"),
                replies=Use("reply"),
                replyAddresses=Use("reply address"),
                externalDocs=_DOCS,
                tags=Use("tag"),
                operationTraits=Use("operation trait"),
                messageTraits=Use("message trait"),
                serverBindings=_BINDINGS,
                channelBindings=Use("channel bindings"),
                operationBindings=_BINDINGS,
                messageBindings=_BINDINGS,
            ),
            # Generators name these after events and paths, in any characters.
            "channels": Entries(Use("channel")),
            "messages": Entries(Use("message", code="MESSAGE_NOT_OBJECT")),
            "x-messageAcks": Ours(Entries(MESSAGE_EXTENSIONS["x-ack"])),
            "x-rates": Ours(Entries(Use("x-rate"))),
        },
    ),
}
