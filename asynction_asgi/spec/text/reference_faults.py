"""What is wrong with a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...errors import Diagnostic, Layer
    from .document import Node

_BESIDE = ("/$ref", "/$dynamicRef", "/$recursiveRef")


class ReferenceFault(Exception):  # noqa: N818  # never reaches users; the diagnostic in it does
    """A reference that cannot be resolved; carries the diagnostic to report."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.diagnostic = self.diagnostics[0]
        super().__init__(self.diagnostic)


def reference_fault(node: Node, code: str, message: str) -> ReferenceFault:
    """Return what is wrong with a reference, at its place."""
    stands_beside = node.pointer.endswith(_BESIDE)  # `children` gives it a place of its own
    at = node.child("$ref") if "$ref" in node.value and not stands_beside else node
    # A remote part prevents serving, but does not make the document invalid.
    layer: Layer = "service" if code == "REF_REMOTE" else "document"
    return ReferenceFault([at.diagnostic("error", code, message, layer=layer)])
