"""The way along one JSON Pointer, past the references that stand in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .pointer import Pointer
from .reference_faults import ReferenceFault, reference_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from .document import Document, Node

    Place = tuple[Document, str]

_GENERATOR_DEFINITIONS = re.compile(r"/(?:\$defs|definitions)(?:/|$)")


class Descent:
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
