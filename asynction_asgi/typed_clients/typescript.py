"""The contract as one module of TypeScript for socket.io-client."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from ..datatypes import DataTypes
from .files import MARKER, ClientModule
from .surfaces import hidden_refusals, prefixes_of, surfaces_of
from .ts_namespaces import KINDS, address_name, write_namespace
from .ts_text import quoted
from .ts_types import Types, directions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..datatypes import DataType
    from ..spec.model import Spec
    from .surfaces import Surface
    from .ts_types import Travel

_HERE = files(__package__)
# What the module itself declares, imports or takes from the language.
_TAKEN = frozenset(
    [
        "Answer",
        "Arguments",
        "Array",
        "ArrayBuffer",
        "ArrayBufferView",
        "Asking",
        "Binary",
        "Blob",
        "BlobLike",
        "Contract",
        "Error",
        "Exclude",
        "Listeners",
        "ManagerOptions",
        "Omit",
        "Partial",
        "Pick",
        "Promise",
        "RangeError",
        "Record",
        "Refusal",
        "RefusalCode",
        "RefusalDetail",
        "RefusalError",
        "RefusedError",
        "ReturnType",
        "Sent",
        "SentBinary",
        "Socket",
        "SocketOptions",
        "String",
        "Uint8Array",
    ]
)


def typescript_names(spec: Spec) -> Mapping[str, tuple[str, str]]:
    """Return what the module calls the socket of each namespace and its address, by namespace."""
    return {name: (f"{prefix}Client", address_name(prefix)) for name, prefix in prefixes_of(spec).items()}


def write_typescript(spec: Spec) -> ClientModule:
    """Return types of all that a contract lets clients send and receive, and what connects them.

    The text depends on the contract alone. It is erasable TypeScript that imports nothing but types.
    """
    own = {f"{prefix}{kind}" for prefix in prefixes_of(spec).values() for kind in KINDS}
    datatypes = DataTypes(spec.resolver, taken=_TAKEN | own)
    surfaces = surfaces_of(spec, datatypes)
    types = Types(datatypes.definitions, list(_travelling(surfaces)), taken=_TAKEN | own)
    parts = [_head(spec), _resource("prelude.ts")]
    if types.has_bytes:
        parts.append(_resource("binary.ts"))
    if any(surface.parameters for surface in surfaces):
        parts.append(_resource("segments.ts"))
    parts += ["\n".join(["", *lines, ""]) for lines in types.definitions()]
    parts += ["\n".join(["", *write_namespace(surface, types, spec), ""]) for surface in surfaces]
    return ClientModule(text="".join(parts), warnings=tuple(hidden_refusals(surfaces)))


def _resource(name: str) -> str:
    return _HERE.joinpath(name).read_text("utf-8")


def _head(spec: Spec) -> str:
    title = " ".join(f"{spec.title} {spec.version}".split())
    lines = [
        f"// {MARKER} {quoted(title)}. Do not edit: changes are overwritten.",
        "/* eslint-disable */",
        'import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";',
        "",
        "/** The path of the server: the option `path` of `io()`. */",
        f"export const path = {quoted(spec.path)};",
        "",
        "",
    ]
    return "\n".join(lines)


def _travelling(surfaces: tuple[Surface, ...]) -> Iterator[tuple[DataType, Travel]]:
    """Yield every datatype that travels, with its direction as a client sees it."""
    for surface in surfaces:
        for events in (surface.emits, surface.listens):
            there, back = directions(is_emitted=events is surface.emits)
            for event in events:
                yield from ((datatype, there) for form in event.arguments for datatype in form.datatypes())
                yield from ((datatype, back) for form in event.ack or () for datatype in form.datatypes())
        for datatype in (surface.auth, surface.query, *surface.parameters.values()):
            if datatype is not None:
                yield datatype, "sent"
