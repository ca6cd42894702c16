"""References across a document and the files beside it.

JSON Reference as AsyncAPI uses it: siblings of a ``$ref`` are ignored, and a relative URI is resolved against
the file that holds the reference. Within schemas, their dialect decides (`SchemaPlaces`). Nothing is ever
fetched.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from ...errors import SpecError
from .document import Document, Node, load_document
from .pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ...errors import Diagnostic, Layer

    Place = tuple[Document, str]

__all__ = [
    "ELSEWHERE",
    "ReferenceFault",
    "Resolver",
    "SchemaPlaces",
    "closest",
    "did_you_mean",
    "name_by_reference",
    "rebase",
    "reference_fault",
]

_GENERATOR_DEFINITIONS = re.compile(r"/(?:\$defs|definitions)(?:/|$)")
_BESIDE = ("/$ref", "/$dynamicRef", "/$recursiveRef")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# RFC 6901, section 3: a tilde is followed by 0 or 1.
_BAD_ESCAPE = re.compile(r"~(?![01]).?")

# Names compared for the sake of hints, in one document; some microseconds each.
_MOST_COMPARISONS = 100_000

# Missing files matter only if a reader needs them.
ELSEWHERE = frozenset({"REF_REMOTE", "REF_FILE"})


class ReferenceFault(Exception):  # noqa: N818  # never reaches users; the diagnostic in it does
    """A reference that cannot be resolved; carries the diagnostic to report."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.diagnostic = self.diagnostics[0]
        super().__init__(self.diagnostic)


class SchemaPlaces(Protocol):
    """What is known of the schemas among the values."""

    def combines(self, node: Node) -> bool:
        """Return whether the keywords beside the ``$ref`` of a value count, so that it is more than a reference."""
        ...

    def locate(self, node: Node, uri: str, fragment: str) -> tuple[Node, str] | None:
        """Return the value from which the reference of a schema descends, and the pointer that is left.

        Args:
            node: Holds the reference.
            uri: The part before the ``#``.
            fragment: The part after it, decoded.

        Returns:
            None if the node is not a schema.

        Raises:
            ReferenceFault: There is no such value.
        """
        ...


class Resolver:
    """Follows the references of one document, and of every file that it reaches.

    Results and failures are remembered, so that a second look costs a dictionary access.

    Args:
        document: The first one.
        read: Returns the content of the file at an absolute path, or raises OSError.

    Attributes:
        places: Says what the references of schemas mean; None before they are known.
    """

    def __init__(self, document: Document, *, read: Callable[[Path], bytes] = Path.read_bytes) -> None:
        self.document = document
        self.places: SchemaPlaces | None = None
        self._read_file = read
        self._files: dict[Path, Document | ReferenceFault] = {}
        if document.path is not None:
            self._files[document.path.resolve()] = document
        self._targets: dict[Place, Node | ReferenceFault] = {}
        self._comparisons = 0
        self._steps: dict[Place, Node] = {}
        self._reached: dict[Path, Node] = {}

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document read so far, the first one first."""
        others = (document for document in self._files.values() if isinstance(document, Document))
        return (self.document, *(document for document in others if document is not self.document))

    @property
    def reached(self) -> Mapping[Path, Node]:
        """The first reference that led to each file besides the document's own, by absolute path."""
        return self._reached

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read or that a reference names, readable or not; absolute."""
        return tuple(self._files)

    def follow(self, node: Node) -> Node:
        """Return the value that `node` means: itself, or the end of its chain of references.

        Raises:
            ReferenceFault: The value does not exist.
        """
        if not self.is_reference(node):
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

    def forget(self) -> None:
        """Follow every reference again when it is asked for, as more is known of the schemas."""
        self._targets.clear()
        self._steps.clear()

    def is_reference(self, node: Node) -> bool:
        """Return whether a value is a reference and nothing else."""
        value = node.value
        if not isinstance(value, dict) or "$ref" not in value:
            return False
        return len(value) == 1 or self.places is None or not self.places.combines(node)

    def step(self, node: Node) -> Node:
        """Return where the ``$ref`` of `node` points, one hop; the target may be a reference itself.

        Raises:
            ReferenceFault: The value does not exist.
        """
        return self._step(node, node)

    def _chase(self, node: Node) -> Node:
        """Follow a chain to its end, which is then known of each of its links."""
        seen: dict[Place, Node] = {}
        start = node
        while self.is_reference(node):
            known = self._targets.get(node.identity)
            if isinstance(known, ReferenceFault):
                raise known
            if known is not None:
                node = known
                break
            if node.identity in seen:
                for link in seen.values():
                    self._targets[link.identity] = _endless(link)
                raise _endless(start)
            seen[node.identity] = node
            try:
                node = self._step(node, start)
            except ReferenceFault as fault:
                if fault.diagnostic.code != "REF_CYCLE":
                    self._targets.update(dict.fromkeys(seen, fault))
                raise
        self._targets.update(dict.fromkeys(seen, node))
        return node

    def _step(self, node: Node, start: Node) -> Node:
        """Return where a ``$ref`` points, by way of the references that its pointer passes through."""
        descents = [self._descent(node)]
        active = {node.identity}
        while True:
            descent = descents[-1]
            passed = descent.advance(self._nearest)
            if passed is None:
                self._steps[descent.node.identity] = descent.target
                active.discard(descent.node.identity)
                descents.pop()
                if not descents:
                    return descent.target
                descents[-1].target = descent.target
            elif passed.identity in active or passed.identity in descent.passed:
                raise _endless(start)
            else:
                descent.passed.add(passed.identity)
                known = self._steps.get(passed.identity)
                if known is not None:
                    descent.target = known
                else:
                    active.add(passed.identity)
                    descents.append(self._descent(passed))

    def _descent(self, node: Node) -> _Descent:
        reference = node.value["$ref"]
        if not isinstance(reference, str):
            hint = ""
            if reference is None:
                hint = "; an unquoted # begins a comment, so put the reference in quotes"
            raise reference_fault(node, "REF_TYPE", f"$ref must be a string{hint}")
        uri, _, fragment = reference.partition("#")
        pointer = unquote(fragment)
        located = None if self.places is None else self.places.locate(node, uri, pointer)
        if located is not None:
            root, pointer = located
        else:
            root = (self.file(node, uri) if uri else node.document).root
        if pointer and not pointer.startswith("/"):
            hint = f"; did you mean '#/{pointer}'?" if "/" in pointer else ""
            raise reference_fault(node, "REF_POINTER", f"{reference!r} is not a valid JSON Pointer{hint}")
        if (wrong := _BAD_ESCAPE.search(pointer)) is not None:
            message = f"{reference!r} is not a valid JSON Pointer: {wrong[0]!r} means nothing; write ~0 for ~, ~1 for /"
            raise reference_fault(node, "REF_POINTER", message)
        return _Descent(node, root, Pointer.parse(pointer))

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """Call the function of that name, unless the document has had too many comparisons already."""
        words = list(known)
        return did_you_mean(word, words) if self._may_compare(len(words)) else ""

    def _nearest(self, key: str, candidates: list[str]) -> str | None:
        if not self._may_compare(len(candidates)):
            return None
        return next(iter(get_close_matches(key, candidates, n=1, cutoff=0.6)), None)

    def _may_compare(self, count: int) -> bool:
        """Return whether so many names may still be compared: findings and names multiply."""
        self._comparisons += count
        return self._comparisons <= _MOST_COMPARISONS

    def file(self, node: Node, uri: str) -> Document:
        """Return the file that the URI of a reference names, beside the one that holds it.

        Raises:
            ReferenceFault: The file can't be read, or lies elsewhere.
        """
        try:
            parts = urlsplit(uri)
        except ValueError as error:
            raise reference_fault(node, "REF_FILE", f"{uri!r} is not a URI: {error}") from error
        if "\\" in uri or _DRIVE.match(uri):
            message = f"{uri!r} is a Windows path; use a relative path with / between folders"
            raise reference_fault(node, "REF_FILE", message)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise reference_fault(
                node,
                "REF_REMOTE",
                f"remote references are never fetched: {uri!r}; save the file beside this one, or save it "
                "anywhere and say where by --schemas URI=PATH",
            )
        if parts.path.endswith("/"):
            raise reference_fault(node, "REF_FILE", f"can't read {uri!r}: it names a directory")
        base = node.document.path
        relative = Path(unquote(parts.path))
        if base is None and not relative.is_absolute():
            raise reference_fault(
                node,
                "REF_FILE",
                f"{uri!r} is relative, but this document was not read from a file; use an absolute path",
            )
        path = base.parent / relative if base is not None else relative
        return self.file_at(node, path, uri, name=_shown(node, uri))

    def file_at(self, node: Node, path: Path, uri: str, *, name: str) -> Document:
        """Return the file at a path, which the URI of a reference stands for.

        Args:
            node: Holds the reference.
            path: Of the file.
            uri: As diagnostics say it.
            name: What to call the file in diagnostics.

        Raises:
            ReferenceFault: The file can't be read.
        """
        try:
            path = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise reference_fault(node, "REF_FILE", f"can't read {uri!r}: {error}") from error
        known = self._files.get(path)
        if known is None:
            known = self._read(node, path, uri, name)
            self._files[path] = known
            self._reached[path] = node
        if isinstance(known, ReferenceFault):
            raise known
        return known

    def _read(self, node: Node, path: Path, uri: str, name: str) -> Document | ReferenceFault:
        try:
            return load_document(path, name=name, read=self._read_file)
        except SpecError as error:
            if error.diagnostics[0].code != "REF_FILE":
                return ReferenceFault(error.diagnostics)
            reason = error.diagnostics[0].message.rpartition(": ")[2]
            return reference_fault(node, "REF_FILE", f"can't read {uri!r}: {reason}")


class _Descent:
    """The way from a file's root along one pointer.

    Attributes:
        node: The reference that is resolved.
        target: What was reached so far.
        passed: References that stood in the way of the next token.
    """

    __slots__ = ("_index", "_pointer", "node", "passed", "target")

    def __init__(self, node: Node, root: Node, pointer: Pointer) -> None:
        self.node = node
        self.target = root
        self.passed: set[Place] = set()
        self._pointer = pointer
        self._index = 0

    def advance(self, nearest: Callable[[str, list[str]], str | None]) -> Node | None:
        """Go on until a reference stands in the way, and return it; None at the end.

        Args:
            nearest: Finds the name that was meant, or None.

        Raises:
            ReferenceFault: The value does not exist.
        """
        while self._index < len(self._pointer.tokens):
            key = self._pointer.tokens[self._index]
            if _is_reference(self.target) and key not in self.target.value:
                return self.target
            following = _enter(self.target, key)
            if following is None:
                raise _dangling(self.node, self.target, self._pointer, self._index, nearest)
            self.target = following
            self.passed.clear()
            self._index += 1
        return None


def rebase(node: Node) -> str:
    """Return the ``$ref`` of a node as it can be written in any other file."""
    uri, _, fragment = str(node.value["$ref"]).partition("#")
    base = node.document.path
    try:
        parts = urlsplit(uri)
    except ValueError:  # reported where it is followed
        return str(node.value["$ref"])
    if base is None or parts.scheme or parts.netloc:
        return str(node.value["$ref"])
    path = base.parent / unquote(parts.path) if uri else base
    return f"{path.as_uri()}#{fragment}"


def name_by_reference(reference: str) -> str | None:
    """Return the last segment of a reference, which names a message of 2.x without a name, or None."""
    fragment = unquote(reference.partition("#")[2])
    last = Pointer.parse(fragment).last if fragment.startswith("/") else ""
    return last if last and not last.isdecimal() else None


def _endless(node: Node) -> ReferenceFault:
    return reference_fault(node, "REF_CYCLE", "this reference leads back to itself")


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


def _dangling(
    node: Node,
    reached: Node,
    pointer: Pointer,
    index: int,
    nearest: Callable[[str, list[str]], str | None],
) -> ReferenceFault:
    before, key, after = pointer.tokens[:index], pointer.tokens[index], pointer.tokens[index + 1 :]
    reference = node.value["$ref"]
    message = f"{reference!r} leads nowhere: there is no {key!r} in {_where(reached)}"
    candidates = list(reached.value) if isinstance(reached.value, dict) else []
    close = nearest(key, candidates)
    if close is not None:
        right = Pointer((*before, close, *after))
        message += f"; did you mean '{reference.partition('#')[0]}#{right}'?"
    elif index == 0 and _GENERATOR_DEFINITIONS.match(str(pointer)):
        message += (
            f"; a generator's schema was copied in: '#' means the whole document, "
            f"so move its {'/'.join(after) or key} to components/schemas"
        )
    return reference_fault(node, "REF_DANGLING", message)


def _where(node: Node) -> str:
    place = f"#{node.pointer}" if node.pointer else "the document"
    return place if isinstance(node.value, dict | list) else f"{place}, which is neither an object nor a list"


def _shown(node: Node, uri: str) -> str:
    """Return the name of a referenced file, in the terms in which the author named the first one."""
    name, path = node.document.name, node.document.path
    if name is None:
        return uri
    referenced = unquote(urlsplit(uri).path)
    folder = name.removesuffix(path.name) if path is not None else ""
    if folder.endswith(":"):  # a revision's top folder, as in main:chat.yaml
        return f"{folder}{Path(referenced)}"
    return str(Path(name).parent / referenced)


def reference_fault(node: Node, code: str, message: str) -> ReferenceFault:
    """Return what is wrong with a reference, at its place."""
    stands_beside = node.pointer.endswith(_BESIDE)  # `children` gives it a place of its own
    at = node.child("$ref") if "$ref" in node.value and not stands_beside else node
    # A remote part prevents serving, but does not make the document invalid.
    layer: Layer = "service" if code == "REF_REMOTE" else "document"
    return ReferenceFault([at.diagnostic("error", code, message, layer=layer)])


def closest(word: Any, known: Iterable[str], *, cutoff: float = 0.7) -> str | None:
    """Return the known word that a person who wrote `word` most likely meant, or None."""
    words, folded = list(known), str(word).lower()
    for alike in (str.lower, sorted):  # written in another case; two letters swapped
        same = next((known_word for known_word in words if alike(known_word.lower()) == alike(folded)), None)
        if same is not None:
            return same
    return next(iter(get_close_matches(str(word), words, n=1, cutoff=cutoff)), None)


def did_you_mean(word: Any, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or ``""``."""
    close = closest(word, known)
    return "" if close is None else f"; did you mean {close!r}?"
