"""Mistakes in ``x-mock`` are found without a mock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec import check_document, load_spec
from asynction_asgi.spec.readers.mock_hints import read_hints
from tests.server.documents import channel, document, message

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.errors import Diagnostic

BINARY = {"type": "string", "format": "binary"}


@pytest.mark.parametrize(
    ("hints", "where", "words"),
    [
        ({"emit": "tolled"}, "/emit", "did you mean 'told'"),
        ({"ack": "no"}, "/ack", "doesn't match its x-ack"),
        ({"intervall": 1}, "/intervall", "did you mean 'interval'"),
        (5, "", "must be an object"),
        ({"emit": "told", "ack": 3}, None, ""),
    ],
)
def test_mistakes_are_warnings_with_their_place(hints: Any, where: str | None, words: str) -> None:
    """A mistake in ``x-mock`` is a warning at its place, and the document is served."""
    ask = message("ask", {"type": "string"}, **{"x-ack": {"args": {"type": "integer"}}, "x-mock": hints})
    outcome = check_document(document(root=channel(receives=[ask], sends=[message("told", {})])))
    assert outcome.servable
    found = [(diagnostic.severity, diagnostic.code, diagnostic.pointer) for diagnostic in outcome.diagnostics]
    place = "/channels/~1/publish/message/oneOf/0/x-mock"
    assert found == ([] if where is None else [("warning", "MOCK", place + where)])
    assert all(words in diagnostic.message for diagnostic in outcome.diagnostics)


def test_hints_of_what_the_server_sends_have_lines(tmp_path: Path) -> None:
    """A warning has the line and the column of the hint."""
    path = tmp_path / "told.yaml"
    path.write_text(
        "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\nchannels:\n  /:\n    subscribe:\n"
        "      message: {name: told, x-mock: {interval: often}}\n",
        "utf-8",
    )
    (found,) = check_document(path).diagnostics
    assert (found.severity, found.code, found.line, found.column) == ("warning", "MOCK", 6, 48)


def test_mistakes_for_the_mock_are_reported_beside_errors() -> None:
    """One run reports mistakes in hints and all errors."""
    ask = message("ask", {"type": "strong"}, **{"x-mock": {"intervall": 1}})
    outcome = check_document(document(root=channel(receives=[ask])))
    assert not outcome.servable
    assert {"MOCK", "SCHEMA"} <= {diagnostic.code for diagnostic in outcome.diagnostics}


def test_bytes_are_written_as_in_examples() -> None:
    """A text in a hint stands for bytes."""
    ask = message("ask", {}, **{"x-ack": {"args": BINARY}, "x-mock": {"ack": {"$binary": "AQI="}}})
    spec = load_spec(document(root=channel(receives=[ask])))
    found: list[Diagnostic] = []
    assert read_hints(spec.namespaces["/"].receives["ask"], {}, spec, found.append).ack == (b"\1\2",)
    assert not found
