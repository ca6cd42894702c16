"""A field of a message that its traits have changed, as a place in a document of its own.

What is merged stands nowhere in the text, but its references must lead on from where each was written,
and what is wrong with it must be told at the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..text.document import Document, Node
from ..text.pointer import Pointer
from ..text.references import rebase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["merge_patch", "patched"]

# What stands in these is an author's value, whatever it looks like.
_VALUES = frozenset({"const", "default", "enum", "examples"})


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386, without touching either; what is unchanged is shared."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def patched(
    holder: Node, key: str, layers: Iterable[tuple[Node, bool]], follow: Callable[[Node], Node | None]
) -> Node | None:
    """The field `key` of `holder`, of all that the object and its traits say of it.

    Args:
        holder: The object itself.
        key: How the field is called.
        layers: The field where it stands, each over those before; with True, a null in it stays a null,
            where else it takes away what was there.
        follow: Leads to what a reference means; None where that can't be had.

    Returns:
        The only one that counts, as it stands, or else what they make together; None if nothing is left.
    """
    current: Node | None = None
    for layer, keeps_null in layers:
        target = None if current is None else follow(current)
        patch = follow(layer)
        if layer.value is None:
            current = None
        elif target is None or patch is None or not _are_objects(target, patch):
            current = layer
        else:
            value = _merged(target, patch, holder, follow, keeps_null=keeps_null)
            current = _Patched(holder, key, value).node
    return current


class _Patched(Document):
    """A document in which one field of one object has another value."""

    def __init__(self, holder: Node, key: str, value: Any) -> None:
        self._original = holder.document
        pointer = Pointer.parse(holder.pointer) / key
        super().__init__(
            _replaced(holder.document.value, pointer.tokens, value),
            path=holder.document.path,
            name=holder.document.name,
            text=holder.document.text,
        )
        self.node = Node(value, self, str(pointer))

    def place(self, pointer: str, *, key: bool = False) -> tuple[int | None, int | None, str | None]:
        """Where it stands, or the object, in the text."""
        return self._original.place(pointer, key=key)


def _replaced(tree: Any, tokens: tuple[str, ...], value: Any) -> Any:
    """A tree with another value in one place, which shares all the rest."""
    if not tokens:
        return value
    first, others = tokens[0], tokens[1:]
    if isinstance(tree, list):
        index = int(first)
        return [*tree[:index], _replaced(tree[index], others, value), *tree[index + 1 :]]
    return {**tree, first: _replaced(tree.get(first), others, value)}


def _are_objects(*nodes: Node) -> bool:
    return all(isinstance(one.value, dict) for one in nodes)


def _merged(
    target: Node, patch: Node, home: Node, follow: Callable[[Node], Node | None], *, keeps_null: bool
) -> dict[str, Any]:
    """RFC 7386; a reference that is patched is what it means, and one in the patch takes the place of what was there."""
    result = {key: _moved(one, home) for key, one in target.items() if key not in patch.value}
    for key, one in patch.items():
        before = target.get(key)
        if isinstance(one.value, dict) and "$ref" not in one.value and before is not None:
            before = follow(before)
            if before is not None and _are_objects(before):
                result[key] = _merged(before, one, home, follow, keeps_null=keeps_null)
                continue
        if keeps_null:
            result[key] = _moved(one, home)
        elif one.value is not None:
            result[key] = merge_patch(None, _moved(one, home))
    return result


def _moved(node: Node, home: Node) -> Any:
    """A value with its references as they must be in another file."""
    value = node.value
    if node.document.path == home.document.path:
        return value
    if isinstance(value, dict):
        return {
            key: rebase(node)
            if key == "$ref" and isinstance(one.value, str)
            else one.value
            if key in _VALUES
            else _moved(one, home)
            for key, one in node.items()
        }
    return [_moved(one, home) for one in node.elements()] if isinstance(value, list) else value
