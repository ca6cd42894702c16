"""Sphinx's directive ``generated``, which puts a part of `docs.generated` into a page."""

from __future__ import annotations

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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
