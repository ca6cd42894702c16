"""CommonMark, as AsyncAPI's descriptions are written, without HTML and without images.

The parser's syntax tree is turned into elements; its renderer, which joins strings, is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from .elements import element, link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .elements import Child

_PARSER = (
    MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"]).enable("table")
)
_TAGS = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "strong": "strong",
    "em": "em",
    "code_inline": "code",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
}


def markdown(text: object) -> Child:
    """Return a description as elements, or None if there is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    return element("div", *_convert(SyntaxTreeNode(_PARSER.parse(text))), class_="md")


def _convert(parent: SyntaxTreeNode) -> Iterator[Child]:
    for node in parent.children:
        kind = node.type
        if kind == "inline" or (kind == "paragraph" and node.hidden):
            yield from _convert(node)
        elif kind == "link":
            yield link(node.attrs.get("href"), *_convert(node))
        elif kind == "heading":  # the page has an outline of its own
            yield element("p", element("strong", *_convert(node)))
        elif kind in ("fence", "code_block"):
            yield element("pre", element("code", node.content))
        elif kind in ("hr", "hardbreak"):
            yield element("hr" if kind == "hr" else "br")
        elif kind == "softbreak":
            yield "\n"
        elif kind in _TAGS:
            yield element(_TAGS[kind], node.content or None, *_convert(node))
        else:
            yield node.content
