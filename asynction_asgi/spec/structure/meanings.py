"""What each of our extensions means, in a sentence, for editors and the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "x-handler": "The function that handles this event, as package.module.name or package.module:Class.method.",
    "x-ack": "What the acknowledgement carries: {args: schema}, a schema, a message, true for anything, or false for nothing.",
    "x-positional": "Whether an array in the payload is the list of arguments; without it, the schema decides.",
    "x-ordering": "Whether this event waits for earlier ones of its client (serial) or runs beside them (concurrent).",
    "x-reauth": "Whether the first argument of this event is a new auth object, which extends the session.",
    "x-scopes": "Scopes that a client needs here, besides those of the security requirements; of any scheme.",
    "x-trace": "Where the arguments have traceparent and tracestate, as a JSON Pointer such as /0/meta.",
    "x-rate": "How often clients may emit this event, or all events of a channel together: an object with limit, per, burst and by.",
    "x-mock": "What the mock answers (ack) and emits after this event (emit), and how often it emits it (interval, weight).",
    "x-deprecated": "Whether the event goes away: typed clients mark it, and diff takes its removal for announced.",
    "x-handlers": "The functions for connect, disconnect, error and *, or a class whose methods handle the namespace.",
    "x-auth": "The schema of the auth object with which a client joins this namespace.",
    "x-security": "The security requirements of this namespace, as a server has them.",
    "x-recovery": "Whether clients that return get what they missed: true, or an object with seconds, events, bytes and offset.",
    "x-basicInfoFunc": "The function (username, password) that returns what is known about the client, or None.",
    "x-bearerInfoFunc": "The function (token) that returns what is known about the client, or None.",
    "x-apiKeyInfoFunc": "The function (key) that returns what is known about the client, or None.",
    "x-tokenInfoFunc": "The function (token) that returns what is known about the client, or None.",
    "x-x509InfoFunc": "The function (certificate) that returns what is known about the client, or None.",
    "x-scopeValidateFunc": "The function (required, granted) that returns whether the scopes suffice.",
    "x-authField": "The member of the auth object that may hold the credential, by its name or by a JSON Pointer.",
    "x-jwt": "How JSON Web Tokens are verified: issuer, audience, jwks, secretEnv, algorithms and leeway.",
    "x-messageAcks": "Acknowledgements by name, for x-ack to refer to.",
    "x-rates": "Rates by name, for x-rate to refer to.",
}
