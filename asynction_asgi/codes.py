"""What the codes of diagnostics and refusals mean, for ``check --explain`` and the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reasons import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CODES", "DIAGNOSTICS", "REFUSALS"]

# By what a diagnostic is about.
DIAGNOSTICS: Mapping[str, Mapping[str, str]] = {
    "the text": {
        "YAML_SYNTAX": "neither YAML 1.2 nor JSON",
        "YAML_TAG": "a tag with no meaning here",
        "YAML_KEY": "a key that is not a string, or not usable as one",
        "YAML_DUPLICATE_KEY": "a key occurs twice in one mapping",
        "YAML_RECURSIVE_ALIAS": "an alias contains itself",
    },
    "AsyncAPI": {
        "NOT_OBJECT": "the document is not an object",
        "VERSION": "`asyncapi` is missing, or the version is not supported",
        "REQUIRED": "a required field is missing",
        "TYPE": "a value of the wrong type",
        "ENUM": "a value that is not one of those allowed",
        "UNKNOWN_FIELD": "a field that AsyncAPI does not have there",
        "UNKNOWN_EXTENSION": "an `x-` key that looks like a misspelt extension of this package; common misspellings still work",
        "MESSAGE_NOT_OBJECT": "a message is not an object",
        "DUPLICATE_ID": "an id, or an entry of a list, occurs twice",
        "BINDING": "a WebSocket binding that can't be enforced",
    },
    "references": {
        "REF_TYPE": "`$ref` is not a string, is not allowed here, or has siblings that it overrides",
        "REF_FILE": "a file that can't be read",
        "REF_REMOTE": "a reference over the network, which is never followed; see `--schemas`",
        "REF_ANCHOR": "an anchor that is not there",
        "REF_ID": "a name that two schemas have, that is not allowed, or that differs from the one of a reference",
        "REF_POINTER": "not a JSON Pointer",
        "REF_DANGLING": "a reference that resolves to nothing",
        "REF_CYCLE": "references that form a cycle and never reach a value",
    },
    "schemas": {
        "SCHEMA_TYPE": "a schema that is neither an object nor a boolean",
        "SCHEMA": "a schema that is invalid or can't be enforced",
        "SLOW": "a pattern, or a number of alternatives or schemas for one place, that can make a value cost more than a microsecond per byte; the message says what to write instead",
        "DIALECT": "a `$schema` or version that is not known, or that contradicts the `schemaFormat`",
        "MULTIFORMAT": "a `schemaFormat` that is not validated, or a payload that mixes both forms",
    },
    "events": {
        "EXAMPLE": "an example of a message that does not match its payload or headers",
        "EVENT_NAME": "a message without a name, so that no event can carry it",
        "RESERVED_EVENT": "a name that belongs to the protocol",
        "DUPLICATE_EVENT": "an event declared twice with different definitions",
        "NAMESPACE_PREFIXED": "a namespace without its leading `/`, which was added",
        "AMBIGUOUS_NAMESPACE": "two dynamic namespaces of one shape",
        "CHANNELS": "no channel is served, or each event has a channel of its own",
        "CHANNEL": "a channel that no operation uses, or that lacks a parameter which it declares",
        "CHANNEL_QUERY": "a channel with a query string",
        "SERVER_UNKNOWN": "no server of that name, no server with a usable protocol, or several that differ",
        "ADDRESS": "an address that is not a URI template, has parameters that can't be served, or can't be a reply's",
        "RATE": "`x-rate` on what clients do not emit, without an address, out of range, or by user where clients need not have one",
        "RECOVERY_AUTH": "`x-recovery` beside an `x-auth` that declares `pid` or `offset`, which clients need for themselves",
        "RECOVERY_EVENT": "`x-recovery` with `offset: event` beside a declared event `~`",
    },
    "operations of AsyncAPI 3": {
        "ACTION": "`action` is not `receive` or `send`",
        "OP_CHANNEL": "not a reference to a channel",
        "OP_MESSAGES": "not references to messages of the channel; or a message that no operation refers to",
        "OP_MESSAGE_NOT_IN_CHANNEL": "a message of another channel",
        "CHANNEL_NO_ADDRESS": "an operation's channel has no address",
    },
    "handlers": {
        "HANDLER": "missing, not importable, never called, or for an event that the document does not declare",
        "HANDLER_CONFLICT": "operation and message name different handlers",
        "TYPE_MISMATCH": "a parameter's or an answer's type contradicts the document; a warning if it only drops members or can't be resolved",
        "ARITY": "takes fewer or more arguments than the event carries",
    },
    "the mock": {
        "UNSATISFIABLE": "a schema for which no value was found",
        "MOCK": "`x-mock` is not an object, or does not fit its event; a warning if nothing is mocked",
    },
    "security": {
        "SECURITY_UNDEFINED": "a scheme that the document does not define",
        "SECURITY_SCOPE": "scopes that the scheme does not take",
        "SECURITY_SHAPE": "a requirement of the wrong shape",
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
