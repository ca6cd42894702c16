"""``mock="missing"``: handlers that nobody has written are played, those that are there are real."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, BindingError, SpecError
from tests.clients import connected
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = {"args": {"type": "integer", "minimum": 5, "maximum": 9}}
SPEC = document(
    root=channel(
        receives=[
            message("real", TEXT, **{"x-handler": "studio.real", "x-ack": {"args": {"type": "string"}}}),
            message("unwritten", TEXT, **{"x-handler": "studio.unwritten", "x-ack": NUMBER}),
            message("elsewhere", TEXT, **{"x-handler": "attic.elsewhere", "x-ack": NUMBER}),
            message("nameless", TEXT, **{"x-ack": NUMBER, "x-mock": {"emit": "told"}}),
        ],
        sends=[message("told", {"const": "so"}), message("never", {"const": "n"}), message("no", False)],
        **{"x-handlers": {"connect": "attic.connect"}},
    )
)


@pytest.fixture(autouse=True)
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module with one of the handlers."""
    (tmp_path / "studio.py").write_text("async def real(data):\n    return data['text']\n")
    (tmp_path / "broken.py").write_text("raise OSError('no database')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("studio", "broken"):
        sys.modules.pop(name, None)


async def test_what_is_there_is_real_and_the_rest_is_played() -> None:
    """By the same refusals; a played event emits what its hints say, and nothing else is emitted."""
    app = AsynctionSocketIO.from_spec(SPEC, mock="missing")
    app.check_handlers()
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("real", {"text": "hi"}) == "hi"
            for name in ("unwritten", "elsewhere"):
                assert await client.call(name, {"text": "hi"}) in range(5, 10)
            refusal = await client.call("unwritten", {"text": ""})
            assert refusal["error"]["code"] == "invalid_payload"
            heard: list[Any] = []
            client.on("*", lambda *event: heard.append(event))
            assert await client.call("nameless", {"text": "hi"}) in range(5, 10)
            assert heard == [("told", "so")]


def test_each_name_that_leads_nowhere_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """As a warning, lifecycle handlers included, which stay absent; and so is which events are mocked."""
    AsynctionSocketIO.from_spec(SPEC, mock="missing")
    warned = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len(warned) == 4
    for text in ("no module 'attic'", "has no 'unwritten'", "handler of 'connect'"):
        assert sum(text in one for one in warned) == 1 + (text == "no module 'attic'")
    assert "a mock answers in /: 'unwritten', 'elsewhere', 'nameless'" in warned


def test_a_module_that_fails_is_still_an_error() -> None:
    """It is there; and so is a handler that can't be called, or does not fit."""
    wrong = [
        message("broken", TEXT, **{"x-handler": "broken.handler"}),
        message("misfit", {"type": "array", "maxItems": 0}, **{"x-handler": "studio.real"}),
    ]
    with pytest.raises(BindingError) as caught:
        AsynctionSocketIO.from_spec(document(root=channel(receives=wrong)), mock="missing")
    assert [one.code for one in caught.value.diagnostics] == ["HANDLER", "ARITY"]
    assert "no database" in str(caught.value)


def test_names_given_in_code_must_lead_somewhere() -> None:
    """Only the document may be ahead of its handlers."""
    with pytest.raises(BindingError, match="attic"):
        AsynctionSocketIO.from_spec(SPEC, mock="missing", handlers={"/": {"nameless": "attic.nameless"}})


@pytest.mark.parametrize("event", ["nameless", "*"])
async def test_a_handler_that_comes_later_takes_its_place(event: str) -> None:
    """A catch-all too."""
    app = AsynctionSocketIO.from_spec(SPEC, mock="missing")

    @app.on(event)
    async def handle(*_: Any) -> int:
        return 7

    with serve(app) as url:
        async with connected(url) as client:
            assert {await client.call("nameless", {"text": "hi"}) for _ in range(10)} == {7}


def test_what_can_not_be_played_ends_the_start() -> None:
    """Only of what is played: `no`, which no value fits, is not emitted."""
    never = message("stuck", TEXT, **{"x-ack": {"args": {"enum": []}}})
    with pytest.raises(SpecError, match="no value was found"):
        AsynctionSocketIO.from_spec(document(root=channel(receives=[never])), mock="missing")


def test_nothing_is_made_where_nothing_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    """The option may stay when all is written."""
    spec = document(root=channel(receives=[message("real", TEXT, **{"x-handler": "studio.real"})]))
    with caplog.at_level(logging.INFO):
        AsynctionSocketIO.from_spec(spec, mock="missing")
    assert not caplog.records


def test_there_is_no_other_way_to_mock() -> None:
    """A word that means nothing is refused rather than ignored."""
    wrong: Any = "all"
    with pytest.raises(ValueError, match='"missing"'):
        AsynctionSocketIO.from_spec(SPEC, mock=wrong)
