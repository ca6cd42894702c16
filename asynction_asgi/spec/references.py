"""References across a document and the files beside it.

JSON Reference as AsyncAPI uses it: siblings of a ``$ref`` are ignored, ``$id`` moves nothing, a
relative URI is resolved against the file that holds the reference. Nothing is ever fetched.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..errors import SpecError
from .document import Document, Node, escape, load_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..errors import Diagnostic, Layer

__all__ = ["ELSEWHERE", "ReferenceFault", "Resolver", "closest", "did_you_mean", "rebase"]

_GENERATOR_DEFINITIONS = re.compile(r"/(?:\$defs|definitions)(?:/|$)")


# What is elsewhere matters only where it is needed, which the readers find out.
ELSEWHERE = frozenset({"REF_REMOTE", "REF_FILE"})


class ReferenceFault(Exception):  # noqa: N818 -- never reaches users; the diagnostic in it does
    """A reference that leads nowhere; carries the diagnostic to report."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.diagnostic = self.diagnostics[0]
        super().__init__(self.diagnostic)


class Resolver:
    """Follows the references of one document, and of every file that it reaches.

    Results and failures are remembered, so that a second look costs a dictionary access.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._files: dict[Path, Document | ReferenceFault] = {}
        if document.path is not None:
            self._files[document.path.resolve()] = document
        self._targets: dict[tuple[Document, str], Node | ReferenceFault] = {}
        self._reached: dict[Path, Node] = {}

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document read so far, the first one first."""
        others = (one for one in self._files.values() if isinstance(one, Document))
        return (self.document, *(one for one in others if one is not self.document))

    @property
    def reached(self) -> Mapping[Path, Node]:
        """The first reference that led to each file besides the document's own, by absolute path."""
        return self._reached

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read or that a reference names, readable or not; absolute."""
        return tuple(self._files)

    def follow(self, node: Node) -> Node:
        """The value that `node` means: itself, or the end of its chain of references.

        Raises:
            ReferenceFault: there is no such value.
        """
        if not (isinstance(node.value, dict) and "$ref" in node.value):
            return node
        known = self._targets.get(node.identity)
        if known is None:
            try:
                known = self._chase(node)
            except ReferenceFault as fault:
                known = fault
            self._targets[node.identity] = known
        if isinstance(known, ReferenceFault):
            raise known
        return known

    def step(self, node: Node) -> Node:
        """Where the ``$ref`` of `node` points, one hop; the target may be a reference itself.

        Raises:
            ReferenceFault: there is no such value.
        """
        return self._step(node, [])

    def _chase(self, node: Node) -> Node:
        seen: list[Node] = []
        while isinstance(node.value, dict) and "$ref" in node.value:
            if any(one.identity == node.identity for one in seen):
                raise _fault(seen[0], "REF_CYCLE", "this reference leads back to itself")
            node = self._step(node, seen)
        return node

    def _step(self, node: Node, seen: list[Node]) -> Node:
        seen.append(node)
        reference = node.value["$ref"]
        if not isinstance(reference, str):
            hint = ""
            if reference is None:
                hint = "; an unquoted # begins a comment, so put the reference in quotes"
            raise _fault(node, "REF_TYPE", f"$ref must be a string{hint}")
        uri, _, fragment = reference.partition("#")
        document = self._file(node, uri) if uri else node.document
        return self._walk(node, document, unquote(fragment), seen)

    def _file(self, node: Node, uri: str) -> Document:
        parts = urlsplit(uri)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise _fault(
                node,
                "REF_REMOTE",
                f"remote references are never fetched: {uri!r}; save the file beside this one",
            )
        if parts.path.endswith("/"):
            raise _fault(node, "REF_FILE", f"can't read {uri!r}: it names a directory")
        base = node.document.path
        relative = Path(unquote(parts.path))
        if base is None and not relative.is_absolute():
            raise _fault(
                node, "REF_FILE", f"{uri!r} is relative, and this document has no file to be relative to"
            )
        path = base.parent / relative if base is not None else relative
        try:
            path = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise _fault(node, "REF_FILE", f"can't read {uri!r}: {error}") from error
        known = self._files.get(path)
        if known is None:
            known = self._read(node, path, uri)
            self._files[path] = known
            self._reached[path] = node
        if isinstance(known, ReferenceFault):
            raise known
        return known

    def _read(self, node: Node, path: Path, uri: str) -> Document | ReferenceFault:
        try:
            return load_document(path, name=_shown(node, uri))
        except SpecError as error:
            if error.diagnostics[0].code != "REF_FILE":
                return ReferenceFault(error.diagnostics)
            reason = error.diagnostics[0].message.rpartition(": ")[2]
            return _fault(node, "REF_FILE", f"can't read {uri!r}: {reason}")

    def _walk(self, node: Node, document: Document, pointer: str, seen: list[Node]) -> Node:
        """Descend by `pointer`, through references that stand on the way."""
        if pointer and not pointer.startswith("/"):
            hint = f"; did you mean '#/{pointer}'?" if "/" in pointer else ""
            raise _fault(node, "REF_POINTER", f"{node.value['$ref']!r} holds no JSON Pointer{hint}")
        target = document.root
        tokens = pointer.split("/")[1:]
        for index, token in enumerate(tokens):
            key = token.replace("~1", "/").replace("~0", "~")
            while _is_reference(target) and key not in target.value:
                if any(one.identity == target.identity for one in seen):
                    raise _fault(seen[0], "REF_CYCLE", "this reference leads back to itself")
                target = self._step(target, seen)
            following = _enter(target, key)
            if following is None:
                raise _dangling(node, target, tokens, index)
            target = following
        return target


def rebase(node: Node) -> str:
    """The ``$ref`` of a node as it can be written in any other file."""
    uri, _, fragment = str(node.value["$ref"]).partition("#")
    parts, base = urlsplit(uri), node.document.path
    if base is None or parts.scheme or parts.netloc:
        return str(node.value["$ref"])
    path = base.parent / unquote(parts.path) if uri else base
    return f"{path.as_uri()}#{fragment}"


def _is_reference(node: Node) -> bool:
    return isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)


def _enter(node: Node, key: str) -> Node | None:
    value = node.value
    if isinstance(value, dict):
        return node.child(key) if key in value else None
    # RFC 6901, section 4: an index is a decimal without leading zeros.
    if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", key) and int(key) < len(value):
        return node.child(int(key))
    return None


def _dangling(node: Node, reached: Node, tokens: list[str], index: int) -> ReferenceFault:
    key = tokens[index].replace("~1", "/").replace("~0", "~")
    reference = node.value["$ref"]
    message = f"{reference!r} leads nowhere: there is no {key!r} in {_where(reached)}"
    candidates = list(reached.value) if isinstance(reached.value, dict) else []
    close = get_close_matches(key, candidates, n=1, cutoff=0.6)
    if close:
        right = "/".join([*tokens[:index], escape(close[0]), *tokens[index + 1 :]])
        message += f"; did you mean '{reference.partition('#')[0]}#/{right}'?"
    elif index == 0 and _GENERATOR_DEFINITIONS.match(f"/{'/'.join(tokens)}"):
        message += (
            f"; a generator's schema was copied in: '#' means the whole document, "
            f"so move its {'/'.join(tokens[1:]) or key} to components/schemas"
        )
    return _fault(node, "REF_DANGLING", message)


def _where(node: Node) -> str:
    place = f"#{node.pointer}" if node.pointer else "the document"
    return place if isinstance(node.value, dict | list) else f"{place}, which is no collection"


def _shown(node: Node, uri: str) -> str:
    """The name of a referenced file, in the terms in which the author named the first one."""
    if node.document.name is None:
        return uri
    return str(Path(node.document.name).parent / unquote(urlsplit(uri).path))


def _fault(node: Node, code: str, message: str) -> ReferenceFault:
    at = node.child("$ref") if isinstance(node.value, dict) and "$ref" in node.value else node
    # A remote part keeps the document from being served; it is no fault of the document.
    layer: Layer = "service" if code == "REF_REMOTE" else "document"
    return ReferenceFault([at.diagnostic("error", code, message, layer=layer)])


def closest(word: Any, known: Iterable[str], *, cutoff: float = 0.7) -> str | None:
    """The one of `known` that a person who wrote `word` most likely meant."""
    words, folded = list(known), str(word).lower()
    for alike in (str.lower, sorted):  # written in another case; two letters swapped
        same = next((one for one in words if alike(one.lower()) == alike(folded)), None)
        if same is not None:
            return same
    return next(iter(get_close_matches(str(word), words, n=1, cutoff=cutoff)), None)


def did_you_mean(word: Any, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest of `known`, or nothing."""
    close = closest(word, known)
    return "" if close is None else f"; did you mean {close!r}?"
