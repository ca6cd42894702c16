"""The closed sets of reasons, by which logs, metrics and traces name what went wrong.

What clients send never adds a member, so that each set bounds the number of series and kinds of lines.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The codes of refusals that this package makes; handlers may raise others, which count as `OTHER`."""

    INVALID_PAYLOAD = "invalid_payload"
    UNKNOWN_EVENT = "unknown_event"
    RESERVED_EVENT = "reserved_event"
    INVALID_ACK = "invalid_ack"
    INVALID_HANDSHAKE = "invalid_handshake"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    INTERNAL_ERROR = "internal_error"
    OTHER = "other"

    @classmethod
    def of(cls, code: str) -> Code:
        """Return the member for the code of a refusal."""
        return _CODES.get(code, cls.OTHER)


_CODES = {code.value: code for code in Code}


class Close(StrEnum):
    """Why the server closed a connection because of what its client did or did not do."""

    SLOW_READER = "slow_reader"
    UNDECODABLE = "undecodable"
    TOO_LARGE = "too_large"
    SLOW_BODY = "slow_body"
    OVERLAP = "overlap"
    REFUSALS = "refusals"
    NO_NAMESPACE = "no_namespace"
    NO_PONG = "no_pong"
    BACKLOG = "backlog"
    CRASH = "crash"


class Rejection(StrEnum):
    """Why an HTTP request or the handshake of a WebSocket was rejected, before it belonged to a connection."""

    ORIGIN = "origin"
    VERSION = "version"
    TRANSPORT = "transport"
    DRAINING = "draining"
    UNKNOWN_SESSION = "unknown_session"
    TOO_LARGE = "too_large"
    SLOW_BODY = "slow_body"
    MALFORMED = "malformed"


class Credential(StrEnum):
    """Why a client's credential was refused; `REVOKED` is any refusal by the security function itself."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    CLAIMS = "claims"
    REVOKED = "revoked"
    SCOPE = "scope"
    OTHER_USER = "other_user"


class Connect(StrEnum):
    """Why a connection to a namespace was refused, where the code alone does not say it."""

    UNDECLARED = "undeclared"


class Dropped(StrEnum):
    """Why a message of the queue was not taken; the values are what logs, `Queue.dropped` and metrics say."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    WRONG_SIGNATURE = "wrong signature"
    TOO_OLD = "too old"
    REPEATED = "repeated"
    NOT_UTF_8 = "not UTF-8"
    NOT_JSON = "not JSON"
    MALFORMED = "malformed"
    NOT_ALLOWED = "not allowed by the document"
    ROOM_CALLBACK = "callback for a room"
    UNASKED = "unasked"
    ANSWER_WITHOUT_FORM = "an answer without a form on the queue"


class Lost(StrEnum):
    """Why a queue message did not reach every process; what each means is in `Queue.lost`."""

    OUTAGE = "outage"
    MISSED = "missed"
    RETENTION = "retention"
    REFUSED = "refused"


class Unanswered(StrEnum):
    """Why an emitted event received no valid acknowledgement."""

    INVALID = "invalid"
    TIMEOUT = "timeout"
    GONE = "gone"
    DISPLACED = "displaced"
