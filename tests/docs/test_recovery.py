"""What the page and the client module say of a channel with recovery."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.docs.page import render_page
from asynction_asgi.spec import load_spec
from asynction_asgi.typed_clients import write_typescript
from tests.server.documents import channel, document, message

from .reading import read_page, text_of


@pytest.mark.parametrize(
    ("recovery", "said", "python", "typescript"),
    [
        (True, "at most 120 seconds", "handler(text, *offset)", True),
        ({"seconds": 1.5}, "at most 1.5 seconds", "handler(text, *offset)", True),
        ({"offset": "event"}, "An event ~ with one string follows", "handler(text)", False),
        (False, None, "handler(text)", False),
    ],
)
def test_clients_are_told_what_their_listeners_receive(
    recovery: Any, said: str | None, python: str, typescript: bool
) -> None:
    """On the page, in its code for Python, and in the types."""
    text = {"type": "string", "title": "text"}
    extensions: dict[str, Any] = {"x-recovery": recovery}
    spec = load_spec(document(root=channel(sends=[message("news", text)], **extensions)))
    page = text_of(read_page(render_page(spec, folder="", static="")))
    assert (said or "Recovery") in page or (said is None and "Recovery" not in page)
    assert python in page
    assert ("one more argument" in write_typescript(spec).text) == typescript
