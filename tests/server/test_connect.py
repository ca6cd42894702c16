"""Connections: who is let in, what they must present, and what happens when they leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError
from tests.clients import ConnectError, connected
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

QUERY = {
    "type": "object",
    "properties": {
        "v": {"type": "integer", "minimum": 2},
        "beta": {"type": "boolean"},
        "tag": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["v"],
    "additionalProperties": False,
}
HEADERS = {
    "type": "object",
    "properties": {"X-Request-Id": {"type": "string", "format": "uuid"}},
    "required": ["X-Request-Id"],
    "additionalProperties": False,
}
AUTH = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 3}}}
UUID = "0b9f3e06-6f0f-4d6a-8a3b-0d7b2a6c1c11"


def guarded(**fields: Any) -> dict[str, Any]:
    """A document whose only namespace asks for something."""
    return document(root=channel(sends=[message("news", TEXT)], **fields))


@pytest.mark.parametrize(
    ("fields", "query", "options", "pointer"),
    [
        pytest.param({"bindings": {"ws": {"query": QUERY}}}, "?v=2&beta=true&tag=1&tag=2", {}, None, id="query"),
        pytest.param({"bindings": {"ws": {"query": QUERY}}}, "", {}, "", id="query missing"),
        pytest.param({"bindings": {"ws": {"query": QUERY}}}, "?v=1", {}, "/v", id="query out of range"),
        pytest.param({"bindings": {"ws": {"query": QUERY}}}, "?v=x", {}, "/v", id="query of another type"),
        pytest.param({"bindings": {"ws": {"query": QUERY}}}, "?v=2&tag=a", {}, "/tag/0", id="query list"),
        pytest.param({"bindings": {"ws": {"headers": HEADERS}}}, "", {"headers": {"x-request-ID": UUID}}, None, id="header"),
        pytest.param({"bindings": {"ws": {"headers": HEADERS}}}, "", {}, "", id="header missing"),
        pytest.param({"bindings": {"ws": {"headers": HEADERS}}}, "", {"headers": {"X-Request-Id": "1"}}, "/X-Request-Id", id="header wrong"),
        pytest.param({"x-auth": AUTH}, "", {"auth": {"token": "abc"}}, None, id="auth"),
        pytest.param({"x-auth": AUTH}, "", {}, "", id="auth missing"),
        pytest.param({"x-auth": AUTH}, "", {"auth": {"token": "a"}}, "/token", id="auth wrong"),
        pytest.param({"x-auth": {"type": "null"}}, "", {}, None, id="null auth"),
        pytest.param({"x-auth": {"type": "object", "maxProperties": 0}}, "", {}, None, id="empty auth"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_handshake_is_held_against_the_document(
    fields: dict[str, Any], query: str, options: dict[str, Any], pointer: str | None, transport: str
) -> None:
    """Query, headers and auth are coerced and checked at CONNECT; a miss is CONNECT_ERROR with a body."""
    with serve(AsynctionSocketIO.from_spec(guarded(**fields))) as url:
        if pointer is None:
            async with connected(url + query, transports=[transport], **options) as client:
                assert client.sid
            return
        with pytest.raises(ConnectError) as refused:
            async with connected(url + query, transports=[transport], **options):
                pass
    answer = refused.value.answer
    assert answer["message"]
    assert answer["data"]["code"] == "invalid_handshake"
    assert answer["data"]["details"][0]["pointer"] == pointer


async def test_an_undeclared_namespace_is_refused_as_clients_expect() -> None:
    """The words are those of every Socket.IO server."""
    with serve(AsynctionSocketIO.from_spec(guarded())) as url, pytest.raises(ConnectError) as refused:
        async with connected(url, "/nowhere"):
            pass
    assert refused.value.answer == {"message": "Invalid namespace"}


async def connect_by_name(auth: Any, *, sid: str, user: Any = None) -> None:
    assert auth == {"token": "abc"}
    assert sid
    assert user is None


async def connect_by_place(one: str, two: Any, three: Any) -> None:
    assert isinstance(one, str)
    assert two["asgi.scope"]["type"] in ("http", "websocket")
    assert three == {"token": "abc"}


async def connect_by_socket(socket: Any) -> None:
    assert socket.auth == {"token": "abc"}


def connect_plainly() -> None:
    return None


@pytest.mark.parametrize(
    "handler",
    [connect_by_name, connect_by_place, connect_by_socket, connect_plainly],
    ids=lambda one: one.__name__,
)
async def test_connect_handlers_get_what_they_name(handler: Any) -> None:
    """Parameters are injected by name, then in python-socketio's order."""
    server = AsynctionSocketIO.from_spec(guarded(), handlers={"/": {"connect": handler}})
    with serve(server) as url:
        async with connected(url, auth={"token": "abc"}) as client:
            assert client.sid


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        pytest.param(False, ("forbidden", None), id="False"),
        pytest.param(TypeError("bug"), ("internal_error", None), id="TypeError"),
        pytest.param(ValueError("bug"), ("internal_error", None), id="ValueError"),
        pytest.param(ConnectionRefusedError("by hand"), ("forbidden", None), id="Python's refusal"),
        pytest.param(ConnectionRefusedError(111, "bug"), ("internal_error", None), id="a dead backend"),
        pytest.param(RefusedError("full", "No seats left"), ("full", "No seats left"), id="RefusedError"),
    ],
)
async def test_a_refusing_or_failing_connect_handler_refuses_once(
    raised: Any, expected: tuple[str, str | None]
) -> None:
    """Any exception refuses; the handler is never called a second time, and no error handler lets in."""
    calls: list[str] = []

    async def on_connect(sid: str) -> Any:
        calls.append(sid)
        if isinstance(raised, Exception):
            raise raised
        return raised

    server = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": on_connect}}, default_error_handler=lambda _: None
    )
    with serve(server) as url, pytest.raises(ConnectError) as refused:
        async with connected(url):
            pass
    code, text = expected
    assert refused.value.answer["data"]["code"] == code
    assert text is None or refused.value.answer["message"] == text
    assert "bug" not in str(refused.value.answer)
    assert len(calls) == 1


async def test_nothing_reaches_a_client_before_its_connect_handler_accepted_it() -> None:
    """Neither broadcasts nor emits of the handler itself overtake the CONNECT answer."""
    entered, proceed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def on_connect(socket: Any) -> None:
        await socket.emit("news", {"text": "welcome"})
        if socket.auth:
            loop.call_soon_threadsafe(entered.set)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(proceed.wait(), loop))

    async def publish(socket: Any) -> None:
        await socket.broadcast("news", {"text": "to everybody"})

    spec = document(
        root=channel(
            receives=[message("publish", {"type": "array", "maxItems": 0})], sends=[message("news", TEXT)]
        )
    )
    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"connect": on_connect, "publish": publish}})
    with serve(server) as url:
        async with connected(url) as first:
            assert await first.receive() == ("news", {"text": "welcome"})

            async def second() -> list[Any]:
                async with connected(url, auth={"slow": True}) as client:
                    return [await client.receive()]

            pending = asyncio.create_task(second())
            await asyncio.wait_for(entered.wait(), 5)
            await first.call("publish")
            proceed.set()
            assert await pending == [("news", {"text": "welcome"})]


async def test_disconnect_handlers_hear_the_reason_once_and_state_is_freed() -> None:
    """Sid and reason by name; afterwards nothing of the client is left in the server."""
    told: list[tuple[str, str]] = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def on_disconnect(sid: str, reason: str) -> None:
        told.append((sid, reason))
        loop.call_soon_threadsafe(done.set)

    server = AsynctionSocketIO.from_spec(guarded(), handlers={"/": {"disconnect": on_disconnect}})
    with serve(server) as url:
        async with connected(url) as client:
            sid = client.sid
            assert server.socket(sid) is not None
        await asyncio.wait_for(done.wait(), 5)
    # Whether python-socketio's client still sends its DISCONNECT before it closes is a matter of timing.
    assert told in ([(sid, "transport close")], [(sid, "client disconnect")])
    assert server.socket(sid) is None
    assert not server.server.manager.rooms
    assert not server.server.environ


async def test_a_refused_client_leaves_nothing_behind() -> None:
    """Rooms, sessions and sockets are as before; the disconnect handler does not run for it."""
    told: list[str] = []

    def refuse() -> bool:
        return False

    server = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": refuse, "disconnect": told.append}}
    )
    with serve(server) as url, pytest.raises(ConnectError):
        async with connected(url):
            pass
    assert told == []
    assert not server.server.manager.rooms


DYNAMIC = {
    "asyncapi": "2.6.0",
    "info": {"title": "Rooms", "version": "1"},
    "channels": {
        "/rooms/{roomId}": {
            "parameters": {"roomId": {"schema": {"type": "integer", "minimum": 1}}},
            **channel(
                receives=[message("where", {"type": "array", "maxItems": 0}, **{"x-ack": True})],
                sends=[message("news", TEXT)],
            ),
        },
        "/rooms/lobby": channel(
            receives=[message("where", {"type": "array", "maxItems": 0}, **{"x-ack": True})]
        ),
    },
}


async def test_dynamic_namespaces_take_what_their_parameters_take() -> None:
    """Values are coerced, checked and handed to handlers; exact names come before templates."""

    async def in_room(socket: Any, *, roomId: int) -> Any:  # noqa: N803 - the document's own word
        await socket.emit("news", {"text": "hello"})
        return [roomId, socket.params["roomId"]]

    async def in_lobby() -> str:
        return "lobby"

    server = AsynctionSocketIO.from_spec(
        DYNAMIC, handlers={"/rooms/{roomId}": {"where": in_room}, "/rooms/lobby": {"where": in_lobby}}
    )
    with serve(server) as url:
        async with connected(url, "/rooms/7") as client:
            assert await client.call("where") == [7, 7]
            assert await client.receive() == ("news", {"text": "hello"})
        async with connected(url, "/rooms/lobby") as client:
            assert await client.call("where") == "lobby"
        for name in ("/rooms/0", "/rooms/x", "/rooms/7/8", "/rooms/"):
            with pytest.raises(ConnectError) as refused:
                async with connected(url, name):
                    pass
            assert refused.value.answer == {"message": "Invalid namespace"}
