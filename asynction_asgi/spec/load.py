"""A document in, a compiled contract out, with everything that is wrong with it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SpecError
from .model import Handshake, Namespace, Spec
from .readers import v2, v3
from .readers.assembly import assemble
from .readers.example_checks import check_examples, check_written_values
from .readers.mock_hints import check_hints
from .readers.pitfalls import warn_of_unlike_namespaces
from .readers.reading import ChannelDraft, OperationDraft, Reader
from .readers.security import check_schemes
from .readers.servers import Servers, read_servers
from .schemas import compile_bundle
from .schemas.elsewhere import Elsewhere
from .schemas.lint import lint_schemas
from .schemas.resources import Resources
from .structure.versions import read_version, walk_structure
from .text.document import Document, Node, load_document
from .text.references import ELSEWHERE, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from ..errors import Diagnostic
    from .schemas import Bundle

    Schemas = Mapping[str, str | os.PathLike[str]]
    Source = str | os.PathLike[str] | Mapping[str, Any] | IO[str] | IO[bytes]


@dataclass(frozen=True, slots=True)
class _Readers:
    """What reads a document of one major version, and whether traits win over what they are applied to."""

    traits_win: bool
    read_channels: Callable[[Reader, Servers], list[ChannelDraft]]
    read_operations: Callable[[Reader, list[ChannelDraft]], Iterator[OperationDraft]]


_READERS = {
    2: _Readers(True, v2.read_channels, v2.read_operations),
    3: _Readers(False, v3.read_channels, v3.read_operations),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a document.

    Attributes:
        accepted: It is AsyncAPI.
        servable: It can be served over Socket.IO; implies `accepted`.
        diagnostics: Every finding, in document order.
        spec: The contract; None unless it is servable.
        draft: The contract as far as it could be read, which may have errors: for the search for more of
            them, never to be served; None if the document is not of a known version.
        files: Every file that it consists of, as far as it could be read; absolute. One that could not be
            is among them.
    """

    accepted: bool
    servable: bool
    diagnostics: tuple[Diagnostic, ...]
    spec: Spec | None = None
    draft: Spec | None = None
    files: tuple[Path, ...] = ()


def load_spec(
    source: Source,
    *,
    server_name: str | None = None,
    strict: bool = False,
    schemas: Schemas | None = None,
) -> Spec:
    """Load, check and compile a document.

    Args:
        source: A path, an open file or a mapping; JSON or YAML 1.2.
        server_name: Which of the document's servers this is. None keeps every channel that a
            server of a WebSocket or HTTP protocol offers.
        strict: What the document declares and the server would not enforce is an error rather than a
            warning: schemas of other formats, keywords without effect, fields beside a reference,
            headers of messages. So are schemas that nothing matches.
        schemas: Maps a URI, or the beginning of URIs, to the file or folder from which references to it are
            read; the longest match counts. Nothing is ever fetched.

    Raises:
        SpecError: The document can't be served; holds every finding, in document order.
    """
    outcome = check_document(source, server_name=server_name, strict=strict, schemas=schemas)
    if outcome.spec is None:
        raise SpecError(outcome.diagnostics)
    return outcome.spec


def check_document(
    source: Source,
    *,
    server_name: str | None = None,
    strict: bool = False,
    schemas: Schemas | None = None,
    name: str | None = None,
    read: Callable[[Path], bytes] = Path.read_bytes,
) -> Outcome:
    """Check a document as `load_spec` does, but return what is wrong with it instead of raising.

    Args:
        source: See `load_spec`.
        server_name: See `load_spec`.
        strict: See `load_spec`.
        schemas: See `load_spec`.
        name: What to call the document in diagnostics; the path as given when None.
        read: Returns the content of a file, those that references lead to too, or raises OSError.
    """
    try:
        document = load_document(source, name=name, read=read)
    except SpecError as error:
        named = (Path(source).resolve(),) if isinstance(source, str | os.PathLike) else ()
        return Outcome(accepted=False, servable=False, diagnostics=error.diagnostics, files=named)
    resolver = Resolver(document, read=read)
    found: list[Diagnostic] = []
    version = read_version(document.root, found)
    draft = None
    if version is not None:
        draft = _compile(document, resolver, version, server_name, found, strict=strict, schemas=schemas)
        found += check_hints(draft)
    diagnostics = in_order(found, resolver)
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    if draft is not None:
        draft = replace(draft, warnings=diagnostics)
    return Outcome(
        accepted=all(diagnostic.layer == "service" for diagnostic in errors),
        servable=not errors,
        diagnostics=diagnostics,
        spec=None if errors else draft,
        draft=draft,
        files=resolver.files.paths,
    )


def _compile(
    document: Document,
    resolver: Resolver,
    version: tuple[int, int],
    server_name: str | None,
    found: list[Diagnostic],
    *,
    strict: bool,
    schemas: Schemas | None,
) -> Spec:
    major, minor = version
    readers = _READERS[major]
    walk = walk_structure(document.root, resolver, version, strict=strict)
    resources = Resources(resolver, Elsewhere(schemas or {}))
    for schema in walk.schemas:
        resources.add(schema, walk.dialects.get(schema.identity))
    resources.complete()
    # Every schema is to be well-formed; whether it can be enforced matters for those in use.
    for diagnostic in lint_schemas(walk.schemas, resolver, strict=strict):
        if diagnostic.code in ELSEWHERE:
            found.append(replace(diagnostic, severity="warning"))
        elif (
            diagnostic.code == "REF_TYPE"
            or (diagnostic.severity == "error" and diagnostic.layer == "document")
            or (diagnostic.severity == "warning" and diagnostic.code == "DIALECT")
        ):
            found.append(diagnostic)
    walk.extensions("a schema", [visit.node for visit in resources.visits.values()])
    found += walk.found
    reader = Reader(
        root=document.root, resolver=resolver, minor=minor, traits_win=readers.traits_win, strict=strict
    )
    check_schemes(reader)
    servers = read_servers(reader, server_name)
    channels = readers.read_channels(reader, servers)
    operations = list(readers.read_operations(reader, channels))
    namespaces = assemble(reader, channels, operations, servers.security)
    warn_of_unlike_namespaces(reader, channels, operations)
    # In the shape of the other version little is read, and what seems to be missing is only elsewhere.
    found += [
        diagnostic for diagnostic in reader.found if diagnostic.severity == "error" or not walk.is_foreign
    ]
    found += check_examples(walk.messages, reader)
    roots = [*_roots(namespaces), *(schema for arguments in reader.aside for schema in arguments.schemas())]
    bundle, faults = compile_bundle(roots, resolver, strict=strict)
    found += faults
    found += check_written_values(bundle, resolver)
    resources.visits.clear()
    info = document.value.get("info")
    info = info if isinstance(info, dict) else {}
    return Spec(
        asyncapi=str(document.value.get("asyncapi", "")),
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        description=str(info.get("description", "")),
        path=servers.path,
        namespaces={name: _without_unfit(namespace, bundle) for name, namespace in namespaces.items()},
        uncalled=tuple(reader.uncalled),
        schemes=reader.schemes,
        security=servers.security,
        root=document.root,
        resolver=resolver,
        bundle=bundle,
    )


def _without_unfit(namespace: Namespace, bundle: Bundle) -> Namespace:
    """Leave out what the server reads by itself and can't, of a document with errors."""
    handshake = namespace.handshake
    kept = {
        name: schema
        for name in ("query", "headers", "auth")
        if (schema := getattr(handshake, name)) is not None and not bundle.is_unfit(schema)
    }
    return replace(namespace, handshake=Handshake(**kept))


def _roots(namespaces: Mapping[str, Namespace]) -> Iterator[Node]:
    """Yield every schema that a peer's values are checked against."""
    for namespace in namespaces.values():
        handshake = namespace.handshake
        yield from (
            schema for schema in (handshake.query, handshake.headers, handshake.auth) if schema is not None
        )
        yield from (parameter.schema for parameter in namespace.parameters if parameter.schema is not None)
        for event in (*namespace.receives.values(), *namespace.sends.values()):
            yield from event.arguments.schemas()
            if event.ack is not None:
                yield from event.ack.schemas()


def in_order(found: Iterable[Diagnostic], resolver: Resolver) -> tuple[Diagnostic, ...]:
    """Sort findings into document order, each problem once: an error rather than the warning of the same thing."""
    once: dict[Any, Diagnostic] = {}
    for diagnostic in found:
        mark = (diagnostic.file, diagnostic.pointer, diagnostic.code, diagnostic.message)
        known = once.get(mark)
        if known is None or (known.severity == "warning" and diagnostic.severity == "error"):
            once[mark] = diagnostic
    files = {document.name: (index, document) for index, document in enumerate(resolver.files.documents)}

    def rank(diagnostic: Diagnostic) -> tuple[int, tuple[int, ...]]:
        if diagnostic.file not in files:
            return len(files), ()
        index, document = files[diagnostic.file]
        return index, document.rank(diagnostic.pointer)

    return tuple(sorted(once.values(), key=rank))
