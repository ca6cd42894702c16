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

# What stands in these is an author's value, whatever it looks like.
_VALUES = frozenset({"const", "default", "enum", "examples"})


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply RFC 7386 without changing either value; unchanged parts are shared."""
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
    """Return the field `key` of `holder`, merged from the object and its traits.

    Args:
        holder: The object itself.
        key: How the field is called.
        layers: The field where it stands, each over those before; with True, a null in it stays a null,
            where else it takes away what was there.
        follow: Leads to what a reference means; None where that can't be had.

    Returns:
        The only field that counts, unchanged, or all of them merged; None if nothing is left.
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
        """Return the place of the value, or of the object, in the text."""
        return self._original.place(pointer, key=key)


def _replaced(tree: Any, tokens: tuple[str, ...], value: Any) -> Any:
    """Return a tree with another value in one place, sharing the rest."""
    if not tokens:
        return value
    first, others = tokens[0], tokens[1:]
    if isinstance(tree, list):
        index = int(first)
        return [*tree[:index], _replaced(tree[index], others, value), *tree[index + 1 :]]
    return {**tree, first: _replaced(tree.get(first), others, value)}


def _are_objects(*nodes: Node) -> bool:
    return all(isinstance(node.value, dict) for node in nodes)


def _merged(
    target: Node, patch: Node, home: Node, follow: Callable[[Node], Node | None], *, keeps_null: bool
) -> dict[str, Any]:
    """Merge by RFC 7386, following references that are patched and replacing others."""
    result = {key: _moved(inner, home) for key, inner in target.items() if key not in patch.value}
    for key, inner in patch.items():
        before = target.get(key)
        if isinstance(inner.value, dict) and "$ref" not in inner.value and before is not None:
            before = follow(before)
            if before is not None and _are_objects(before):
                result[key] = _merged(before, inner, home, follow, keeps_null=keeps_null)
                continue
        if keeps_null:
            result[key] = _moved(inner, home)
        elif inner.value is not None:
            result[key] = merge_patch(None, _moved(inner, home))
    return result


def _moved(node: Node, home: Node) -> Any:
    """Return a value whose references are written for another file."""
    value = node.value
    if node.document.path == home.document.path:
        return value
    if isinstance(value, dict):
        return {
            key: rebase(node)
            if key == "$ref" and isinstance(inner.value, str)
            else inner.value
            if key in _VALUES
            else _moved(inner, home)
            for key, inner in node.items()
        }
    return [_moved(element, home) for element in node.elements()] if isinstance(value, list) else value
