"""The self-test before the shortcut passes here, and fails if uvicorn's code changes its meaning."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.streams import StreamReader

from asynction_asgi.engine.transport.uvicorn import polling_self_test, self_test
from asynction_asgi.engine.transport.uvicorn.heads import BoundedProtocol
from asynction_asgi.engine.transport.uvicorn.offline import MismatchError
from asynction_asgi.engine.transport.uvicorn.request_class import request_class

if TYPE_CHECKING:
    from collections.abc import Callable

UVICORNS: Any = WebSocketsSansIOProtocol
ORIGINAL = SimpleNamespace(**vars(UVICORNS))


def test_the_self_test_finds_where_the_parser_waits(caplog: pytest.LogCaptureFixture) -> None:
    """It returns the code where the parser waits between frames, and logs nothing of its connections."""
    caplog.set_level(logging.INFO)
    assert self_test.run() is StreamReader.at_eof.__code__
    assert not caplog.records


@pytest.mark.parametrize("logger", ["uvicorn.asgi", "uvicorn.error"])
def test_the_self_test_passes_at_any_log_level(logger: str, caplog: pytest.LogCaptureFixture) -> None:
    """The self-test passes at level TRACE, where uvicorn wraps each application in a middleware."""
    caplog.set_level(TRACE_LOG_LEVEL, logger)
    assert self_test.run() is StreamReader.at_eof.__code__


def fail_on_a_second_close(self: Any) -> None:
    """Fail if a close frame was sent before, as uvicorn 0.52.0 does when it stops."""
    if self.close_sent:
        raise InvalidState("a close frame was sent")
    ORIGINAL.shutdown(self)


def close_at_once(self: Any, message: Any) -> Any:
    """Return a coroutine that closes the transport right after the close frame, as uvicorn 0.46 does."""

    async def send() -> None:
        await ORIGINAL.send(self, message)
        if message["type"] == "websocket.close":
            self.transport.close()

    return send()


def rename_events(self: Any) -> None:
    ORIGINAL.send_receive_event_to_app(self)
    if not self.queue.empty():
        self.queue.put_nowait({**self.queue.get_nowait(), "type": "websocket.message"})


def keep_no_fragments(self: Any, event: Any) -> None:
    ORIGINAL.handle_text(self, event)
    self.kept, self.frames = self.frames, []


def stay_after_the_end(self: Any, exc: Any) -> None:
    ORIGINAL.connection_lost(self, exc)
    self.connections.add(self)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("shutdown", fail_on_a_second_close),
        ("shutdown", lambda self: self.transport.close()),
        ("send", close_at_once),
        ("send_receive_event_to_app", rename_events),
        ("handle_text", keep_no_fragments),
        ("handle_ping", lambda _: None),
        ("handle_close", lambda *_: None),
        ("pause_writing", lambda _: None),
        ("connection_made", lambda self, transport: setattr(self, "transport", transport)),
        ("connection_lost", stay_after_the_end),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.strip("<>"),
)
def test_a_changed_meaning_is_found(
    name: str, changed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The self-test fails if behaviour that the shortcut relies on changes under the same name."""
    monkeypatch.setattr(UVICORNS, name, changed)
    with pytest.raises((MismatchError, InvalidState)):
        self_test.run()


@pytest.mark.parametrize("level", [logging.WARNING, logging.INFO, TRACE_LOG_LEVEL])
def test_the_self_test_of_polls_changes_nothing_of_the_process(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It passes at any level of the logs, says nothing in them, and leaves their handlers where they are."""
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    loggers = [logging.getLogger(name) for name in names]
    caplog.set_level(level, "uvicorn.access")
    loggers[2].addHandler(handler := logging.NullHandler())
    try:
        before = [{**vars(logger), "handlers": [*logger.handlers]} for logger in loggers]
        polling_self_test.run()
        assert [vars(logger) for logger in loggers] == before
    finally:
        loggers[2].removeHandler(handler)
    assert not caplog.records


def test_a_uvicorn_that_answers_in_another_way_serves_polls_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so, with the versions."""
    monkeypatch.setitem(httptools_impl.STATUS_LINE, 200, b"HTTP/1.1 200 Fine\r\n")
    request_class.cache_clear()
    try:
        assert request_class() is BoundedProtocol
    finally:
        request_class.cache_clear()
    assert "leaving requests of polling to uvicorn" in caplog.text
    assert "200 Fine" in caplog.text
