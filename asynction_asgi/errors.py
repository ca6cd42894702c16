"""Exceptions that users can catch, and the diagnostics that authors read.

The public API raises no third-party exception: each is converted into one of these at the seam.
Errors are split by who must act: the author of the document (`SpecError`), the author of the
handlers (`BindingError`), or the peer (`ValidationError`, `RefusedError`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from logging import Logger

    from .reasons import Credential

Severity = Literal["error", "warning"]
Layer = Literal["document", "service"]
Direction = Literal["inbound", "outbound"]
Part = Literal["arguments", "ack", "auth", "query", "headers"]

GIVEN_UP = "the connection was given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding about a document, with its place.

    Attributes:
        severity: An ``error`` stops the load, a ``warning`` does not.
        code: One of the stable upper-case codes that the documentation lists.
        message: One sentence, with "did you mean" where that helps.
        pointer: JSON Pointer (RFC 6901) into `file`; ``""`` is the whole document.
        file: Path as the author would type it, or None for a document given as a mapping.
        line: 1-based, or None if there is no text.
        column: 1-based, or None if there is no text.
        source: The line of text that the finding is about, so that a caret can be put under it.
        layer: ``document``: not AsyncAPI. ``service``: legal, but can't be served over Socket.IO.
    """

    severity: Severity
    code: str
    message: str
    pointer: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    source: str | None = None
    layer: Layer = "document"

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known; the pointer if there is no text."""
        if self.line is None:
            return f"{self.file or 'document'}{self.pointer and f'#{self.pointer}'}"
        return f"{self.file or 'document'}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return printable(f"{self.place}: {self.severity}: {self.message} [{self.code}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One way in which a value does not match its schema.

    Attributes:
        pointer: JSON Pointer into the value; for events, into the list of arguments.
        keyword: The JSON Schema keyword that failed, such as ``minLength``.
        message: Of bounded length, and without the peer's own values.
    """

    pointer: str
    keyword: str
    message: str

    def as_json(self) -> dict[str, str]:
        """Return the violation as a refusal carries it."""
        return {"pointer": self.pointer, "keyword": self.keyword, "message": self.message}


class AsynctionError(Exception):
    """The base class of exceptions about documents, clients, events and the message queue.

    A mistake in a call raises Python's own, such as TypeError or ValueError for an option.
    """


class _DiagnosedError(AsynctionError):
    _outcome: ClassVar[str]

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        # A traceback puts the exception's name before the first line.
        head = f"{self._outcome}:\n" if len(self.diagnostics) > 1 else ""
        return head + "\n".join(str(diagnostic) for diagnostic in self.diagnostics)


class SpecError(_DiagnosedError):
    """The document can't be loaded or can't be served; nothing was started.

    Attributes:
        diagnostics: Every finding of the load, errors and warnings, in document order.
    """

    _outcome = "the document can't be served"


class BindingError(_DiagnosedError):
    """Handlers can't be attached to the document; nothing was started.

    Attributes:
        diagnostics: One per handler that is missing, not importable or of the wrong arity.
    """

    _outcome = "handlers can't be attached to the document"


class DisconnectedError(AsynctionError, ConnectionError):
    """The client is not connected, or it disconnected before it answered.

    Attributes:
        sid: The client's id.
        namespace: The namespace in which it was called.
    """

    def __init__(self, sid: str, namespace: str) -> None:
        self.sid = sid
        self.namespace = namespace
        super().__init__(sid, namespace)

    def __str__(self) -> str:
        return f"client {self.sid} is not connected to {self.namespace}"


class UnknownSocketError(AsynctionError, KeyError):
    """The client is not connected to this process; only the process that holds the connection knows its rooms and session.

    Attributes:
        sid: The client's id.
        namespace: The namespace in which it was looked for.
    """

    def __init__(self, sid: str, namespace: str) -> None:
        self.sid = sid
        self.namespace = namespace
        super().__init__(sid, namespace)

    def __str__(self) -> str:
        return (
            f"client {self.sid} is not connected to {self.namespace} in this process, and only its own process"
            " has its rooms and session; app.find(sid) finds it in any"
        )


class QueueError(AsynctionError, ConnectionError):
    """The message queue or another process did not answer, or the broker refused the message.

    The message says whether anything was sent, which may be unknown.
    """


class NoAnswerError(AsynctionError, TimeoutError):
    """The client did not answer in time.

    Attributes:
        sid: The client's id.
        namespace: The namespace in which it was called.
        event: The event that it did not answer.
        displaced: Whether the wait ended early, because this was the oldest of more than
            `Limits.pending_acks` unanswered questions to the client.
    """

    def __init__(self, sid: str, namespace: str, event: str, *, displaced: bool = False) -> None:
        self.sid = sid
        self.namespace = namespace
        self.event = event
        self.displaced = displaced
        super().__init__(sid, namespace, event)

    def __str__(self) -> str:
        if self.displaced:
            return (
                f"client {self.sid} of {self.namespace} exceeded pending_acks unanswered calls;"
                f" gave up on the oldest, {self.event!r}"
            )
        return f"client {self.sid} of {self.namespace} did not answer {self.event!r} in time"


class RefusedError(AsynctionError):
    """The peer is refused; raise it in a handler to answer with a code and message of your own.

    Attributes:
        code: A stable word for programs, such as ``forbidden``.
        message: A sentence for people; the peer receives it.
        details: One entry per violation; empty if there is no place to point at.
        ref: Finds the refusal in the server's log, or None if it was not logged.
        retry_after: Seconds after which the peer may try again, or None if waiting does not help.

    Raises:
        TypeError: `code` or `message` is not a string.
    """

    code = "refused"

    def __init__(
        self,
        code: str | None = None,
        message: str = "",
        *,
        details: Iterable[Violation] = (),
        ref: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        if code is not None:
            self.code = code
        for name, value in (("code", self.code), ("message", message)):
            if not isinstance(value, str):
                raise TypeError(f"the {name} of a refusal is a text, not {type(value).__name__}; use str(…)")
        self.message = message or self.code.replace("_", " ")
        self.details: tuple[Violation, ...] = tuple(details)
        self.ref = ref
        self.retry_after = retry_after
        super().__init__(self.code, self.message)

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"

    def as_json(self) -> dict[str, Any]:
        """Return the body of the standard refusal: the value of ``error``."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            body["details"] = [violation.as_json() for violation in self.details]
        if self.retry_after is not None:
            body["retryAfter"] = self.retry_after
        if self.ref is not None:
            body["ref"] = self.ref
        return body


class UndeclaredNamespaceError(RefusedError):
    """The document declares no namespace of this address; the client was refused."""

    code = "forbidden"

    def __init__(self) -> None:
        super().__init__(message="Invalid namespace")  # the words of every Socket.IO server


class LimitError(RefusedError):
    """The peer exceeded a limit of the server.

    Attributes:
        limit: Its name and value, for the log.
    """

    code = "rate_limited"

    def __init__(
        self, limit: str, message: str, *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(code, message, retry_after=retry_after)
        self.limit = limit


class SecurityError(RefusedError):
    """The peer is not authenticated (``unauthorized``) or lacks the permission (``forbidden``).

    Attributes:
        scheme: The security scheme whose credential was refused, or None if it is not known.
        reason: Why, or None if the function that refused it did not say. Like `detail`, never sent to the peer.
        detail: The same in words, without anything of the credential; ``""`` if there is none.
    """

    code = "unauthorized"

    def __init__(
        self,
        code: str | None = None,
        message: str = "",
        *,
        details: Iterable[Violation] = (),
        ref: str | None = None,
        scheme: str | None = None,
        reason: Credential | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(code, message, details=details, ref=ref)
        self.scheme = scheme
        self.reason = reason
        self.detail = detail


class ValidationError(RefusedError):
    """A value does not match the document.

    Raised to the caller if the server sends the value, and answered as a refusal if a peer sends it.

    Attributes:
        namespace: The Socket.IO namespace, such as ``/chat``.
        event: The event's name, or None in a handshake.
        part: Which value: ``arguments``, ``ack``, ``auth``, ``query`` or ``headers``.
        direction: ``inbound`` is from client to server.
        pointer: Of the first violation.
        keyword: Of the first violation.
        advice: What to change in the code that made the value; ``""`` if there is none. Not sent to a peer.
    """

    code = "invalid_payload"
    part: Part = "arguments"

    def __init__(
        self,
        *,
        namespace: str,
        event: str | None,
        direction: Direction,
        violations: Iterable[Violation] = (),
        part: Part | None = None,
        message: str = "",
        advice: str = "",
    ) -> None:
        self.namespace = namespace
        self.event = event
        self.direction: Direction = direction
        if part is not None:
            self.part = part
        details = tuple(violations)
        self.pointer = details[0].pointer if details else ""
        self.keyword = details[0].keyword if details else ""
        self.advice = advice
        super().__init__(message=message or _summary(self.part, details), details=details)

    def __str__(self) -> str:
        what = f"event {shorten(self.event)!r}" if self.event is not None else "handshake"
        if self.part == "ack":
            what = f"ack of {what}"
        where = f"namespace {shorten(self.namespace)!r}"
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.direction} {what} of {where}: {self.message}{advice} [{self.code}]"


class PayloadValidationError(ValidationError):
    """An event's arguments don't match the document; the event was not delivered."""


class AckValidationError(ValidationError):
    """An acknowledgement doesn't match the document; it was not delivered."""

    code = "invalid_ack"
    part: Part = "ack"


class HandshakeValidationError(ValidationError):
    """Query, headers or auth of a CONNECT don't match the document; the client was refused."""

    code = "invalid_handshake"
    part: Part = "auth"


class UndeclaredEventError(ValidationError):
    """The document declares no such event in this namespace and direction; nothing was sent."""

    code = "unknown_event"


def _summary(part: str, details: tuple[Violation, ...]) -> str:
    if not details:
        return f"{part} not accepted"
    first = details[0]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{part}{first.pointer}: {first.message}{more}"


def printable(text: str) -> str:
    """Return text that can't move a terminal's cursor, hide a part of itself or run over its line."""
    if text.isprintable():
        return text
    return "".join(
        " " if char == "\t" else char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def shorten(text: str, most: int = 100) -> str:
    """Return the first `most` characters of a text, with "…" in place of the rest."""
    return text if len(text) <= most else f"{text[:most]}…"


def new_ref() -> str:
    """Return a new reference, by which a refusal is found in the log."""
    return secrets.token_hex(6)


def internal_error(
    what: str,
    error: BaseException | None,
    log: Logger | None,
    *,
    ref: str | None = None,
    about: Mapping[str, Any] | None = None,
) -> RefusedError:
    """Log a failure under a reference, and return the refusal that carries only this reference.

    Args:
        what: What failed and how, such as ``handler of 'chat' in / failed``; it does not reach the peer.
        error: Logged with its traceback, or None if a traceback says nothing about the failure.
        log: Where the failure is logged, or None if user code has dealt with it.
        ref: The reference, or None for a new one.
        about: What else is known, for formatters that keep it apart.
    """
    ref = ref or new_ref()
    if log is not None:
        log.error("%s [ref %s]", what, ref, exc_info=error, extra={**(about or {}), "ref": ref})
    return RefusedError("internal_error", "the server failed to handle this", ref=ref)


def refusal(error: RefusedError) -> Mapping[str, Any]:
    """Return the standard refusal, as it travels in an ack or an ``exception`` event."""
    return {"error": error.as_json()}
