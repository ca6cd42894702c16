"""How deep the arrays and objects of a peer nest."""

from __future__ import annotations

from typing import Any

_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"\\'))


def may_be_deeper(text: str, depth: int) -> bool:
    """Return whether `text`, which holds JSON, may nest more than `depth` levels.

    A text of at most twice as many characters as levels can't, and as many brackets as levels are
    needed to nest that deep, which most packets don't have.
    """
    return len(text) > 2 * depth and text.count("[") + text.count("{") > depth and _looks_deeper(text, depth)


def _looks_deeper(text: str, depth: int) -> bool:
    """Return whether the brackets of `text`, which is JSON, may nest more than `depth` levels.

    A walk over the value would be sure, and costs more than to decode it. Strings that hold
    brackets, quotes or backslashes can make this say yes for no reason; nothing makes it say no.
    """
    brackets = text.encode().translate(None, _NO_STRUCTURE).replace(b'""', b"")
    if b'"' in brackets or b"\\" in brackets:
        return True
    while len(brackets) > 2 * depth:
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        depth -= 1
        if depth < 0:
            return True
    return False


def is_deeper(value: Any, depth: int) -> bool:
    """Return whether `value`, fresh from a decoder, nests more than `depth` levels; breadth first."""
    level = [value]
    for _ in range(depth):
        children = []
        for parent in level:
            for child in parent.values() if type(parent) is dict else parent:
                kind = type(child)
                if kind is dict or kind is list:
                    children.append(child)
        if not children:
            return False
        level = children
    return True
