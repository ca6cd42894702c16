"""Compile a schema the way a document does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

if TYPE_CHECKING:
    from asynction_asgi.errors import Diagnostic, Violation
    from asynction_asgi.spec.schemas import Check
    from asynction_asgi.spec.schemas.bundle import Backend


def compile_schema(schema: Any, *, backend: Backend = "fastjsonschema", **components: Any) -> Check:
    """Return the check of one schema, whose references lead to ``#/schema`` or ``#/<component>``."""
    node = load_document({"schema": schema, **components}).root.child("schema")
    bundle, found = compile_bundle([node], Resolver(node.document), backend=backend)
    assert not [diagnostic for diagnostic in found if diagnostic.severity == "error"], found
    return bundle.check(node)


def diagnose(schema: Any, *, strict: bool = False, **components: Any) -> list[Diagnostic]:
    """Return the diagnostics of one schema."""
    node = load_document({"schema": schema, **components}).root.child("schema")
    return compile_bundle([node], Resolver(node.document), strict=strict)[1]


def violation(check: Check, value: Any) -> Violation | None:
    """Return the first violation, or None for a valid value."""
    try:
        check(value)
    except Mismatch as mismatch:
        return mismatch.violations[0]
    return None


def accepts(check: Check, value: Any) -> bool:
    """Return whether the value is valid."""
    return violation(check, value) is None
