"""Compare two schemas the way two documents are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asynction_asgi.spec.containment import Containment
from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

if TYPE_CHECKING:
    from asynction_asgi.spec.containment import Verdict
    from asynction_asgi.spec.schemas import Check
    from asynction_asgi.spec.schemas.definitions import Definitions, Schema


@dataclass(frozen=True)
class Compiled:
    """A schema with its definitions and its check."""

    definitions: Definitions
    schema: Schema
    check: Check

    def accepts(self, value: Any) -> bool:
        try:
            self.check(value)
        except Mismatch:
            return False
        return True

    def refuses(self, value: Any) -> bool:
        return not self.accepts(value)


def compile_one(schema: Any) -> Compiled | None:
    """Compile a schema, whose references go to ``#/schema``, or return None if it has an error."""
    node = load_document({"schema": schema}).root.child("schema")
    bundle, found = compile_bundle([node], Resolver(node.document), backend="fastjsonschema")
    if any(diagnostic.severity == "error" for diagnostic in found):
        return None
    return Compiled(bundle.definitions, bundle.definition(node), bundle.check(node))


def compare(old: Any, new: Any, *, effort: float = 1, seed: int = 0) -> Verdict:
    """Ask whether `new` accepts what `old` does."""
    inner, outer = compile_one(old), compile_one(new)
    assert inner is not None, old
    assert outer is not None, new
    return decide(inner, outer, effort=effort, seed=seed)


def decide(inner: Compiled, outer: Compiled, *, effort: float = 1, seed: int = 0) -> Verdict:
    """Ask whether `outer` accepts what `inner` does."""
    containment = Containment(inner.definitions, outer.definitions, effort=effort, seed=seed)
    return containment.decide(inner.schema, outer.schema, inner.accepts, outer.refuses)
