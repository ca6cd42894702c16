"""One namespace as TypeScript: its two maps of events, its handshake, and the type of its socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datatypes import (
    Bytes,
    List,
    Literals,
    Named,
    Object,
    OneOf,
    Scalar,
    Tuple,
)
from ..datatypes.names import Names
from ..spec.model import DEFAULT_PATH
from ..spec.model.by_event import WILDCARD
from ..spec.model.templates import PARAMETER
from .ts_text import comment, comment_of, label, property_name, quoted
from .ts_types import directions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..datatypes import DataType
    from ..spec.model import Spec
    from .lists import ArgumentList, Place
    from .surfaces import EventSurface, Surface
    from .ts_types import Travel, Types

KINDS = ("ClientToServerEvents", "ServerToClientEvents", "Auth", "Query", "ConnectOptions", "Client")
"""The names of a namespace's types, behind its prefix."""

_REFUSAL = "refusal: Refusal"
_OFFSETS = (
    "Listeners receive one more argument, a string at the end, by which clients that were cut off get what"
    " they missed; it has no type here."
)
_HIDDEN = (
    "The contract accepts a refusal as a good answer here: `isRefusal` can't tell them apart for certain."
)


def address_name(prefix: str) -> str:
    """Return the name of the constant that holds a namespace, or of the function that returns it."""
    return f"{prefix[:1].lower()}{prefix[1:]}Namespace" if prefix else "namespace"


def write_namespace(surface: Surface, types: Types, spec: Spec) -> list[str]:
    """Return the lines of a namespace."""
    return [
        line
        for lines in (
            _address(surface, types),
            _map(surface, "ClientToServerEvents", surface.emits, types),
            _map(surface, "ServerToClientEvents", surface.listens, types),
            _auth(surface, types),
            _query(surface, types),
            _options(surface, spec),
            _client(surface),
        )
        for line in ([*lines, ""] if lines else [])
    ][:-1]


def _address(surface: Surface, types: Types) -> list[str]:
    """Return the namespace as a constant, or as a function of its parameters."""
    name = surface.namespace.name
    constant = address_name(surface.prefix)
    lines = comment([f"The namespace `{name}`.", surface.namespace.description])
    if not surface.parameters:
        return [*lines, f"export const {constant} = {quoted(name)};"]
    parameters = "; ".join(
        f"{property_name(key)}: {types.text(datatype, 'sent')}"
        for key, datatype in surface.parameters.items()
    )
    static = PARAMETER.split(name)[::2]
    value, kind = _template(static[0]), _template(static[0])
    for key, text in zip(surface.parameters, static[1:], strict=True):
        value += f"${{segment({quoted(key)}, parameters[{quoted(key)}])}}{_template(text)}"
        kind += f"${{string}}{_template(text)}"
    return [
        *lines,
        f"export function {constant}(parameters: {{ {parameters} }}): `{kind}` {{",
        f"  return `{value}`;",
        "}",
    ]


def _template(text: str) -> str:
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")


def _map(surface: Surface, kind: str, events: Iterable[EventSurface], types: Types) -> list[str]:
    is_emitted = kind == "ClientToServerEvents"
    what = "What clients may emit" if is_emitted else "What the server may emit"
    recovery = surface.namespace.recovery
    numbered = not is_emitted and recovery is not None and recovery.offset == "argument"
    lines = comment(
        [f"{what} in the namespace `{surface.namespace.name}`.", *([_OFFSETS] if numbered else [])]
    )
    lines.append(f"export interface {surface.prefix}{kind} {{")
    named = set()
    for event in events:
        named.add(event.name)
        notes = [_HIDDEN] if is_emitted and event.hides_refusals else []
        lines += comment_of(event.notes, indent="  ", more=notes)
        if event.name == WILDCARD:
            lines.append("  [event: string]: (...args: any[]) => void;")
            continue
        function = _listener(event, types, is_emitted=is_emitted)
        lines.append(f"  {property_name(event.name)}: {function};")
    if not is_emitted and "exception" not in named:
        lines += comment(["A refusal of an event that was emitted without a callback."], indent="  ")
        lines.append("  exception: (refusal: Refusal & { event: string }) => void;")
    return [*lines, "}"]


def _listener(event: EventSurface, types: Types, *, is_emitted: bool) -> str:
    """Return an event as the type of its listener; the ack, if the contract declares one, comes last."""
    there, back = directions(is_emitted=is_emitted)
    ack = None
    if event.ack is not None:
        ack = f"ack: {_function([_labelled(form, types, back, 'answer') for form in event.ack], is_refused=is_emitted)}"
    forms = [_labelled(form, types, there, "message") for form in event.arguments]
    if ack is not None:
        forms = [[*form, ack] for form in forms]
    return _function(forms, is_refused=False)


def _function(forms: list[list[str]], *, is_refused: bool) -> str:
    """Return the type of a function that takes one of several lists of parameters."""
    only = forms[0] if len(forms) == 1 else None
    if only is not None and not is_refused and not any(part.startswith("...") for part in only[:-1]):
        return f"({', '.join(only)}) => void"
    if only is not None and is_refused and len(only) == 1 and not only[0].startswith("..."):
        return f"({only[0]} | Refusal) => void"
    if is_refused:
        forms = [*forms, [_REFUSAL]]
    tuples = dict.fromkeys(f"[{', '.join(form)}]" for form in forms)
    return f"(...args: {' | '.join(tuples)}) => void"


def _labelled(form: ArgumentList, types: Types, direction: Travel, fallback: str) -> list[str]:
    names = Names(("ack", "args", "refusal"))
    parts = [
        f"{names.take(label(place.name or _word(place, fallback), fallback))}: {types.text(place.datatype, direction, '  ')}"
        for place in form.places
    ]
    if form.rest is not None:
        parts.append(
            f"...{names.take('others' if parts else 'items')}: {types.array(form.rest, direction, '  ')}"
        )
    return parts


_WORDS = {"string": "text", "integer": "number", "number": "number", "boolean": "flag"}


def _word(place: Place, fallback: str) -> str:
    """Return a word for an argument that the document gives no name."""
    datatype: DataType = place.datatype
    match datatype:
        case Scalar(kind):
            return _WORDS[kind]
        case Bytes():
            return "content"
        case List() | Tuple():
            return "items"
        case Literals():
            return "choice"
        case Named(name):
            return name
        case Object():
            return fallback
    return "value"


def _auth(surface: Surface, types: Types) -> list[str]:
    if surface.auth is None and not surface.credentials:
        return []
    parts = [] if surface.auth is None else [types.text(surface.auth, "sent")]
    if surface.credentials:
        ways = " | ".join(
            types.text(option, "sent") if option.fields else "{}" for option in surface.credentials
        )
        parts.append(f"({ways})" if parts and len(surface.credentials) > 1 else ways)
    if len(parts) > 1 and isinstance(surface.auth, OneOf):
        parts[0] = f"({parts[0]})"
    return [
        f"/** The auth object of a connection{'' if not surface.credentials else ', with its credentials'}. */",
        f"export type {surface.prefix}Auth = {' & '.join(parts)};",
    ]


def _query(surface: Surface, types: Types) -> list[str]:
    if surface.query is None:
        return []
    return [
        "/** The query of a connection. */",
        f"export type {surface.prefix}Query = {types.text(surface.query, 'sent')};",
    ]


def _options(surface: Surface, spec: Spec) -> list[str]:
    prefix = surface.prefix
    own = [f"path{'?' if spec.path == DEFAULT_PATH else ''}: string"]
    if surface.auth is not None or surface.credentials:
        needed = surface.must_present or surface.auth_is_needed
        own.append(
            f"auth{'' if needed else '?'}: {prefix}Auth | ((done: (auth: {prefix}Auth) => void) => void)"
        )
    if surface.query is not None:
        own.append(f"query{'' if surface.query_is_needed else '?'}: {prefix}Query")
    left = ", ".join(f'"{part.split(":")[0].rstrip("?")}"' for part in own).replace(", ", " | ")
    return [
        "/** Options of `io()`, with what this namespace asks for. */",
        f"export type {prefix}ConnectOptions = Omit<Partial<ManagerOptions & SocketOptions>, {left}> & {{",
        *(f"  {part};" for part in own),
        "};",
    ]


def _client(surface: Surface) -> list[str]:
    prefix = surface.prefix
    return [
        "/** The socket of a client: declare what `io()` returns as one. */",
        f"export type {prefix}Client = Contract<{prefix}ServerToClientEvents, {prefix}ClientToServerEvents>;",
    ]
