"""References across a document and the files beside it.

JSON Reference as AsyncAPI uses it: siblings of a ``$ref`` are ignored, and a relative URI is resolved against
the file that holds the reference. Within schemas, their dialect decides (`SchemaPlaces`). Nothing is ever
fetched.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from .descent import Descent
from .files import Files
from .hints import did_you_mean
from .pointer import Pointer
from .reference_faults import ReferenceFault, reference_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .document import Document, Node

    Place = tuple[Document, str]

# RFC 6901, section 3: a tilde is followed by 0 or 1.
_BAD_ESCAPE = re.compile(r"~(?![01]).?")

# Names compared for the sake of hints, in one document; some microseconds each.
_MOST_COMPARISONS = 100_000

# Missing files matter only if a reader needs them.
ELSEWHERE = frozenset({"REF_REMOTE", "REF_FILE"})


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
        files: The files that it reaches.
        places: Says what the references of schemas mean; None before they are known.
    """

    def __init__(self, document: Document, *, read: Callable[[Path], bytes] = Path.read_bytes) -> None:
        self.document = document
        self.places: SchemaPlaces | None = None
        self.files = Files(document, read)
        self._targets: dict[Place, Node | ReferenceFault] = {}
        self._comparisons = 0
        self._steps: dict[Place, Node] = {}

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

    def _descent(self, node: Node) -> Descent:
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
            root = (self.files.named(node, uri) if uri else node.document).root
        if pointer and not pointer.startswith("/"):
            hint = f"; did you mean '#/{pointer}'?" if "/" in pointer else ""
            raise reference_fault(node, "REF_POINTER", f"{reference!r} is not a valid JSON Pointer{hint}")
        if (wrong := _BAD_ESCAPE.search(pointer)) is not None:
            message = f"{reference!r} is not a valid JSON Pointer: {wrong[0]!r} means nothing; write ~0 for ~, ~1 for /"
            raise reference_fault(node, "REF_POINTER", message)
        return Descent(node, root, Pointer.parse(pointer))

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
