"""Connections: which clients are admitted, what they must present, and what happens when they leave."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError
from tests.clients import ConnectError, connected
from tests.engine.stage import Script, Stage, serve_app, until
from tests.protocols import LONG_WAY, SHORT_WAY
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from tests.engine.stage import WebSocketClient

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
ALTERNATIVES = {
    "type": "object",
    "oneOf": [
        {"required": ["page"], "properties": {"page": {"type": "integer"}}},
        {
            "required": ["tag"],
            "properties": {"tag": {"allOf": [{"type": "array", "items": {"type": "integer"}}]}},
        },
    ],
}
DENIED = {
    "type": "object",
    "properties": {"v": {"type": "integer"}},
    "not": {"required": ["v"], "properties": {"v": {"type": "string"}}, "additionalProperties": False},
}
ASIDE = {
    "type": "object",
    "properties": {"v": {"type": "integer"}},
    "allOf": [{"additionalProperties": {"type": ["string", "integer"]}}],
    "anyOf": [{"required": ["a"], "properties": {"v": {"type": "string"}}}, {"required": ["b"]}],
}
NUMBERS = {"type": "object", "additionalProperties": {"type": "integer"}}
IN_PARTS = {"type": "object", "allOf": [HEADERS, {"not": {"required": ["X-Debug"]}}]}
AUTH = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 3}}}
UUID = "0b9f3e06-6f0f-4d6a-8a3b-0d7b2a6c1c11"


def guarded(**fields: Any) -> dict[str, Any]:
    """Return a document with a single namespace, with these fields on its channel."""
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
        pytest.param({"bindings": {"ws": {"query": ALTERNATIVES}}}, "?page=3", {}, None, id="query of an alternative"),
        pytest.param({"bindings": {"ws": {"query": ALTERNATIVES}}}, "?tag=1&tag=2", {}, None, id="query list of an alternative"),
        pytest.param({"bindings": {"ws": {"query": NUMBERS}}}, "?page=3", {}, None, id="query of any name"),
        pytest.param({"bindings": {"ws": {"query": NUMBERS}}}, "?page=x", {}, "/page", id="query of any name wrong"),
        pytest.param({"bindings": {"ws": {"query": DENIED}}}, "?v=3", {}, None, id="query of a type that is denied as another"),
        pytest.param({"bindings": {"ws": {"query": ASIDE}}}, "?v=3&b=1", {}, None, id="query of a type that others admit as another"),
        pytest.param({"bindings": {"ws": {"query": ASIDE}}}, "?v=x&b=1", {}, "/v", id="query of a type that others admit as another wrong"),
        pytest.param({"bindings": {"ws": {"headers": IN_PARTS}}}, "", {"headers": {"x-request-ID": UUID}}, None, id="header of a part"),
        pytest.param({"bindings": {"ws": {"headers": IN_PARTS}}}, "", {"headers": {"x-request-ID": "1"}}, "/X-Request-Id", id="header of a part wrong"),
        pytest.param({"bindings": {"ws": {"headers": IN_PARTS}}}, "", {"headers": {"x-request-ID": UUID, "x-debug": "1"}}, "", id="header denied"),
        pytest.param({"x-auth": AUTH}, "", {"auth": {"token": "abc"}}, None, id="auth"),
        pytest.param({"x-auth": AUTH}, "", {}, "", id="auth missing"),
        pytest.param({"x-auth": AUTH}, "", {"auth": {"token": "a"}}, "/token", id="auth wrong"),
        pytest.param({"x-auth": {"type": "null"}}, "", {}, None, id="null auth"),
        pytest.param({"x-auth": {"type": "object", "maxProperties": 0}}, "", {}, None, id="empty auth"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_handshake_is_checked_against_the_document(
    fields: dict[str, Any], query: str, options: dict[str, Any], pointer: str | None, transport: str
) -> None:
    """Query, headers and auth are coerced and checked at CONNECT, and CONNECT_ERROR says what is wrong."""
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


async def test_an_undeclared_namespace_is_refused() -> None:
    """The refusal has the words of every Socket.IO server."""
    with serve(AsynctionSocketIO.from_spec(guarded())) as url, pytest.raises(ConnectError) as refused:
        async with connected(url, "/nowhere"):
            pass
    assert refused.value.answer == {"message": "Invalid namespace"}


async def connect_by_name(auth: Any, *, sid: str, user: Any = None) -> None:
    assert auth == {"token": "abc"}
    assert sid
    assert user is None


async def connect_by_position(first: str, second: Any, third: Any) -> None:
    assert isinstance(first, str)
    assert second["asgi.scope"]["type"] in ("http", "websocket")
    assert third == {"token": "abc"}


async def connect_by_socket(socket: Any) -> None:
    assert socket.auth == {"token": "abc"}


def connect_plainly() -> None:
    return None


@pytest.mark.parametrize(
    "handler",
    [connect_by_name, connect_by_position, connect_by_socket, connect_plainly],
    ids=lambda function: function.__name__,
)
async def test_connect_handlers_get_what_they_name(handler: Any) -> None:
    """Parameters are injected by name, and otherwise in python-socketio's order."""
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
async def test_a_failing_connect_handler_refuses_once(raised: Any, expected: tuple[str, str | None]) -> None:
    """Any exception or False refuses the client; handlers are not called again, and error handlers can't admit."""
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


async def test_no_emit_overtakes_the_connect_answer() -> None:
    """Broadcasts and the connect handler's own emits arrive after the CONNECT answer."""
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


async def test_a_disconnect_runs_its_handler_once() -> None:
    """The handler gets sid and reason, and afterwards the server stores nothing of the client."""
    calls: list[tuple[str, str]] = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def on_disconnect(sid: str, reason: str) -> None:
        calls.append((sid, reason))
        loop.call_soon_threadsafe(done.set)

    server = AsynctionSocketIO.from_spec(guarded(), handlers={"/": {"disconnect": on_disconnect}})
    with serve(server) as url:
        async with connected(url) as client:
            sid = client.sid
            assert server.socket(sid) is not None
        await asyncio.wait_for(done.wait(), 5)
    # python-socketio's client may or may not send its DISCONNECT before it closes.
    assert calls in ([(sid, "transport close")], [(sid, "client disconnect")])
    assert server.socket(sid) is None
    assert not server.server.manager.rooms
    assert not server.server.environ


async def test_a_refused_client_leaves_nothing() -> None:
    """No room, session or socket remains, and the disconnect handler does not run."""
    disconnected: list[str] = []

    def refuse() -> bool:
        return False

    server = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": refuse, "disconnect": disconnected.append}}
    )
    with serve(server) as url, pytest.raises(ConnectError):
        async with connected(url):
            pass
    assert disconnected == []
    assert not server.server.manager.rooms


class Online:
    """Handlers that count connected clients; connect waits until the test opens the gate."""

    def __init__(self) -> None:
        self.begun = self.online = self.cut_off = 0
        self.reasons: list[str] = []
        self.gate = threading.Event()

    async def connect(self, sid: str) -> None:
        self.begun += 1
        try:
            while not self.gate.is_set():  # noqa: ASYNC110  # a thread's event
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        self.online += 1

    def connect_in_thread(self, sid: str) -> None:
        self.begun += 1
        self.gate.wait(10)
        self.online += 1

    def disconnect(self, reason: str) -> None:
        self.online -= 1
        self.reasons.append(reason)


async def close_the_websocket(client: WebSocketClient) -> None:
    await client.raw.close()


async def abort_the_websocket(client: WebSocketClient) -> None:
    client.raw.transport.abort()


async def leave_the_namespace(client: WebSocketClient) -> None:
    await client.send("41")


async def close_the_transport(client: WebSocketClient) -> None:
    await client.send("1")


@pytest.mark.parametrize("plain", [False, True], ids=["coroutine", "plain"])
@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])
@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        pytest.param(close_the_websocket, "transport close", id="close"),
        pytest.param(abort_the_websocket, "transport close", id="abort"),
        pytest.param(leave_the_namespace, "client disconnect", id="41"),
        pytest.param(close_the_transport, "client disconnect", id="1"),
    ],
)
async def test_leaving_while_connecting_runs_disconnect_afterwards(
    leave: Any, reason: str, ws: str, *, plain: bool
) -> None:
    """The connect handler, also in a thread, finishes first, and then disconnect runs with the reason."""
    count = Online()
    connect = count.connect_in_thread if plain else count.connect
    app = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": connect, "disconnect": count.disconnect}}
    )
    try:
        async with serve_app(app, ws=ws) as url:
            stage = Stage(url, app.server, Script())
            async with stage.websocket() as client:
                await client.send("40")
                await until(lambda: count.begun, "the connect handler")
                (sid,) = app.server.manager.members["/"]
                await leave(client)
                await until(lambda: not app.server.manager.is_pre_connected(sid, "/"), "the client left")
                assert count.reasons == []
                count.gate.set()
                await until(lambda: count.reasons, "the disconnect handler")
            await stage.emptied()
    finally:
        count.gate.set()
    assert (count.begun, count.online, count.cut_off, count.reasons) == (1, 0, 0, [reason])


@pytest.mark.parametrize("plain", [False, True], ids=["coroutine", "plain"])
@pytest.mark.parametrize("packet", ["1", "41"])
async def test_leaving_over_polling_runs_disconnect_afterwards(packet: str, *, plain: bool) -> None:
    """The same holds if the client leaves by a packet in a POST."""
    count = Online()
    connect = count.connect_in_thread if plain else count.connect
    app = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": connect, "disconnect": count.disconnect}}
    )
    try:
        async with serve_app(app) as url:
            stage = Stage(url, app.server, Script())
            async with stage.polling() as client:
                await client.post("40")
                await until(lambda: count.begun, "the connect handler")
                (sid,) = app.server.manager.members["/"]
                await client.post(packet)
                await until(lambda: not app.server.manager.is_pre_connected(sid, "/"), "the client left")
                count.gate.set()
                await until(lambda: count.reasons, "the disconnect handler")
            if packet == "41":
                await app.server.shutdown(1.0)
            await stage.emptied()
    finally:
        count.gate.set()
    assert (count.begun, count.online, count.cut_off, count.reasons) == (1, 0, 0, ["client disconnect"])


async def test_a_connect_handler_may_emit_and_disconnect() -> None:
    """Emits before ``socket.disconnect()`` arrive, the handler continues, and disconnect runs after it."""
    steps: list[str] = []

    async def send_away(socket: Any) -> None:
        await socket.emit("news", {"text": "come back later"})
        await socket.disconnect()
        steps.append("the end of connect")

    def on_disconnect(*, reason: str) -> None:
        steps.append(reason)

    server = AsynctionSocketIO.from_spec(
        guarded(), handlers={"/": {"connect": send_away, "disconnect": on_disconnect}}
    )
    async with serve_app(server) as url:
        async with connected(url) as client:
            assert await client.receive() == ("news", {"text": "come back later"})
            await client.wait_gone()
            await until(lambda: len(steps) == 2, "the disconnect handler")
        stage = Stage(url, server.server, Script())
        async with stage.polling() as polling:
            await polling.post("40")
            packets: list[str] = []
            while "41" not in packets:
                packets += await polling.poll()
            assert packets[1:] == ['42["news",{"text":"come back later"}]', "41"]
            await until(lambda: len(steps) == 4, "the disconnect handler")
        await server.server.shutdown(1.0)
        await stage.emptied()
    assert steps == ["the end of connect", "server disconnect"] * 2


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


async def test_parameters_of_dynamic_namespaces_are_checked() -> None:
    """Values are coerced, checked and passed to handlers, and exact names precede templates."""

    async def in_room(socket: Any, *, roomId: int) -> Any:  # noqa: N803  # the document's own word
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
