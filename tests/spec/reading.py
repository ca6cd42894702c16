"""Helpers for the readers' tests: small documents as text, and their diagnostics."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

from asynction_asgi.spec import check_document
from asynction_asgi.spec.text.document import load_document

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.errors import Diagnostic
    from asynction_asgi.spec import Outcome, Spec


def v2(channels: str, *more: str, version: str = "2.6.0") -> str:
    """Return a 2.x document with these channels, each part in YAML's flow style."""
    return "\n".join(
        [f"asyncapi: {version}", "info: {title: T, version: '1'}", f"channels: {channels}", *more]
    )


def v3(channels: str, operations: str = "{}", *more: str, version: str = "3.0.0") -> str:
    """Return a 3.x document with these channels and operations, each part in YAML's flow style."""
    return "\n".join(
        [
            f"asyncapi: {version}",
            "info: {title: T, version: '1'}",
            f"channels: {channels}",
            f"operations: {operations}",
            *more,
        ]
    )


def check(tmp_path: Path, text: str, **options: Any) -> Outcome:
    """Write a document to a file and check it."""
    path = tmp_path / "doc.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return check_document(path, **options)


def load(tmp_path: Path, text: str, **options: Any) -> Spec:
    """Load the contract of a servable document."""
    outcome = check(tmp_path, text, **options)
    assert outcome.spec is not None, outcome.diagnostics
    return outcome.spec


def found(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return severity, code and pointer of each diagnostic, in order."""
    return [(diagnostic.severity, diagnostic.code, diagnostic.pointer) for diagnostic in outcome.diagnostics]


def only(outcome: Outcome) -> Diagnostic:
    """Return the only diagnostic of a document with one problem."""
    assert len(outcome.diagnostics) == 1, outcome.diagnostics
    return outcome.diagnostics[0]


def value_of(path: Path, text: str) -> Any:
    """Return the parsed tree of a file's text."""
    path.write_text(text, encoding="utf-8")
    return load_document(path).value
