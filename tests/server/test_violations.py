"""Violations that ``warn`` admits take limited memory and lines in the log."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.errors import PayloadValidationError, UndeclaredEventError, Violation
from asynction_asgi.logs import Throttle
from asynction_asgi.server.validation import ViolationLog
from asynction_asgi.spec.text.hints import did_you_mean
from tests.clients import connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

ANY_ROOM = document(
    root=channel(
        receives=[
            message("say", TEXT, **{"x-ack": True}),
            message("*", {"type": "string"}, **{"x-ack": {"args": TEXT}}),
        ],
        sends=[message("*", TEXT)],
    )
)
ANY_ROOM["channels"]["/rooms/{room}"] = {
    **ANY_ROOM["channels"]["/"],
    "parameters": {"room": {"schema": {"type": "string"}}},
}


async def everything(socket: Any, event: str, *arguments: Any) -> Any:
    await socket.emit(f"echo of {event}", "not an object")
    return "not an object"


async def say(*arguments: Any) -> None:
    """Accept any arguments."""


@pytest.mark.parametrize(
    ("namespace", "declared"), [("/", "/"), ("/rooms/{}", "/rooms/{room}")], ids=["root", "dynamic"]
)
async def test_names_chosen_by_clients_are_not_stored(
    namespace: str, declared: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Violations are counted by declared names, and similar ones are logged once."""
    handlers = {"*": everything, "say": say}
    server = AsynctionSocketIO.from_spec(
        ANY_ROOM, handlers={"/": handlers, "/rooms/{room}": handlers}, validation="warn"
    )
    with serve(server) as url:
        for connection in range(2):
            async with connected(url, namespace.format(connection)) as client:
                for number in range(20):
                    assert await client.call(f"event {connection} {number}", 1) == "not an object"
                await client.call("say", "wrong")
    assert server.violations == {
        (declared, "*", "arguments"): 40 + 40,  # the events, and the emits in response
        (declared, "*", "ack"): 40,
        (declared, "say", "arguments"): 2,
    }
    lines = [record.getMessage() for record in caplog.records if record.name == "asynction_asgi.validation"]
    assert len(lines) == 3


async def test_a_long_event_name_is_truncated_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    """A long name is truncated when it violates the document and when its handler fails."""

    async def fail(*_: Any) -> None:
        raise LookupError

    server = AsynctionSocketIO.from_spec(
        document(root=channel(receives=[message("*", {"type": "string"}, **{"x-ack": True})])),
        handlers={"/": {"*": fail}},
        validation="warn",
    )
    with serve(server) as url:
        async with connected(url) as client:
            assert (await client.call("x" * 100_000, 1))["error"]["code"] == "internal_error"
    assert len(caplog.records) == 2
    assert all(len(record.getMessage()) < 500 for record in caplog.records)


async def test_only_a_logged_line_suggests_names(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name like an undeclared one is looked for when the line is written, as that takes time."""
    found: list[str] = []

    def suggest(word: str, known: Any) -> str:
        found.append(word)
        return did_you_mean(word, known)

    monkeypatch.setattr("asynction_asgi.server.outbound.did_you_mean", suggest)
    spec = document(root=channel([], sends=[message("news", TEXT)]))
    app = AsynctionSocketIO.from_spec(spec, validation="warn")
    for _ in range(20):
        await app.emit("nwes", {})
    assert found == ["nwes"]
    (line,) = caplog.messages
    assert "for the server to emit; did you mean 'news'? [unknown_event]" in line


def test_undeclared_names_of_emits_are_limited() -> None:
    """Beyond a thousand undeclared names of emits, further ones are counted together."""
    log = ViolationLog()
    undeclared = UndeclaredEventError(namespace="/", event="x", direction="outbound")
    for number in range(5000):
        log.let_through(undeclared, "/", f"made up {number}")
    assert len(log.counts) == 1001
    assert log.counts["*", "*", "arguments"] == 4000
    violation = Violation(pointer="", keyword="type", message="wrong")
    declared = PayloadValidationError(
        namespace="/", event="say", direction="outbound", violations=[violation]
    )
    log.let_through(declared, "/", "say")
    assert log.counts["/", "say", "arguments"] == 1, "declared names keep their own counter"


def test_omitted_log_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line of its kind gives the number of omitted ones, and excess kinds share a counter."""
    now = 100.0
    monkeypatch.setattr("asynction_asgi.logs.time.monotonic", lambda: now)
    throttle = Throttle(10.0, most=3)
    assert [throttle.admits("a") for _ in range(4)] == ["", None, None, None]
    now += 10
    assert throttle.admits("a") == " (3 more were not logged)"
    assert [throttle.admits(key) for key in "bcdef"] == ["", "", "", None, None]
    now += 10
    assert throttle.admits("g") == "", "earlier kinds are forgotten"
    assert len(throttle._last) <= 4
