"""The compiled contract: immutable, handler-free, shared by every surface.

Nothing here imports python-socketio or Starlette, so a document can be compiled,
checked and rendered without starting a server or importing user code.
AsyncAPI's own words end at the readers; from here on it is namespaces, events and acks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ...errors import Diagnostic
    from ..schemas import Bundle
    from ..text.document import Node
    from ..text.references import Resolver

ArgumentsKind = Literal["any", "single", "positional", "opaque", "union"]
Ordering = Literal["concurrent", "serial"]
Counted = Literal["connection", "user", "address"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a list of arguments on the wire must look like; of an event or of its ack.

    Attributes:
        kind: ``any`` is unchecked, ``single`` is exactly one argument matching `schema`,
            ``positional`` is the list itself matching `schema`, ``opaque`` is a schema format
            that is not validated, ``union`` is one of `of`.
        minimum: Fewest arguments that can be valid.
        maximum: Most arguments that can be valid; None is unbounded.
        ranges: Of ``positional``: fewest and most arguments of each alternative of the schema.
        schema: The schema with references followed; None for ``any`` and ``union``.
        of: The alternatives of a ``union``.
    """

    kind: ArgumentsKind
    minimum: int = 0
    maximum: int | None = None
    ranges: tuple[tuple[int, int | None], ...] = ()
    schema: Node | None = None
    of: tuple[Arguments, ...] = ()

    def schemas(self) -> Iterator[Node]:
        """Yield the schemas that values are checked against."""
        if self.kind in {"single", "positional"} and self.schema is not None:
            yield self.schema
        for alternative in self.of:
            yield from alternative.schemas()


ANY = Arguments(kind="any")
OFFSET_EVENT = "~"  # carries the offset of the event before it, with ``x-recovery: {offset: event}``
DEFAULT_PATH = "/socket.io"  # of Engine.IO, unless the document names another
ANY_NAMESPACE = "*"  # the name of a channel without an address: its events hold in every namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerName:
    """A handler's dotted path and where the document says so."""

    path: str
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One scheme that a client must satisfy, with the scopes it must hold."""

    scheme: str
    scopes: tuple[str, ...] = ()


# OR across the outer tuple, AND within an inner one; an inner empty tuple admits anybody.
Security = tuple[tuple[Requirement, ...], ...]


def is_required(security: Security | None) -> bool:
    """Return whether a client without credentials is refused."""
    return bool(security) and all(security or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often clients may emit, by ``x-rate``.

    Attributes:
        limit: Events in `per` seconds.
        per: Seconds.
        burst: Events that may come at once, at least 1.
        by: Whose events are counted together.
        node: Where it is declared.
    """

    limit: float
    per: float = 1
    burst: float
    by: Counted = "connection"
    node: Node = field(compare=False, repr=False)

    @property
    def has_usual_burst(self) -> bool:
        """Whether `burst` is the default for `limit`."""
        return self.burst == usual_burst(self.limit)

    def __str__(self) -> str:
        burst = "" if self.has_usual_burst else f" with bursts of {write_number(self.burst)}"
        return f"{write_number(self.limit)} per {write_number(self.per)} s{burst} by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One Socket.IO event in one direction.

    Attributes:
        name: The event's name on the wire; ``*`` is a wildcard.
        arguments: What the event carries.
        ack: What the receiver answers; None when the document declares no ack.
        handler: For received events, the handler's name in the document.
        security: Operation-level requirement, checked per event, or None.
        ordering: ``x-ordering``, or None for the server's default.
        rate: For received events, ``x-rate``, or None.
        trace: ``x-trace``: the way to the object that names the client's trace, from the list of arguments on;
            empty without one.
        message: The message as written (references followed, traits applied).
        node: Where the event is declared.
    """

    name: str
    arguments: Arguments = ANY
    ack: Arguments | None = None
    handler: HandlerName | None = None
    security: Security | None = None
    ordering: Ordering | None = None
    rate: Rate | None = None
    trace: tuple[str, ...] = ()
    message: Mapping[str, Any] = field(default_factory=dict)
    node: Node

    @property
    def is_reauth(self) -> bool:
        """Whether it carries fresh credentials: ``x-reauth``."""
        return self.message.get("x-reauth") is True

    @property
    def is_answered_by_itself(self) -> bool:
        """Whether it needs no handler: it carries fresh credentials, and its acknowledgement may be empty."""
        return self.is_reauth and (self.ack is None or self.ack.minimum == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One ``{name}`` of a dynamic namespace.

    Attributes:
        schema: 2.x: what a value must match, after coercion by its declared type.
        enum: 3.x: the values admitted; None is any.
    """

    name: str
    schema: Node | None = None
    enum: tuple[str, ...] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """Schemas for what a client presents when it connects to a namespace; None is unchecked."""

    query: Node | None = None
    headers: Node | None = None
    auth: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a client that was cut off from a namespace gets when it returns, by ``x-recovery``.

    Attributes:
        seconds: For how long what it misses is kept.
        events: The most events that are kept for one client.
        bytes: The same, by their size on the wire.
        offset: How a client learns what it has received: ``argument`` is one more argument of each event,
            ``event`` an event of its own, `OFFSET_EVENT`.
    """

    seconds: float = 120
    events: int = 1000
    bytes: int = 1024 * 1024
    offset: Literal["argument", "event"] = "argument"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One Socket.IO namespace, exact (``/chat``) or dynamic (``/rooms/{roomId}``).

    Attributes:
        receives: Events that a client may emit, by name.
        sends: Events that the server may emit, by name.
        handlers: Lifecycle handlers: ``connect``, ``disconnect``, ``error``, ``*``.
        handler_class: A class whose methods handle what names no handler of its own, or None.
        security: ``x-security`` of the channel, which replaces `Spec.security`; None when absent.
        recovery: What clients get that return, or None if they start a new session.
        rate: ``x-rate`` of the channel, which counts all events of clients together, or None.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    receives: Mapping[str, Event]
    sends: Mapping[str, Event]
    handlers: Mapping[str, HandlerName] = field(default_factory=dict)
    handler_class: HandlerName | None = None
    handshake: Handshake = field(default_factory=Handshake)
    security: Security | None = None
    recovery: Recovery | None = None
    rate: Rate | None = None
    description: str = ""
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """A security scheme of the document, its fields as written."""

    name: str
    type: str
    fields: Mapping[str, Any]
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A compiled contract.

    Attributes:
        asyncapi: The document's version, as written.
        title: ``info.title``.
        version: ``info.version``.
        path: The Engine.IO path with a leading and no trailing slash, such as ``/socket.io``.
        namespaces: By name, templates included.
        uncalled: Handlers that the document names and nothing calls, such as those of what only the server
            emits.
        schemes: Security schemes by name.
        security: What the chosen server requires; None when it requires nothing.
        warnings: Findings that did not stop the load; of a draft that can't be served, its errors too.
        root: The document's root.
        resolver: Follows the document's references.
        bundle: The compiled validators of every schema above.
    """

    asyncapi: str
    title: str
    version: str
    description: str = ""
    path: str = DEFAULT_PATH
    namespaces: Mapping[str, Namespace]
    uncalled: tuple[HandlerName, ...] = ()
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
    security: Security | None = None
    warnings: tuple[Diagnostic, ...] = ()
    root: Node
    resolver: Resolver
    bundle: Bundle

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it was read from, referenced ones included; absolute."""
        return self.resolver.files.paths

    def security_of(self, namespace: Namespace) -> Security:
        """Return what a namespace requires of clients that connect: its own security, else the server's."""
        return (self.security if namespace.security is None else namespace.security) or ()


def usual_burst(limit: float) -> float:
    """Return how many events may come at once by a rate that says nothing of bursts."""
    return max(limit, 1)


def write_number(value: float) -> str:
    """Write a number with all of its digits: ``1,234,567.5``; a whole one without a fraction: ``2``."""
    return f"{value:,}".removesuffix(".0")


def count_words(minimum: int, maximum: int | None) -> str:
    """Write a range of counts in words: ``2``, ``0 to 2``, ``1 or more``."""
    if maximum is None:
        return f"{minimum} or more"
    return str(minimum) if minimum == maximum else f"{minimum} to {maximum}"
