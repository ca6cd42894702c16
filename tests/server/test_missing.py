"""``mock="missing"``: missing handlers are mocked, and existing ones are used."""

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

    from asynction_asgi import Call

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
    """A module with one of the handlers, and a module that fails."""
    (tmp_path / "studio.py").write_text("async def real(data):\n    return data['text']\n")
    (tmp_path / "broken.py").write_text("raise OSError('no database')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("studio", "broken"):
        sys.modules.pop(name, None)


async def test_only_missing_handlers_are_mocked() -> None:
    """Mocked events are refused by the same rules and emit only what their hints say."""
    app = AsynctionSocketIO.from_spec(SPEC, mock="missing")
    app.check_handlers()
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("real", {"text": "hi"}) == "hi"
            for name in ("unwritten", "elsewhere"):
                assert await client.call(name, {"text": "hi"}) in range(5, 10)
            refusal = await client.call("unwritten", {"text": ""})
            assert refusal["error"]["code"] == "invalid_payload"
            events: list[Any] = []
            client.on("*", lambda *event: events.append(event))
            assert await client.call("nameless", {"text": "hi"}) in range(5, 10)
            assert events == [("told", "so")]


async def test_hooks_see_the_arguments_of_mocked_events() -> None:
    """Without the event's name, as of other handlers; of a mocked wildcard, too."""
    events = [message(name, TEXT, **{"x-ack": NUMBER}) for name in ("say", "*")]
    app = AsynctionSocketIO.from_spec(document(root=channel(receives=events)), mock="missing")
    seen: list[Any] = []

    @app.around
    async def hook(call: Call, proceed: Any) -> Any:
        seen.append((call.event, call.arguments))
        return await proceed()

    with serve(app) as url:
        async with connected(url) as client:
            for name in ("say", "other"):
                assert await client.call(name, {"text": "hi"}) in range(5, 10)
    assert [(event, list(arguments)) for event, arguments in seen[1:3]] == [
        ("say", [{"text": "hi"}]),
        ("other", [{"text": "hi"}]),
    ]


def test_each_missing_handler_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Each missing handler is a warning, lifecycle handlers too, and another line lists the mocked events."""
    AsynctionSocketIO.from_spec(SPEC, mock="missing")
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 4
    for text in ("no module 'attic'", "has no 'unwritten'", "handler of 'connect'"):
        assert sum(text in line for line in warned) == 1 + (text == "no module 'attic'")
    assert "a mock answers in /: 'unwritten', 'elsewhere', 'nameless'" in warned


def test_a_failing_module_is_still_an_error() -> None:
    """A module that fails to import, or a handler that does not fit, is an error and not mocked."""
    wrong = [
        message("broken", TEXT, **{"x-handler": "broken.handler"}),
        message("misfit", {"type": "array", "maxItems": 0}, **{"x-handler": "studio.real"}),
    ]
    with pytest.raises(BindingError) as caught:
        AsynctionSocketIO.from_spec(document(root=channel(receives=wrong)), mock="missing")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["HANDLER", "ARITY"]
    assert "no database" in str(caught.value)


def test_handler_names_in_code_must_exist() -> None:
    """Only handlers named in the document are mocked if they are missing."""
    with pytest.raises(BindingError, match="attic"):
        AsynctionSocketIO.from_spec(SPEC, mock="missing", handlers={"/": {"nameless": "attic.nameless"}})


@pytest.mark.parametrize("event", ["nameless", "*"])
async def test_a_later_handler_replaces_the_mock(event: str) -> None:
    """A handler or catch-all that is registered later replaces the mock."""
    app = AsynctionSocketIO.from_spec(SPEC, mock="missing")

    @app.on(event)
    async def handle(*_: Any) -> int:
        return 7

    with serve(app) as url:
        async with connected(url) as client:
            assert {await client.call("nameless", {"text": "hi"}) for _ in range(10)} == {7}


def test_an_unmockable_event_prevents_start_up() -> None:
    """Only mocked events need a value, so `no`, which accepts none but is never emitted, is not an error."""
    never = message("stuck", TEXT, **{"x-ack": {"args": {"enum": []}}})
    with pytest.raises(SpecError, match="no value was found"):
        AsynctionSocketIO.from_spec(document(root=channel(receives=[never])), mock="missing")


def test_the_option_is_silent_without_missing_handlers(caplog: pytest.LogCaptureFixture) -> None:
    """With all handlers present, the option creates no mock and logs nothing."""
    spec = document(root=channel(receives=[message("real", TEXT, **{"x-handler": "studio.real"})]))
    with caplog.at_level(logging.INFO):
        AsynctionSocketIO.from_spec(spec, mock="missing")
    assert not caplog.records


def test_an_unknown_mock_mode_is_refused() -> None:
    """An unknown mode raises instead of being ignored."""
    wrong: Any = "all"
    with pytest.raises(ValueError, match='"missing"'):
        AsynctionSocketIO.from_spec(SPEC, mock=wrong)
