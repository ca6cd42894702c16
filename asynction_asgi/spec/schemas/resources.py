"""Where the references of schemas lead: resources, anchors, and the dialect and base of every schema.

All schemas of a document are scanned before any is used, and references are followed until nothing new is
found. A schema that stands where the document wants one is a root of its own: ``#`` means it, and a pointer
is looked up in it and in the file that holds it.

Source: JSON Schema 2020-12 (core), sections 8.2 and 9; the older drafts where `dialects` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.files import Confinement
from ..text.hints import closest
from ..text.pointer import Pointer
from ..text.reference_faults import ReferenceFault, reference_fault
from .children import children
from .dialects import ASYNCAPI, dialect_by_uri
from .identifiers import Identifiers, Resource, Scope, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ...errors import Diagnostic
    from ..text.document import Document, Node
    from ..text.references import Resolver
    from .dialects import Dialect
    from .elsewhere import Elsewhere

    Place = tuple[Document, str]


class Visit(NamedTuple):
    """What the linter found of one schema; the same each time that a part of the document is checked.

    Attributes:
        node: The schema, whose value is known by its identity.
        found: What there is to say.
        inner: The schemas to look at next.
        in_place: Those of them that apply to the same value.
        is_faulty: Whether there is an error.
    """

    node: Node
    found: Sequence[Diagnostic]
    inner: Sequence[Node]
    in_place: Sequence[Place] | None
    is_faulty: bool


class Resources:
    """The schemas of one document and of all files that they refer to.

    Args:
        resolver: Reads files; it learns here what the references of schemas mean.
        elsewhere: Where the files of absolute URIs are kept.

    Attributes:
        scanned: Every schema scanned so far.
        visits: What the linter found, by the schema, the identity of its value, and the severity of what is
            ignored; kept while a document is read.
    """

    def __init__(self, resolver: Resolver, elsewhere: Elsewhere | None = None) -> None:
        self._resolver = resolver
        self._elsewhere = elsewhere
        self._scopes: dict[Place, Scope] = {}
        self._files: dict[Document, Scope] = {}
        self._inherited: dict[Place, Dialect] = {}
        self._waiting: list[Node] = []
        self._names = Identifiers()
        self.scanned: list[Node] = []
        self.visits: dict[tuple[Place, int, str], Visit] = {}
        resolver.places = self

    @property
    def kept(self) -> Mapping[str, Path]:
        """The folders and files in which the schemas of absolute URIs are kept, by the beginning of these."""
        return {} if self._elsewhere is None else self._elsewhere.paths

    @property
    def found(self) -> Mapping[Place, Sequence[Diagnostic]]:
        """What is wrong with identifiers, anchors and dialects, by the place of the schema."""
        return self._names.found

    @property
    def dynamic(self) -> Mapping[Place, str]:
        """The names of dynamic anchors, by the place of their schema."""
        return self._names.dynamic

    # --- what is known ----------------------------------------------------------------------------

    def scope(self, node: Node) -> Scope | None:
        """Return how a schema is read, as the nearest that holds it; None for what is not in a schema."""
        scope = self._scopes.get(node.identity)
        pointer = node.pointer
        while scope is None and pointer:
            pointer = pointer.rpartition("/")[0]
            scope = self._scopes.get((node.document, pointer))
        return scope

    def dialect(self, node: Node) -> Dialect:
        """Return what the keywords of a schema mean."""
        scope = self.scope(node)
        return ASYNCAPI if scope is None else scope.dialect

    def combines(self, node: Node) -> bool:
        """Return whether keywords beside the ``$ref`` of a schema count."""
        scope = self.scope(node)
        return (
            scope is not None
            and scope.dialect.applies_beside_ref
            and any(key in scope.dialect.keywords for key in node.value)
        )

    def locate(self, node: Node, uri: str, fragment: str) -> tuple[Node, str] | None:
        """Return the schema or file from which a reference descends, and the pointer that is left."""
        scope = self.scope(node)
        if scope is None:
            return None
        if uri:
            resource = self._named(node, scope, uri)
            roots, resources = [resource.root], [resource]
        else:
            roots = list(self._roots(scope))
            resources = [scope.resource]
        if not fragment:
            return resources[0].root, ""
        if fragment.startswith("/"):
            first = Pointer.parse(fragment).tokens[0]
            missing = scope.own if scope.own_first and not uri else roots[-1] if uri else node.document.root
            return next((root for root in roots if _has(root, first)), missing), fragment
        if "/" in fragment or "~" in fragment:  # a pointer without its slash
            return roots[0], fragment
        return self._anchor(node, resources[0], fragment), ""

    def _roots(self, scope: Scope) -> Iterator[Node]:
        """Yield where a pointer without a URI may lead on from, the first choice first."""
        own, whole = scope.own, scope.own.document.root
        if scope.resource.root.identity != own.identity or scope.base != self._file(own.document).base:
            yield scope.resource.root
        yield from (own, whole) if scope.own_first else (whole, own)

    def _anchor(self, node: Node, resource: Resource, name: str) -> Node:
        if name in resource.anchors:
            return resource.anchors[name]
        alike = self._names.by_anchor.get((node.document, name), ())
        if len(alike) == 1 and resource.root.document is node.document:
            return alike[0]
        near = closest(name, resource.anchors)
        hint = f"; did you mean '#{near}'?" if near else "; a pointer begins with a slash"
        message = f"{node.value['$ref']!r} leads nowhere: there is no anchor {name!r}{hint}"
        raise reference_fault(node, "REF_ANCHOR", message)

    def _named(self, node: Node, scope: Scope, uri: str) -> Resource:
        """Return the resource that a URI stands for: of a schema known, else of a file."""
        full = joined(scope.base, uri) or uri
        known = self._names.by_uri.get(full)
        if known is not None:
            return known
        kept = None if self._elsewhere is None else self._elsewhere.path(full)
        if kept is not None:
            path, folder = kept
            within = Confinement(folder, full)
            document = self._resolver.files.at(node, path, uri, name=str(path), within=within)
            return self._entered(document, full, scope.dialect)
        document = self._resolver.files.named(node, uri)
        resource = self._entered(document, _uri_of(document), scope.dialect)
        if scope.base != _uri_of(node.document):
            self._compare_names(node, full, document)
        return resource

    def _compare_names(self, node: Node, full: str, document: Document) -> None:
        """Report a reference to a URI if the file that is read for it has another one."""
        scope = self._scopes.get(document.root.identity)
        if scope is None or scope.base in (full, _uri_of(document)) or node.identity in self.found:
            return
        message = (
            f"this is {full!r} by the '$id' of this schema, but the file that was read calls itself {scope.base!r}; "
            "correct one of them, or say where the file is by --schemas URI=PATH"
        )
        self._names.report(node, "$ref", "warning", "REF_ID", message)

    # --- the scan ---------------------------------------------------------------------------------

    def add(self, root: Node, dialect: Dialect | None = None) -> None:
        """Scan a schema that stands where the document wants one, unless that was done.

        Args:
            root: The schema.
            dialect: The declared one; None if the document says nothing.
        """
        if root.identity in self._scopes:
            return
        home = self._file(root.document)
        self._scan(
            root,
            Scope(
                dialect=dialect or ASYNCAPI,
                base=home.base,
                resource=Resource(root),
                own=root,
                own_first=dialect is not None,
            ),
        )
        self._resolver.forget()

    def complete(self) -> None:
        """Follow the references of all that was scanned, and scan what they lead to."""
        if not self._waiting:
            return
        failed: list[Node] = []
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            known = len(self._names.by_uri)
            for node in waiting:
                try:
                    target = self._resolver.step(node)
                except ReferenceFault:  # reported by the linter
                    failed.append(node)
                else:
                    self._reach(node, target)
            if not self._waiting and len(self._names.by_uri) > known:
                self._waiting, failed = failed, []
        self._resolver.forget()

    def _reach(self, node: Node, target: Node) -> None:
        """Scan what a reference leads to, as a root of its own if it stands in no schema."""
        referrer = self.dialect(node)
        known = self.scope(target)
        if known is None:
            home = self._file(target.document)
            inherits = home.own.document is not self._resolver.document and not home.own_first
            dialect = referrer if inherits else home.dialect
            if inherits:
                self._inherited[target.identity] = dialect
            scope = Scope(dialect=dialect, base=home.base, resource=Resource(target), own=target)
            self._scan(target, scope)
        elif target.identity not in self._scopes:
            self._scan(target, known, is_root=False)
        elif self._inherited.get(known.own.identity, referrer) is not referrer:
            self._warn_of_two(node, self._inherited[known.own.identity], referrer)

    def _warn_of_two(self, node: Node, dialect: Dialect, referrer: Dialect) -> None:
        message = (
            f"this schema is read as {dialect.name}, by an earlier reference, not as {referrer.name}; "
            "give its file a '$schema'"
        )
        self._names.report(node, "$ref", "warning", "DIALECT", message)

    def _entered(self, document: Document, uri: str, referrer: Dialect) -> Resource:
        """Return the resource that a file is, whose root is scanned if it can be a schema."""
        root = document.root
        if document not in self._files:
            resource = Resource(root)
            scope = Scope(dialect=referrer, base=uri, resource=resource, own=root)
            self._files[document] = scope
            if isinstance(root.value, dict) and "asyncapi" not in root.value:
                if "$schema" not in root.value:
                    self._inherited[root.identity] = referrer
                self._scan(root, scope)
        known = self._scopes.get(root.identity)
        return known.resource if known is not None else self._files[document].resource

    def _file(self, document: Document) -> Scope:
        """Return how what stands in no schema of a file is read."""
        scope = self._files.get(document)
        if scope is None:
            root = document.root
            declared = root.value.get("$schema") if isinstance(root.value, dict) else None
            dialect = dialect_by_uri(declared) if isinstance(declared, str) else None
            scope = self._files[document] = Scope(
                dialect=dialect or ASYNCAPI,
                base=_uri_of(document),
                resource=Resource(root),
                own=root,
                own_first=dialect is not None,
            )
        return scope

    def _scan(self, root: Node, scope: Scope, *, is_root: bool = True) -> None:
        waiting = [(root, scope, is_root)]
        while waiting:
            node, scope, is_root = waiting.pop()
            if node.identity in self._scopes:
                continue
            self.scanned.append(node)
            if not isinstance(node.value, dict):
                self._scopes[node.identity] = scope
                continue
            scope = self._scopes[node.identity] = self._names.within(node, scope, is_root=is_root)
            self._names.keep_anchors(node, scope)
            is_reference = "$ref" in node.value and not self.combines(node)
            if is_reference:
                self._waiting.append(node)
            inner = [
                (child.schema, scope, False)
                for child in children(node, scope.dialect.holders)
                if child.kind == "definition" or not is_reference
            ]
            waiting += reversed(inner)


def resources_of(roots: Iterable[Node], resolver: Resolver, dialect: Dialect | None = None) -> Resources:
    """Return what is known of schemas, and of all that they refer to; those that are new are scanned.

    Args:
        roots: The schemas.
        resolver: Of their documents.
        dialect: What the document declares of those that are new; None if it says nothing.
    """
    known = resolver.places if isinstance(resolver.places, Resources) else Resources(resolver)
    for root in roots:
        known.add(root, dialect)
    known.complete()
    return known


def _has(root: Node, name: str) -> bool:
    value: Any = root.value
    if isinstance(value, list):
        return name.isdecimal() and int(name) < len(value)
    return isinstance(value, dict) and name in value


def _uri_of(document: Document) -> str:
    return "" if document.path is None else document.path.as_uri()
