"""What the codes of diagnostics and refusals mean, for ``check --explain`` and the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reasons import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

# By what a diagnostic is about.
DIAGNOSTICS: Mapping[str, Mapping[str, str]] = {
    "the text": {
        "YAML_SYNTAX": "neither YAML 1.2 nor JSON; correct it where the caret points, or in the line before",
        "YAML_TAG": "a tag with no meaning here; remove it",
        "YAML_KEY": "a key that is not a string, or not usable as one; put it in quotes, without a tag",
        "YAML_DUPLICATE_KEY": "a key occurs twice in one mapping; keep one of them",
        "YAML_RECURSIVE_ALIAS": "an alias contains itself, or aliases expand to too much; use `$ref` instead",
    },
    "AsyncAPI": {
        "NOT_OBJECT": "the document is not an object; begin it with `asyncapi: 3.0.0`",
        "VERSION": "`asyncapi` is missing, or the version is not supported; the message says which are",
        "REQUIRED": "a required field is missing; add it",
        "TYPE": "a value of the wrong type, or out of range; the message says what it must be",
        "ENUM": "a value that is not one of those allowed; use one that the message lists",
        "UNKNOWN_FIELD": "a field that AsyncAPI or the extension does not have there; correct its name, move it, or remove it",
        "UNKNOWN_EXTENSION": "an `x-` key that looks like a misspelt extension of this package, or has no effect there; correct its name, or move it. Common misspellings still work",
        "MESSAGE_NOT_OBJECT": "a message is not an object; write its name and payload, or a `$ref`",
        "DUPLICATE_ID": "an id, or an entry of a list, occurs twice; rename or remove one",
        "BINDING": "a WebSocket binding that can't be enforced; write what the message says instead",
    },
    "references": {
        "REF_TYPE": "`$ref` is not a string, is not allowed here, or has siblings that it overrides; move these to its target, or write the object here instead",
        "REF_FILE": "a file that can't be read; correct its path, which is relative to the file with the reference",
        "REF_REMOTE": "a reference over the network, which is never followed; see `--schemas`",
        "REF_ANCHOR": "an anchor that is not there; correct its name, or declare it with `$anchor`",
        "REF_ID": "a name that two schemas have, or that is not allowed; give each an `$id` or `$anchor` of its own",
        "REF_POINTER": "not a JSON Pointer; begin it with `#/`, and write `~1` for `/` and `~0` for `~` within a name",
        "REF_DANGLING": "a reference that resolves to nothing; correct it, or add its target",
        "REF_CYCLE": "references that form a cycle and never reach a value; replace one of them by the value",
    },
    "schemas": {
        "SCHEMA_TYPE": "a schema that is neither an object nor a boolean; write an object, such as `{type: string}`",
        "SCHEMA": "a schema that is invalid or can't be enforced; the message says what the keyword must be",
        "SLOW": "a pattern, or a number of alternatives or schemas for one place, that can make a value cost more than a microsecond per byte; the message says what to write instead",
        "DIALECT": "a `$schema` or version that is not known, or that contradicts the `schemaFormat`; use a known one, or remove one of the two",
        "MULTIFORMAT": "a `schemaFormat` that is not validated, or a payload that mixes both forms; use JSON Schema, and in 3.x write `payload: {schemaFormat: …, schema: …}`",
    },
    "events": {
        "EXAMPLE": "an example of a message that does not match its payload or headers; correct whichever is wrong",
        "EVENT_NAME": "a message without a name, so that no event can carry it; add `name`",
        "RESERVED_EVENT": "a name that belongs to the protocol; rename the event, or declare connecting and disconnecting in `x-handlers`",
        "DUPLICATE_EVENT": "an event declared twice with different definitions; keep one, or rename one",
        "NAMESPACE_PREFIXED": "a namespace without its leading `/`, which was added; write it in the document",
        "AMBIGUOUS_NAMESPACE": "two dynamic namespaces of one shape; make a fixed part of their addresses differ",
        "CHANNELS": "no channel is served, or each event has a channel of its own; a channel is a namespace, with all its events as messages",
        "CHANNEL": "a channel that no operation uses, or that lacks a parameter which it declares; add the operation or the parameter, or remove what is not used",
        "CHANNEL_QUERY": "a channel with a query string; declare the query in the channel's `bindings: {ws: {query: …}}`",
        "SERVER_UNKNOWN": "no server of that name, no server with a usable protocol, or several that differ; choose one with `--server-name` or `server_name=`",
        "ADDRESS": "an address that is not a URI template, has parameters that can't be served, or can't be a reply's; write a path such as `/rooms/{roomId}`",
        "RATE": "`x-rate` on what clients do not emit, without an address, out of range, or by user where clients need not have one; move it to a message that clients emit, or do what the message says",
        "RECOVERY_AUTH": "`x-recovery` beside an `x-auth` that declares `pid` or `offset`, which clients need for themselves; rename these members",
        "RECOVERY_EVENT": "`x-recovery` with `offset: event` beside a declared event `~`; rename the event, or use `offset: argument`",
    },
    "operations of AsyncAPI 3": {
        "ACTION": "`action` is not `receive` or `send`; write `receive` for what clients emit, and `send` for what the server emits",
        "OP_CHANNEL": "not a reference to a channel; write `channel: {$ref: '#/channels/…'}`",
        "OP_MESSAGES": "not references to messages of the channel; or a message that no operation refers to. Write `{$ref: '#/channels/…/messages/…'}`",
        "OP_MESSAGE_NOT_IN_CHANNEL": "a message of another channel; add it to the messages of the operation's channel, and refer to it there",
        "CHANNEL_NO_ADDRESS": "an operation's channel has no address; add one, such as `/`",
    },
    "handlers": {
        "HANDLER": "missing, not importable, never called, or for an event that the document does not declare; correct the dotted path, pass the handler in code, or declare the event",
        "HANDLER_CONFLICT": "operation and message name different handlers; a scheme has two verifiers; or code attaches two handlers to an event. Keep one",
        "TYPE_MISMATCH": "a parameter's or an answer's type contradicts the document; a warning if it only drops members, raises an error that is no refusal, or can't be resolved. Change the annotation or the schema",
        "ARITY": "takes fewer or more arguments than the event carries; take them all, end the parameters with `*arguments`, or give those that may be absent a default. A payload that is a tuple (`type: array` with `items: […]`) carries several arguments, and any other payload one",
    },
    "the mock": {
        "UNSATISFIABLE": "a schema for which no value was found; loosen keywords that contradict each other, or give the message an example",
        "MOCK": "`x-mock` is not an object, or does not fit its event; a warning if nothing is mocked. Write its `ack`, `emit`, `interval` and `weight` as the message says",
    },
    "security": {
        "SECURITY_UNDEFINED": "a scheme that the document does not define; add it to `components: {securitySchemes: …}`, or correct its name",
        "SECURITY_SCOPE": "scopes that the scheme does not take; use those of the scheme, or `x-scopes`",
        "SECURITY_SHAPE": "a requirement or an `x-jwt` of the wrong shape, or one that can't be enforced here; the message says what it must be",
    },
}
REFUSALS: Mapping[str, str] = {
    Code.INVALID_PAYLOAD: "the arguments do not match the document",
    Code.UNKNOWN_EVENT: "the document does not let clients emit this event",
    Code.RESERVED_EVENT: "the name belongs to the protocol, or is `*`",
    Code.INVALID_ACK: "the handler's answer does not match the document and was not sent",
    Code.INVALID_HANDSHAKE: "query, headers or auth do not match the document",
    Code.UNAUTHORIZED: "the client is not authenticated",
    Code.FORBIDDEN: "the client is not allowed to do this",
    Code.RATE_LIMITED: "the client exceeded a limit, or a rate of the document; `retryAfter`, if there, says when to try again",
    Code.PAYLOAD_TOO_LARGE: "the auth object exceeds a limit",
    Code.TIMEOUT: "a client that the handler called did not answer in time",
    Code.UNAVAILABLE: "nothing can handle this now, such as while the server stops",
    Code.INTERNAL_ERROR: "the server failed; the log has the details under `ref`",
}

# Of either kind.
CODES: Mapping[str, str] = {
    **{code: means for codes in DIAGNOSTICS.values() for code, means in codes.items()},
    **REFUSALS,
}
