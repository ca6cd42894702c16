"""What schemas are called: URIs, anchors and the dialect that they declare."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

from .dialects import DIALECTS, dialect_by_uri

if TYPE_CHECKING:
    from ...errors import Diagnostic
    from ..text.document import Document, Node
    from .dialects import Dialect

    Place = tuple[Document, str]

_NO_DRAFT = "json-schema.org/schema"  # names JSON Schema, and none of its drafts


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """A schema that a URI, or its place in a document, stands for; compared by identity.

    Attributes:
        root: The schema.
        anchors: Schemas within it that have a name.
        dynamic: Those whose name references look up on the way to them; ``""`` is `root` itself, by
            ``$recursiveAnchor``.
    """

    root: Node
    anchors: dict[str, Node] = field(default_factory=dict)
    dynamic: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scope:
    """How a schema is read.

    Attributes:
        dialect: What its keywords mean.
        base: The URI against which its references are resolved, or ``""``.
        resource: What ``#`` means.
        own: The schema that stands in the document or file, and holds this one.
        own_first: Whether a pointer is looked up in `own` before it is in the whole file.
    """

    dialect: Dialect
    base: str
    resource: Resource
    own: Node
    own_first: bool = False


class Identifiers:
    """The names of all schemas scanned so far.

    Attributes:
        by_uri: Resources, by their absolute URI without a fragment.
        by_anchor: Schemas with a name, by their document and the name.
        dynamic: The names of dynamic anchors, by the place of their schema.
        found: What is wrong with identifiers, anchors and dialects, by the place of the schema.
    """

    def __init__(self) -> None:
        self.by_uri: dict[str, Resource] = {}
        self.by_anchor: dict[tuple[Document, str], list[Node]] = {}
        self.dynamic: dict[Place, str] = {}
        self.found: dict[Place, list[Diagnostic]] = {}

    def within(self, node: Node, scope: Scope, *, is_root: bool) -> Scope:
        """Return how a schema and those within it are read, by its own ``$schema`` and identifier."""
        value = node.value
        declared = value.get("$schema")
        if isinstance(declared, str) and (is_root or "$id" in value or "id" in value):
            scope = self._declared(node, scope, declared)
        keyword = scope.dialect.identifier or "$id"
        uri = value.get(keyword) if scope.dialect.identifier is not None else None
        if not isinstance(uri, str) or ("$ref" in value and not scope.dialect.applies_beside_ref):
            return scope
        uri, _, name = uri.partition("#")
        if name and not scope.dialect.names_in_identifier:
            self.report(node, keyword, "error", "REF_ID", f"a URI with a fragment; use $anchor: {name}")
        if not uri:
            if name and "/" not in name and scope.dialect.names_in_identifier:
                self._name(node, scope, name)
            return scope
        base = joined(scope.base, uri)
        if base is None:
            self.report(node, keyword, "error", "REF_ID", f"{uri!r} is not a URI")
            return scope
        resource = scope.resource if is_root else Resource(node)
        known = self.by_uri.setdefault(base, resource)
        if known is not resource and known.root.value != value and not _is_patched(known.root, node):
            message = (
                f"two schemas are called {base!r}, the other at #{known.root.pointer}; rename one of them"
            )
            self.report(node, keyword, "error", "REF_ID", message)
        scope = replace(scope, base=base, resource=resource)
        if name and "/" not in name:
            self._name(node, scope, name)
        return scope

    def _declared(self, node: Node, scope: Scope, uri: str) -> Scope:
        dialect = dialect_by_uri(uri)
        if dialect is None and uri.partition("://")[2].removesuffix("#") == _NO_DRAFT:
            message = f"{uri!r} names no draft, so the schema is read as AsyncAPI's own; write the draft's"
            self.report(node, "$schema", "warning", "DIALECT", message)
            return scope
        if dialect is None:
            known = ", ".join(repr(dialect.uri) for dialect in DIALECTS.values() if dialect.uri)
            self.report(
                node,
                "$schema",
                "error",
                "DIALECT",
                f"the meta-schema {uri!r} is not known; use one of {known}",
            )
            return scope
        if scope.own_first and scope.own.identity == node.identity and dialect is not scope.dialect:
            message = (
                f"the schemaFormat says {scope.dialect.name}; $schema decides, which says {dialect.name}"
            )
            self.report(node, "$schema", "warning", "DIALECT", message)
        return replace(scope, dialect=dialect, own_first=True)

    def keep_anchors(self, node: Node, scope: Scope) -> None:
        """Keep the names that a schema has within its resource."""
        for keyword in scope.dialect.anchors:
            name = node.value.get(keyword)
            if keyword == "$recursiveAnchor":
                if name is True and scope.resource.root.identity == node.identity:
                    scope.resource.dynamic[""] = node
                    self.dynamic[node.identity] = ""
            elif isinstance(name, str):
                self._name(node, scope, name)
                if keyword == "$dynamicAnchor":
                    scope.resource.dynamic[name] = node
                    self.dynamic[node.identity] = name

    def _name(self, node: Node, scope: Scope, name: str) -> None:
        known = scope.resource.anchors.setdefault(name, node)
        if known.identity != node.identity:
            message = (
                f"two schemas have the anchor {name!r}, the other at #{known.pointer}; rename one of them"
            )
            self.report(node, "", "error", "REF_ID", message)
        self.by_anchor.setdefault((node.document, name), []).append(node)

    def report(
        self, node: Node, key: str, severity: Literal["error", "warning"], code: str, message: str
    ) -> None:
        """Report on a keyword of a schema."""
        place = node.get(key) or node
        found = place.diagnostic(severity, code, message, layer="service")
        self.found.setdefault(node.identity, []).append(found)


def _is_patched(original: Node, node: Node) -> bool:
    """Return whether two schemas are one place of a file, as it is written and with traits applied."""
    return original.pointer == node.pointer and original.document.path == node.document.path


def joined(base: str, uri: str) -> str | None:
    """Resolve a URI without a fragment, or return None for a text that is not a URI.

    One that has a scheme is returned unchanged, ``urn:`` too.
    """
    try:
        return uri if urlsplit(uri).scheme else urljoin(base, uri)
    except ValueError:
        return None
