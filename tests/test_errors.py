"""Refusals, their references and their texts."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.errors import Diagnostic, RefusedError, internal_error, refusal, shorten
from asynction_asgi.logs import get_logger
from tests.cases import each_case


def test_an_internal_error_has_a_reference(caplog: pytest.LogCaptureFixture) -> None:
    """The peer receives only the reference, and the log has it with the crash and its traceback."""
    crash = ValueError("secret")
    body = refusal(internal_error("handler of 'save' in / failed", crash, get_logger("test")))
    ref = body["error"]["ref"]
    assert body == {
        "error": {"code": "internal_error", "message": "the server failed to handle this", "ref": ref}
    }
    record = caplog.records[0]
    assert record.getMessage() == f"handler of 'save' in / failed [ref {ref}]"
    assert record.exc_info is not None
    assert record.exc_info[1] is crash


@each_case(
    ("place", "text"),
    [
        ({"file": "a.yaml", "line": 2, "column": 3}, "a.yaml:2:3"),
        ({"file": "a.yaml", "pointer": "/info"}, "a.yaml#/info"),
        ({"file": "a.yaml"}, "a.yaml"),
        ({}, "document"),
        ({"pointer": "/info"}, "document#/info"),
    ],
)
def test_a_diagnostic_begins_with_its_place(place: dict[str, Any], text: str) -> None:
    """As far as it is known."""
    assert str(Diagnostic(severity="error", code="X", message="m", **place)) == f"{text}: error: m [X]"


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [(404, "gone", "the code .+ not int"), ("gone", LookupError("gone"), "the message .+ not LookupError")],
    ids=["code", "message"],
)
def test_a_refusal_is_of_texts(code: Any, message: Any, words: str) -> None:
    """A code or message that clients could not read raises where it is given."""
    with pytest.raises(TypeError, match=words):
        RefusedError(code, message)


def test_a_handled_internal_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Without a logger nothing is logged, and every refusal still has its own reference."""
    refs = {internal_error("handled", ValueError(), None).ref for _ in range(2)}
    assert (len(refs), caplog.records) == (2, [])


@pytest.mark.parametrize(
    ("text", "shown"), [("", ""), ("abc", "abc"), ("abcd", "abc…")], ids=["empty", "fits", "longer"]
)
def test_a_long_text_is_truncated(text: str, shown: str) -> None:
    """A text that fits is unchanged, and the rest of a longer one is replaced by an ellipsis."""
    assert shorten(text, 3) == shown
