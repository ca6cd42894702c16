"""The document for the public: self-contained, without the server's own names.

Files that the contract refers to are brought in, since clients cannot read them: schemas under
``components.schemas``, because they may be recursive, everything else in place of its reference. References
that a schema answered by itself become pointers into the whole document, which is what ``#`` means elsewhere.
Handlers, security functions and secrets are left out, and so is every file that is named where the
contract needs none, such as in a foreign extension.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...errors import SpecError
from ..schemas.children import children
from ..schemas.dialects import ASYNCAPI
from ..schemas.discriminators import lacking
from ..schemas.resources import resources_of
from ..structure.versions import read_version, walk_structure
from ..text.pointer import Pointer
from ..text.reference_faults import ReferenceFault
from ..text.references import name_by_reference

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from ..text.document import Document, Node
    from ..text.references import Resolver
    from . import Spec

    Place = tuple[Document, str]

_PRIVATE = re.compile(r"x-hand\w*|x-jwt\w*|x-\w*Func")
# Their contents are the author's, whatever they look like.
_DATA = frozenset({"enum", "const", "default", "examples"})
_SCHEMAS = Pointer(("components", "schemas"))
# Beside a reference, what others may refer to, and how it is read.
_KEPT = frozenset({"summary", "description", "$schema", "$id", "definitions", "$defs"})
# Objects whose keys are names of the author's choice, not fields.
_NAMED = frozenset(
    {"properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"}
    | {
        "channels",
        "operations",
        "messages",
        "parameters",
        "schemas",
        "servers",
        "variables",
        "securitySchemes",
    }
    | {"serverVariables", "correlationIds", "replies", "replyAddresses", "operationTraits", "messageTraits"}
    | {
        "serverBindings",
        "channelBindings",
        "operationBindings",
        "messageBindings",
        "x-messageAcks",
        "x-rates",
    }
    | {"scopes", "availableScopes"}
)

REFUSAL_SCHEMA: dict[str, Any] = {
    "title": "Refusal",
    "description": (
        "How the server refuses: as the single argument of the acknowledgement where one was asked for, "
        "else as the event 'exception', which names the refused event."
    ),
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "A stable word for programs."},
                "message": {"type": "string", "description": "A sentence for people."},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "keyword", "message"],
                        "properties": {
                            "pointer": {
                                "type": "string",
                                "description": "JSON Pointer into the list of arguments.",
                            },
                            "keyword": {
                                "type": "string",
                                "description": "The keyword of the schema that failed.",
                            },
                            "message": {"type": "string"},
                        },
                    },
                },
                "retryAfter": {
                    "type": "number",
                    "description": "Seconds after which the client may try again, where a rate was exceeded.",
                },
                "ref": {"type": "string", "description": "Finds the refusal in the server's log."},
            },
        },
        "event": {"type": "string", "description": "The refused event, where this is an event itself."},
    },
}


def bundled_document(spec: Spec) -> dict[str, Any]:
    """Return one document that says the same as all of the contract's files; a fresh value.

    ``x-refusal`` at its root refers to the schema of the standard refusal.
    """
    return _Export(spec).document()


def check_publishable(spec: Spec, root: str | os.PathLike[str] | None = None) -> None:
    """Refuse to publish files from outside the document's own folder.

    Args:
        spec: The contract that is to be published.
        root: Another folder whose files may be published.

    Raises:
        SpecError: The document refers to a file that lies elsewhere; nothing was published.
    """
    own = spec.root.document.path
    folders = [] if own is None else [own.parent.resolve(), own.resolve().parent]
    if root is not None:
        folders.append(Path(root).resolve())
    message = (
        "this file lies outside the document's folder, so its contents are not published; "
        "allow its folder by docs_root (--docs-root), or leave the docs out"
    )
    outside = [
        node.child("$ref").diagnostic("error", "REF_FILE", message, layer="service")
        for path, node in spec.resolver.files.reached.items()
        if not any(path.is_relative_to(folder) for folder in folders)
    ]
    if outside:
        raise SpecError(outside)


def _schema_places(roots: Iterable[Node], resolver: Resolver) -> set[Place]:
    """Return the places of schemas that the contract may need: `roots`, and all that they reach."""
    places: set[Place] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.identity in places:
            continue
        places.add(node.identity)
        if not isinstance(node.value, dict):
            continue
        is_reference = resolver.is_reference(node)
        inner = [child for child in children(node) if child.kind == "definition" or not is_reference]
        waiting += [child.schema for child in inner]
        if not is_reference:
            continue
        try:
            waiting.append(resolver.step(node))
        except ReferenceFault:  # reported where it matters
            continue
    return places


class _Export:
    def __init__(self, spec: Spec) -> None:
        self._root = spec.root
        self._resolver = spec.resolver
        version = read_version(spec.root, [])
        assert version is not None, "a Spec is of a known version"  # noqa: S101  # the loader's promise
        self._major = version[0]
        # References to other than schemas are replaced by what they refer to.
        walk = walk_structure(spec.root, spec.resolver, version)
        self._inlined = walk.references
        self._schemas = _schema_places(walk.schemas, spec.resolver)
        self._schemas_read = resources_of((), spec.resolver)
        self._names: dict[Place, str] = {}
        self._taken: set[str] = set()
        self._waiting: list[Node] = []

    def document(self) -> dict[str, Any]:
        components = self._root.value.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        self._taken.update(schemas or ())
        document: dict[str, Any] = self._copy(self._root, named=False)
        found = document.setdefault("components", {}).setdefault("schemas", {})
        while self._waiting:
            node = self._waiting.pop(0)
            found[self._names[node.identity]] = self._brought(node)
        if "x-refusal" not in document:
            name = self._unused("Refusal")
            found[name] = REFUSAL_SCHEMA
            document["x-refusal"] = {"$ref": f"#/components/schemas/{name}"}
        return document

    def _copy(self, node: Node, *, named: bool) -> Any:
        value = node.value
        if isinstance(value, list):
            return [
                self._copy(element, named=False) for element in node.elements() if not self._is_lost(element)
            ]
        if not isinstance(value, dict):
            return value
        if not named and isinstance(value.get("$ref"), str) and self._resolver.is_reference(node):
            return self._reference(node)
        if isinstance(value.get("payload"), dict) and node.identity not in self._schemas:
            self._schemas.update(_opaque_places(node.child("payload")))
        copy = {}
        for key, inner in node.items():
            if self._is_lost(inner):
                continue
            if named:
                copy[key] = self._copy(inner, named=False)
            elif key == "$ref" and isinstance(inner.value, str):
                copy |= self._reference(node)
            elif key in _DATA:
                copy[key] = inner.value
            elif not _PRIVATE.fullmatch(key):
                copy[key] = self._copy(inner, named=key in _NAMED)
        if node.identity in self._schemas and isinstance(copy.get("discriminator"), dict):
            self._name_discriminator(node, copy)
        return copy

    def _name_discriminator(self, node: Node, copy: dict[str, Any]) -> None:
        """Write the discriminator of OpenAPI as AsyncAPI has it, a name, unless the dialect has objects.

        It decides nothing, so it is left out where AsyncAPI would refuse the name.
        """
        if self._schemas_read.dialect(node).has_discriminator == "object":
            return
        name = copy.pop("discriminator").get("propertyName")
        if isinstance(name, str) and not lacking(node.value, name):
            copy["discriminator"] = name

    def _is_lost(self, node: Node) -> bool:
        """Return whether an object is a file that cannot be read, which only an unused one may be."""
        if node.identity not in self._inlined:
            return False
        try:
            self._resolver.follow(node)
        except ReferenceFault:
            return True
        return False

    def _reference(self, node: Node) -> Any:
        if node.identity not in self._inlined and node.identity not in self._schemas:
            # Not of the contract: a text of the author's, which leads no reader out of the document.
            within = node.document is self._root.document and node.value["$ref"].startswith("#")
            return {"$ref": node.value["$ref"]} if within else {}
        try:
            target = self._resolver.step(node)
        except ReferenceFault:  # in an unused schema, or in a format that is not validated
            return {}
        if target.document is not self._root.document:
            kind = self._inlined.get(node.identity)
            if kind is not None:
                target = self._resolver.follow(target)
                copy = self._copy(target, named=False)
                if kind == "message" and self._major == 2:
                    self._keep_name(node, target, copy)
                return copy
            pointer = self._bring(target)
        else:
            pointer = target.pointer
        if not self._resolver.is_reference(node):
            kept = {}
        else:  # other siblings mean nothing, and may be private
            kept = {
                key: self._copy(inner, named=key in _NAMED) for key, inner in node.items() if key in _KEPT
            }
        return {**kept, "$ref": f"#{quote(pointer, safe='/~{}$&+,;=:@ !')}"}

    def _keep_name(self, node: Node, target: Node, copy: Any) -> None:
        """Name a message of 2.x that only the replaced reference named."""
        message = self._resolver.follow(target)
        sources = [message]
        if (traits := message.get("traits")) is not None:
            sources += map(self._resolver.follow, traits.elements())
        if not any(key in source.value for source in sources for key in ("name", "messageId")):
            copy["name"] = name_by_reference(node.value["$ref"])

    def _bring(self, target: Node) -> str:
        """Return where a schema of another file will stand."""
        scope = self._schemas_read.scope(target)
        if self._schemas_read.dynamic and scope is not None and scope.own.identity != target.identity:
            # What names on the way to it mean depends on the whole.
            return f"{self._bring(scope.own)}{target.pointer.removeprefix(scope.own.pointer)}"
        name = self._names.get(target.identity)
        if name is None:
            last = Pointer.parse(target.pointer).last or PurePath(target.document.name or "").stem
            name = self._names[target.identity] = self._unused(last)
            self._waiting.append(target)
        place = _SCHEMAS / name
        return str(place / "schema" if self._is_wrapped(target) else place)

    def _is_wrapped(self, target: Node) -> bool:
        """Return whether only a format can say the dialect of a schema, which 2.x has no place for."""
        return (
            self._major > 2
            and self._schemas_read.dialect(target).uri is None
            and (self._schemas_read.dialect(target) is not ASYNCAPI)
        )

    def _brought(self, node: Node) -> Any:
        """Copy a schema of another file, with its dialect unless that is AsyncAPI's own."""
        copy, dialect = self._copy(node, named=False), self._schemas_read.dialect(node)
        if self._is_wrapped(node):
            return {"schemaFormat": "application/vnd.oai.openapi;version=3.0.0", "schema": copy}
        if dialect.uri is None or not isinstance(copy, dict) or "$schema" in copy:
            return copy
        return {"$schema": dialect.uri, **copy}

    def _unused(self, wanted: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("_") or "Schema"
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}"
        self._taken.add(name)
        return name


def _opaque_places(payload: Node) -> Iterable[Place]:
    """Yield the places of a payload in a format that is not validated: it may be a whole file."""
    yield payload.identity
    schema = payload.get("schema")
    if schema is not None and isinstance(schema.value, dict):
        yield schema.identity
