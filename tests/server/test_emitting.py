"""Emits, calls, rooms and sessions of the server, validated before anything is sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread

from asynction_asgi import (
    AckValidationError,
    AsynctionSocketIO,
    DisconnectedError,
    Limits,
    PayloadValidationError,
    UndeclaredEventError,
    Validation,
)
from tests.clients import WAIT_SECONDS, connected
from tests.engine.stage import until
from tests.server.documents import BYTES, PAIR, TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NONE = {"type": "array", "maxItems": 0}
SPEC = document(
    root=channel(
        receives=[message("go", NONE, **{"x-ack": True})],
        sends=[
            message("news", TEXT),
            message("move", PAIR),
            message("picture", BYTES),
            message("message", {"type": "string"}),
            message("are you there", NONE, **{"x-ack": {"args": {"const": "yes"}}}),
        ],
    )
)


def serving(go: Callable[[Any], Awaitable[Any]], **options: Any) -> AsynctionSocketIO:
    """Return a server whose event ``go`` runs the scenario on the server's loop."""

    async def handle(socket: Any) -> Any:
        return await go(socket)

    return AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"go": handle}}, **options)


async def test_valid_emits_arrive_unchanged() -> None:
    """A single argument, a tuple of several, bytes and `send` arrive unchanged."""

    async def go(socket: Any) -> None:
        await socket.emit("news", {"text": "a"})
        await socket.emit("move", (1, "left"))
        await socket.emit("picture", b"\x00\xff")
        await socket.send("hello")

    with serve(serving(go)) as url:
        async with connected(url, on={"message": None}) as client:
            received: asyncio.Queue[Any] = asyncio.Queue()
            client.on("message", received.put)
            await client.call("go")
            assert [await client.receive() for _ in range(3)] == [
                ("news", {"text": "a"}),
                ("move", 1, "left"),
                ("picture", b"\x00\xff"),
            ]
            assert await asyncio.wait_for(received.get(), 5) == "hello"


@pytest.mark.parametrize(
    ("event", "data", "error", "pointer"),
    [
        pytest.param("news", {"text": ""}, PayloadValidationError, "/0/text", id="wrong value"),
        pytest.param("news", None, PayloadValidationError, "", id="no argument"),
        pytest.param("move", (1, "up"), PayloadValidationError, "/1", id="wrong second argument"),
        pytest.param("move", [1, "left"], PayloadValidationError, "", id="a list is one argument"),
        pytest.param("nwes", {"text": "a"}, UndeclaredEventError, "", id="undeclared"),
        pytest.param("go", None, UndeclaredEventError, "", id="the client's own event"),
    ],
)
async def test_an_invalid_emit_raises_and_nothing_is_sent(
    event: str, data: Any, error: type[PayloadValidationError | UndeclaredEventError], pointer: str
) -> None:
    """The error's attributes are set, and the client's next event is a later valid one."""
    raised: list[PayloadValidationError | UndeclaredEventError] = []

    async def go(socket: Any) -> None:
        try:
            await socket.emit(event, data)
        except (PayloadValidationError, UndeclaredEventError) as error_raised:
            raised.append(error_raised)
        await socket.emit("news", {"text": "after"})

    with serve(serving(go)) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("news", {"text": "after"})
    assert isinstance(raised[0], error)
    assert (raised[0].namespace, raised[0].event, raised[0].direction) == ("/", event, "outbound")
    assert raised[0].pointer == pointer


@pytest.mark.parametrize("event", ["news", "free"], ids=["checked", "unchecked"])
@pytest.mark.parametrize("method", ["emit", "call"])
async def test_values_outside_json_raise_with_advice(method: str, event: str) -> None:
    """The schema or the encoder raises with advice, and nothing is sent."""
    raised: list[str] = []

    async def go(socket: Any) -> None:
        try:
            await getattr(socket, method)(event, {"text": dt.date(2026, 1, 2)})
        except (PayloadValidationError, ValueError) as error:
            raised.append(str(error))
        await socket.emit("free", "after")

    spec = document(
        root=channel(receives=[message("go", NONE)], sends=[message("news", TEXT), message("free")])
    )
    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"go": go}})) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("free", "after")
    assert len(raised) == 1
    assert "a date at /0/text is not JSON: use .isoformat()" in raised[0]


@pytest.mark.parametrize(
    ("event", "namespace", "words"),
    [
        pytest.param("nwes", "/", "for the server to emit; did you mean 'news'?", id="event"),
        pytest.param("news", "/newz", "no such namespace; it has /", id="namespace"),
    ],
)
async def test_a_misspelt_emit_says_what_there_is(event: str, namespace: str, words: str) -> None:
    """The error of an emit names the event or the namespaces that may be meant."""
    app = AsynctionSocketIO.from_spec(document(root=channel([], sends=[message("news", {"type": "string"})])))
    with pytest.raises(UndeclaredEventError) as raised:
        await app.emit(event, "hello", namespace=namespace)
    assert words in str(raised.value)


@pytest.mark.parametrize("event", ["*", "connect", "disconnect", "connect_error", 7, None])
async def test_a_wildcard_excludes_reserved_names(event: Any) -> None:
    """With a wildcard the server still can't emit a lifecycle event or an event without a name."""
    raised: list[UndeclaredEventError] = []

    async def go(socket: Any) -> None:
        try:
            await socket.emit(event, "forged")
        except UndeclaredEventError as error:
            raised.append(error)
        await socket.emit("news", "after")

    spec = document(root=channel(receives=[message("go", NONE)], sends=[message("*")]))
    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"go": go}})) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("news", "after")
    assert [error.event for error in raised] == [event]


async def test_a_client_that_is_not_connected_can_enter_no_room() -> None:
    """The error names it."""
    app = AsynctionSocketIO.from_spec(document(root=channel(sends=[message("news")])))
    with serve(app), pytest.raises(ValueError, match="client gone is not connected to /"):
        await app.enter_room("gone", "room")


@pytest.mark.parametrize(("answer", "accepted"), [("yes", True), ("no", False)], ids=["valid", "invalid"])
async def test_a_call_returns_only_a_valid_answer(answer: str, accepted: bool) -> None:
    """The answer is validated before the caller receives it."""
    outcome: list[Any] = []

    async def go(socket: Any) -> None:
        try:
            outcome.append(await socket.call("are you there", timeout=WAIT_SECONDS))
        except AckValidationError as error:
            outcome.append((error.part, error.direction, error.pointer))

    async def answering() -> str:
        return answer

    with serve(serving(go)) as url:
        async with connected(url, on={"are you there": answering}) as client:
            await client.call("go")
    assert outcome == (["yes"] if accepted else [("ack", "inbound", "/0")])


async def test_a_call_ends_without_an_answer() -> None:
    """A call fails at once if its client disconnects, and after the timeout if it is silent."""
    errors: asyncio.Queue[BaseException] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def go(socket: Any) -> None:
        for seconds in (0.05, 60):
            try:
                await socket.call("are you there", timeout=seconds)
            except (TimeoutError, DisconnectedError) as error:
                loop.call_soon_threadsafe(errors.put_nowait, error)

    async def silent() -> str:
        await asyncio.Event().wait()
        return "yes"

    server = serving(go)
    with serve(server) as url:
        async with connected(url, on={"are you there": silent}) as client:
            await client.emit("go")
            assert isinstance(await asyncio.wait_for(errors.get(), 5), TimeoutError)
        assert isinstance(await asyncio.wait_for(errors.get(), 5), DisconnectedError)
    assert not server.server.manager.callbacks


async def test_calls_to_unknown_clients_fail_at_once() -> None:
    """Without a message queue, a call to an unknown sid raises at once."""
    server = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"go": lambda: None}})
    with pytest.raises(DisconnectedError):
        await server.call("are you there", to="nobody")
    with pytest.raises(ValueError, match="sid"):
        await server.call("are you there")
    with pytest.raises(TypeError, match=r"app\.ask asks several clients"):
        await server.call("are you there", to=["nobody", "else"])  # type: ignore[arg-type]  # the mistake


async def test_a_callback_gets_only_valid_answers() -> None:
    """An invalid answer goes to the error handler instead of the callback."""
    outcomes: asyncio.Queue[Any] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def go(socket: Any) -> None:
        await socket.emit(
            "are you there", callback=lambda *answer: loop.call_soon_threadsafe(outcomes.put_nowait, answer)
        )

    async def failed(error: Exception) -> None:
        loop.call_soon_threadsafe(outcomes.put_nowait, type(error))

    answers = iter(["yes", "no"])

    async def answering() -> str:
        return next(answers)

    with serve(serving(go, default_error_handler=failed)) as url:
        async with connected(url, on={"are you there": answering}) as client:
            await client.call("go")
            assert await asyncio.wait_for(outcomes.get(), 5) == ("yes",)
            await client.call("go")
            assert await asyncio.wait_for(outcomes.get(), 5) is AckValidationError


async def test_a_callback_for_a_room_raises() -> None:
    """It raises before anything is sent, and a callback for a sid is called."""
    outcomes: asyncio.Queue[Any] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def note(*what: Any) -> None:
        loop.call_soon_threadsafe(outcomes.put_nowait, what)

    async def go(socket: Any) -> None:
        await socket.join("x")
        for to in ("x", ["x"], [socket.id], None):
            with pytest.raises(ValueError, match="pass its sid as 'to'"):
                await server.emit("are you there", to=to, callback=note)
        await server.emit("are you there", to=socket.id, callback=note)

    asked = []

    async def answering() -> str:
        asked.append("asked")
        return "yes"

    server = serving(go)
    with serve(server) as url:
        async with connected(url, on={"are you there": answering}) as client:
            await client.call("go")
            assert await asyncio.wait_for(outcomes.get(), 5) == ("yes",)
    assert asked == ["asked"]


async def test_rooms_and_broadcasts_reach_the_right_clients() -> None:
    """``to(room)`` and ``broadcast`` skip the sender, and the application's emit reaches the whole room."""
    server = AsynctionSocketIO.from_spec(
        document(
            root=channel(
                receives=[
                    message("join", {"type": "string"}),
                    message("leave", {"type": "string"}),
                    message("say", TEXT),
                ],
                sends=[message("news", TEXT)],
            )
        ),
        handlers={
            "/": {
                "join": lambda room: None,
                "leave": lambda room: None,
                "say": lambda data: None,
            }
        },
    )

    @server.on("join")
    async def join(socket: Any, room: str) -> None:
        await socket.join(room)
        assert room in socket.rooms

    @server.on("leave")
    async def leave(socket: Any, room: str) -> None:
        await socket.leave(room)

    @server.on("say")
    async def say(socket: Any, data: Any) -> None:
        await socket.to("nowhere").to(["red"]).emit("news", {"text": "to others in red"})
        await socket.broadcast("news", {"text": "to all others"})
        await server.emit("news", {"text": "to red"}, to="red")

    with serve(server) as url:
        async with connected(url) as speaker, connected(url) as listener, connected(url) as outsider:
            await speaker.call("join", "red")
            await listener.call("join", "red")
            await outsider.call("join", "red")
            await outsider.call("leave", "red")
            await speaker.call("say", {"text": "go"})
            assert [(await listener.receive())[1]["text"] for _ in range(3)] == [
                "to others in red",
                "to all others",
                "to red",
            ]
            assert (await outsider.receive())[1]["text"] == "to all others"
            assert (await speaker.receive())[1]["text"] == "to red"
            assert [client.events.empty() for client in (speaker, listener, outsider)] == [True, True, True]


@pytest.mark.parametrize("rooms", [[], (), ""], ids=["list", "tuple", "text"])
async def test_an_emit_to_no_rooms_reaches_no_client(rooms: Any) -> None:
    """An empty list of rooms addresses no client."""

    async def go(socket: Any) -> None:
        await socket.to(rooms).emit("news", {"text": "secret"})
        await server.emit("news", {"text": "secret"}, to=rooms)
        await server.emit("news", {"text": "after"})

    server = serving(go)
    with serve(server) as url:
        async with connected(url) as first, connected(url) as second:
            await first.call("go")
            assert await first.receive() == ("news", {"text": "after"})
            assert await second.receive() == ("news", {"text": "after"})


async def test_calls_to_leaving_clients_fail_at_once() -> None:
    """A call in a disconnect handler raises at once, as no answer can come."""
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def gone(socket: Any) -> None:
        try:
            await socket.call("are you there", timeout=None)
        except DisconnectedError:
            loop.call_soon_threadsafe(failed.set)

    server = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"go": lambda: None, "disconnect": gone}})
    with serve(server) as url:
        async with connected(url):
            pass
        await asyncio.wait_for(failed.wait(), 5)


@pytest.mark.parametrize("method", ["join", "session", "changes"])
async def test_a_handler_without_its_client_is_not_logged(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """If a client leaves during a handler, DisconnectedError says so and no traceback is logged."""
    begun, left, raised = asyncio.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def go(socket: Any) -> None:
        async with socket.session() as session:
            session["count"] = 1
            loop.call_soon_threadsafe(begun.set)
            await to_thread.run_sync(left.wait, 5)
        try:
            if method == "join":
                await socket.join("x")
            elif method == "session":
                async with socket.session():
                    pass
        except DisconnectedError:
            loop.call_soon_threadsafe(raised.set)
            raise

    server = serving(go, limits=Limits(drain_seconds=0.01))
    with serve(server) as url:
        async with connected(url) as client:
            await client.emit("go")
            await asyncio.wait_for(begun.wait(), 5)
            sid = client.sid
        await until(lambda: server.server.manager.find(sid, "/") is None)
        left.set()
        if method != "changes":
            await asyncio.wait_for(raised.wait(), 5)
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]


async def test_sessions_belong_to_a_connection() -> None:
    """The context manager saves the session, and another connection has its own."""

    async def go(socket: Any) -> int:
        async with socket.session() as session:
            session["count"] = session.get("count", 0) + 1
            return int(session["count"])

    with serve(serving(go)) as url:
        async with connected(url) as first, connected(url) as second:
            assert [await first.call("go"), await first.call("go"), await second.call("go")] == [1, 2, 1]


async def test_a_handler_may_disconnect_its_client() -> None:
    """The client is disconnected, and its pending calls end."""

    async def go(socket: Any) -> None:
        await socket.disconnect()

    with serve(serving(go)) as url:
        async with connected(url) as client:
            await client.emit("go")
            await client.wait_gone()


@pytest.mark.parametrize(
    ("validation", "counted"),
    [
        pytest.param("warn", True, id="warn"),
        pytest.param("off", False, id="off"),
        pytest.param(False, False, id="False"),
        pytest.param(Validation(inbound="warn", outbound="warn"), True, id="per direction"),
    ],
)
async def test_validation_may_warn_or_be_off(
    validation: Any, counted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """``warn`` logs, counts and passes invalid events, acks and emits, and ``off`` does not check them."""
    spec = document(
        root=channel(
            receives=[message("say", TEXT, **{"x-ack": {"args": TEXT}})], sends=[message("news", TEXT)]
        )
    )

    async def say(socket: Any, *arguments: Any) -> Any:
        await socket.emit("news", "not an object")
        return list(arguments)

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": say}}, validation=validation)
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("say", "wrong", 2) == ["wrong", 2]
            assert await client.receive() == ("news", "not an object")
    expected = {("/", "say", "arguments"): 1, ("/", "say", "ack"): 1, ("/", "news", "arguments"): 1}
    assert server.violations == (expected if counted else {})
    assert len([record for record in caplog.records if record.name == "asynction_asgi.validation"]) == (
        3 if counted else 0
    )


def test_an_unknown_validation_mode_is_refused() -> None:
    """A misspelt mode raises instead of turning validation off."""
    with pytest.raises(ValueError, match="enforce"):
        AsynctionSocketIO.from_spec(SPEC, validation="enforced")  # type: ignore[arg-type]  # the point of the test
