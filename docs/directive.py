"""Sphinx's directive ``generated``, which puts a part of `docs.generated` into a page, and links to the README.

Pages can be read in the repository as well: there, a page that is another file says so and links to it, and the
complete example is in the README, which is the first page of the site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from .generated import PARTS

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx


class Generated(SphinxDirective):
    """A part by its name."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Return the nodes of the part, whose headings become the page's."""
        self.env.note_reread()  # the code is not among the files that Sphinx watches
        nodes: list[Node] = self.parse_text_to_nodes(PARTS[self.arguments[0]](), allow_section_headings=True)
        return nodes


def _for_the_site(_: Sphinx, __: str, source: list[str]) -> None:
    """Drop what a page says before it includes a file, and link to the README as the first page."""
    before, fence, rest = source[0].partition("```{include}")
    text = fence + rest if fence else before
    source[0] = re.sub(r"\(((?:\.\./)*)\.\./README\.md#", r"(\1index.md#", text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    app.connect("source-read", _for_the_site)
    return {"parallel_read_safe": True}
