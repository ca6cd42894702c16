"""Each proof that `SECURITY.md` names is an existing test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROOFS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text("utf-8"))))


@pytest.mark.parametrize(("path", "name"), PROOFS, ids=[name for _, name in PROOFS])
def test_each_proof_exists(path: str, name: str) -> None:
    """The named test is in the named file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_each_threat_has_a_proof() -> None:
    """Each row of the first table names a test."""
    threats = (ROOT / "SECURITY.md").read_text("utf-8").split("\n## ")[1]
    rows = [line for line in threats.split("\n") if line.startswith("| ")]
    assert len(rows) > 10
    assert all("`tests/" in row for row in rows[1:])
