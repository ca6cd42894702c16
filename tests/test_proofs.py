"""Each threat of `SECURITY.md` and each guarantee names the tests that prove it, and these exist."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.cases import each_case

from .pages import ROOT, table

PAGES = ("SECURITY.md", "docs/explanation/guarantees.md")
PROOFS = sorted(
    {
        proof
        for page in PAGES
        for proof in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / page).read_text("utf-8"))
    }
)


@cache
def names_in(path: str) -> set[str]:
    """Return the names of the test functions that pytest collects from a file."""
    body = ast.parse((ROOT / path).read_text("utf-8")).body
    functions = (node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in functions if name.startswith("test_")}


@each_case(("path", "name"), PROOFS, ids=["::".join(proof) for proof in PROOFS])
def test_each_proof_exists(path: str, name: str) -> None:
    """The named test is in the named file."""
    assert name in names_in(path)


def test_each_threat_has_a_proof() -> None:
    """Each row of the first table of `SECURITY.md` names a test."""
    threats = (ROOT / "SECURITY.md").read_text("utf-8").split("\n## ")[1]
    rows = [line for line in threats.split("\n") if line.startswith("| ")]
    assert len(rows) > 10
    assert all("`tests/" in row for row in rows[1:])


def test_each_guarantee_has_a_proof() -> None:
    """Each row of the guarantees names a test."""
    rows = table("Guarantees")
    assert len(rows) > 10
    assert all("`tests/" in proofs for _, proofs in rows)
