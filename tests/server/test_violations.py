"""What ``warn`` lets through costs bounded memory and log, whatever clients send."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.errors import PayloadValidationError, UndeclaredEventError, Violation
from asynction_asgi.logs import Throttle
from asynction_asgi.server.validation import ViolationLog
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
    """Take whatever is let through."""


@pytest.mark.parametrize(
    ("namespace", "declared"), [("/", "/"), ("/rooms/{}", "/rooms/{room}")], ids=["root", "dynamic"]
)
async def test_names_that_clients_choose_are_not_kept(
    namespace: str, declared: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts are by what the document declares; of many violations alike the log has one."""
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
        (declared, "*", "arguments"): 40 + 40,  # what came, and the emits that answered it
        (declared, "*", "ack"): 40,
        (declared, "say", "arguments"): 2,
    }
    lines = [one.getMessage() for one in caplog.records if one.name == "asynction_asgi.validation"]
    assert len(lines) == 3


async def test_a_name_of_a_megabyte_is_not_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    """Neither where it is let through nor where its handler fails."""

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
    assert all(len(one.getMessage()) < 500 for one in caplog.records)


def test_names_that_the_server_makes_up_are_bounded() -> None:
    """An emit may be called what it likes; beyond a thousand names the others are counted together."""
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
    assert log.counts["/", "say", "arguments"] == 1, "names of the document keep a place of their own"


def test_lines_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line of its kind says how many there were; kinds beyond the bound share one."""
    now = 100.0
    monkeypatch.setattr("asynction_asgi.logs.time.monotonic", lambda: now)
    throttle = Throttle(10.0, most=3)
    assert [throttle.admits("a") for _ in range(4)] == ["", None, None, None]
    now += 10
    assert throttle.admits("a") == " (3 more were not logged)"
    assert [throttle.admits(key) for key in "bcdef"] == ["", "", "", None, None]
    now += 10
    assert throttle.admits("g") == "", "those of before are forgotten"
    assert len(throttle._last) <= 4
