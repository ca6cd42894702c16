"""What a client sees of a contract: namespaces by a prefix, and what each event sends and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..datatypes import Literals, Notes, Scalar
from ..datatypes.names import Names, pascal
from ..spec.model.arguments import compile_arguments
from ..spec.model.offered import served_spec
from ..spec.model.templates import PARAMETER
from ..spec.schemas import Mismatch
from .credentials import auth_members, needs_auth_object
from .lists import argument_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..datatypes import DataType, DataTypes, Object
    from ..spec.model import Event, Namespace, Parameter, Spec
    from ..spec.text.document import Node
    from .lists import ArgumentList

_REFUSAL = {"error": {"code": "forbidden", "message": "not allowed", "details": [], "ref": "0"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSurface:
    """One event in one direction.

    Attributes:
        name: On the wire; ``*`` is any other.
        arguments: The forms of its list of arguments.
        ack: The forms of the answer; None if the contract declares none.
        hides_refusals: Whether the contract accepts a refusal as a good answer, so that nothing tells them apart.
        notes: What the document says about it.
    """

    name: str
    arguments: tuple[ArgumentList, ...]
    ack: tuple[ArgumentList, ...] | None
    hides_refusals: bool
    notes: Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One namespace as its clients see it.

    Attributes:
        prefix: Begins the names of its types in PascalCase; ``""`` for ``/``.
        emits: Events that the client may emit.
        listens: Events that the server may emit.
        parameters: Of a dynamic namespace: the datatype of each value, by name, in order.
        auth: The datatype of ``x-auth``; None if the contract declares none.
        credentials: For each alternative of the security requirement: members of the auth object.
        must_present: Whether nothing but the auth object can hold the credentials.
        query: The datatype of the query; None if the contract declares none.
        auth_is_needed: Whether the contract refuses a connection without an auth object.
        query_is_needed: Whether the contract refuses a connection without a query.
    """

    namespace: Namespace
    prefix: str
    emits: tuple[EventSurface, ...]
    listens: tuple[EventSurface, ...]
    parameters: Mapping[str, DataType]
    auth: DataType | None
    credentials: tuple[Object, ...]
    must_present: bool
    query: DataType | None
    auth_is_needed: bool
    query_is_needed: bool


def prefixes_of(spec: Spec) -> Mapping[str, str]:
    """Return what begins the names of each namespace's types, by namespace; ``""`` for ``/``."""
    names = Names()
    return {name: "" if name == "/" else names.take(_prefix(name)) for name in served_spec(spec).namespaces}


def surfaces_of(spec: Spec, datatypes: DataTypes) -> tuple[Surface, ...]:
    """Return every namespace that clients can connect to; definitions are added to `datatypes`."""
    served, prefixes = served_spec(spec), prefixes_of(spec)
    return tuple(
        _surface(namespace, prefixes[name], served, datatypes)
        for name, namespace in served.namespaces.items()
    )


def _prefix(namespace: str) -> str:
    return pascal(PARAMETER.sub(" ", namespace), "") or pascal(namespace, "Namespace")


def _surface(namespace: Namespace, prefix: str, spec: Spec, datatypes: DataTypes) -> Surface:
    security = spec.security_of(namespace)
    handshake = namespace.handshake
    return Surface(
        namespace=namespace,
        prefix=prefix,
        emits=tuple(_event(event, spec, datatypes) for event in namespace.receives.values()),
        listens=tuple(_event(event, spec, datatypes) for event in namespace.sends.values()),
        parameters={parameter.name: _parameter(parameter, datatypes) for parameter in namespace.parameters},
        auth=None if handshake.auth is None else datatypes.of(handshake.auth, f"{prefix}AuthObject"),
        credentials=auth_members(security, spec.schemes),
        must_present=needs_auth_object(security, spec.schemes),
        query=None if handshake.query is None else datatypes.of(handshake.query, f"{prefix}QueryObject"),
        auth_is_needed=handshake.auth is not None
        and not (_accepts(spec, handshake.auth, {}) or _accepts(spec, handshake.auth, None)),
        query_is_needed=handshake.query is not None and not _accepts(spec, handshake.query, {}),
    )


def _accepts(spec: Spec, schema: Node, value: object) -> bool:
    try:
        spec.bundle.check(schema)(value)
    except Mismatch:
        return False
    return True


def _parameter(parameter: Parameter, datatypes: DataTypes) -> DataType:
    if parameter.enum is not None:
        return Literals.of(parameter.enum)
    if parameter.schema is None:
        return Scalar("string")
    return datatypes.of(parameter.schema, pascal(parameter.name, "Parameter"))


def _event(event: Event, spec: Spec, datatypes: DataTypes) -> EventSurface:
    context = pascal(event.name, "Event")
    return EventSurface(
        name=event.name,
        arguments=argument_lists(event.arguments, datatypes, context),
        ack=None if event.ack is None else argument_lists(event.ack, datatypes, f"{context}Ack"),
        hides_refusals=event.ack is not None and _accepts_refusal(event, spec),
        notes=_notes(event),
    )


def _notes(event: Event) -> Notes:
    texts = [text for key in ("summary", "description") if isinstance(text := event.message.get(key), str)]
    return Notes(
        description="\n\n".join(dict.fromkeys(texts)),
        deprecated=event.message.get("x-deprecated") is True,
    )


def _accepts_refusal(event: Event, spec: Spec) -> bool:
    if event.ack is None or event.ack.kind in ("any", "opaque"):
        return False
    try:
        compile_arguments(event.ack, spec.bundle)([_REFUSAL])
    except Mismatch:
        return False
    return True


def hidden_refusals(surfaces: Iterable[Surface]) -> Iterator[str]:
    """Yield a warning with a cure for each event whose refusals clients can't tell from answers."""
    for surface in surfaces:
        for event in surface.emits:
            if event.hides_refusals:
                yield (
                    f"the ack of {event.name!r} in {surface.namespace.name!r} accepts a refusal as a good answer, so"
                    " that clients can't tell them apart; declare it with additionalProperties: false, or with"
                    " required members"
                )
