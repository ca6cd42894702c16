"""The test client: what a test sends and receives, and which mistakes fail the test."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import (
    AckValidationError,
    DisconnectedError,
    PayloadValidationError,
    RefusedError,
    UndeclaredEventError,
)
from asynction_asgi.testing import NothingReceivedError, TestServer, UnexpectedEventError
from tests.testing.contracts import app

if TYPE_CHECKING:
    from asynction_asgi import Socket

SHORT = 0.05


async def test_a_broadcast_reaches_the_other_client() -> None:
    """The caller gets its acknowledgement, and only the other client receives the broadcast."""

    async def say(socket: Socket, data: Any) -> int:
        await socket.broadcast("said", data)
        return len(data["text"])

    async with TestServer(app(say=say)) as server, server.connect() as speaker, server.connect() as listener:
        assert speaker.sid != listener.sid
        assert await speaker.call("say", {"text": "hi"}) == 2
        assert await listener.receive("said") == {"text": "hi"}
        await speaker.expect_nothing("said", within=SHORT)


@pytest.mark.parametrize(
    ("event", "arguments", "expected"),
    [
        pytest.param("move", (1, "left"), (1, "left"), id="several arguments"),
        pytest.param("upload", (b"\x00\xff",), b"\x00\xff", id="bytes"),
        pytest.param(
            "go", ({"deep": [b"1", {"er": b"2"}]},), {"deep": [b"1", {"er": b"2"}]}, id="bytes inside"
        ),
        pytest.param("go", (), None, id="nothing"),
    ],
)
async def test_arguments_and_acknowledgements_travel_unchanged(
    event: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """Any number of arguments, with binary attachments, arrives unchanged in both directions."""

    async def echo(*received: Any) -> Any:
        return received

    server = TestServer(app(move=echo, upload=echo, go=echo))
    async with server, server.connect() as client:
        assert await client.call(event, *arguments) == expected


async def test_the_server_sends_several_arguments_and_bytes() -> None:
    """`receive` returns the value, and `receive_event` the name with all arguments."""

    async def go(socket: Socket, _: str) -> None:
        await socket.emit("moved", (1, "left"))
        await socket.emit("file", b"123")

    async with TestServer(app(go=go)) as server, server.connect() as client:
        await client.emit("go", "now")
        assert await client.receive("file") == b"123"
        event = await client.receive_event()
        assert (event.name, event.arguments, event.data) == ("moved", (1, "left"), (1, "left"))
        with pytest.raises(ValueError, match="asks for no acknowledgement"):
            await event.ack(1)


@pytest.mark.parametrize("is_async", [False, True], ids=["function", "coroutine"])
async def test_a_handler_answers_the_server(is_async: bool) -> None:
    """The return value of a client's handler reaches the server's `call`."""

    async def go(socket: Socket, _: str) -> Any:
        return await socket.call("ask", {"text": "?"})

    def answer(data: Any) -> int:
        return len(data)

    async def answer_later(data: Any) -> int:
        await asyncio.sleep(0)
        return answer(data)

    async with TestServer(app(go=go)) as server, server.connect() as client:
        client.on("ask", answer_later if is_async else answer)
        assert await client.call("go", "now") == 1


async def test_a_handler_gets_events_that_came_earlier() -> None:
    """A new handler receives the waiting events in order, and `receive` no longer returns them."""
    served = app()
    heard: list[Any] = []
    async with TestServer(served) as server, server.connect() as client:
        for number in "12":
            await served.emit("said", {"text": number})
        await served.emit("moved", (1, "left"))
        client.on("said", heard.append)
        assert await client.receive("moved") == (1, "left")
        await client.expect_nothing(within=SHORT)
    assert heard == [{"text": "1"}, {"text": "2"}]


async def test_an_event_is_acknowledged_by_hand() -> None:
    """`Received.ack` answers the server once, and an invalid answer is not sent."""

    async def go(socket: Socket, _: str) -> Any:
        return await socket.call("ask", {"text": "?"})

    async with TestServer(app(go=go)) as server, server.connect() as client:
        call = asyncio.ensure_future(client.call("go", "now"))
        event = await client.receive_event("ask")
        with pytest.raises(AckValidationError) as refused:
            await event.ack("not a number")
        assert (refused.value.direction, refused.value.pointer) == ("inbound", "/0")
        await event.ack(7)
        assert await call == 7
        with pytest.raises(ValueError, match="acknowledged already"):
            await event.ack(7)


async def test_the_standard_refusal_is_raised() -> None:
    """A refusal in an acknowledgement is raised with its code, message, details, ref and the time to wait."""

    async def say(_: Any) -> None:
        raise RefusedError("forbidden", "not you", ref="abc", retry_after=2.5)

    async with TestServer(app(say=say)) as server, server.connect() as client:
        with pytest.raises(RefusedError, match=r"^not you \[forbidden\]$") as refused:
            await client.call("say", {"text": "hi"})
        assert (refused.value.ref, refused.value.retry_after) == ("abc", 2.5)
        with pytest.raises(RefusedError) as refused:
            await client.call("say", {"text": ""}, unchecked=True)
        assert (refused.value.code, refused.value.details[0].pointer) == ("invalid_payload", "/0/text")
        await client.emit("say", {"text": ""}, unchecked=True)
        exception = await client.receive("exception")
        assert (exception["event"], exception["error"]["code"]) == ("say", "invalid_payload")


@pytest.mark.parametrize(
    ("event", "arguments", "error"),
    [
        pytest.param("say", ({"text": ""},), PayloadValidationError, id="arguments"),
        pytest.param("said", ({"text": "hi"},), UndeclaredEventError, id="event of the other direction"),
        pytest.param("sya", ({"text": "hi"},), UndeclaredEventError, id="unknown event"),
        pytest.param("x" * 10_000, ({"text": "hi"},), UndeclaredEventError, id="long name"),
    ],
)
async def test_what_the_test_sends_is_checked(
    event: str, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    """An invalid or undeclared event raises in the test before it is sent."""
    calls: list[Any] = []

    async def say(data: Any) -> int:
        calls.append(data)
        return 1

    async with TestServer(app(say=say)) as server, server.connect() as client:
        for send in (client.emit, client.call):
            with pytest.raises(error) as caught:
                await send(event, *arguments)
            assert getattr(caught.value, "direction", None) == "inbound"
        assert await client.call("say", {"text": "hi"}) == 1
    assert calls == [{"text": "hi"}]


@pytest.mark.parametrize(
    ("event", "arguments", "error"),
    [
        pytest.param("said", {"text": ""}, PayloadValidationError, id="arguments"),
        pytest.param("say", {"text": "hi"}, UndeclaredEventError, id="event of the other direction"),
        pytest.param("exception", {"text": "hi"}, UndeclaredEventError, id="exception that is not a refusal"),
    ],
)
@pytest.mark.parametrize("looks", [True, False], ids=["the test waits", "the test does not look"])
async def test_what_the_server_sends_is_checked(
    event: str, arguments: Any, error: type[Exception], looks: bool
) -> None:
    """An invalid emit of the server fails the test at the next step or at the end of the connection."""
    served = app()

    async def run() -> None:
        async with TestServer(served) as server, server.connect() as client:
            await served.server.emit(event, arguments)
            if looks:
                await client.receive("moved")

    with pytest.raises(error) as caught:
        await run()
    assert getattr(caught.value, "direction", None) == "outbound"


async def test_an_acknowledgement_is_checked() -> None:
    """An invalid acknowledgement fails the call if the server does not withhold it."""

    async def say(_: Any) -> str:
        return "not a number"

    async def note(_: Any) -> str:
        return "undeclared"

    served = app(say=say, note=note, validation=False)
    async with TestServer(served) as server, server.connect() as client:
        for event in ("say", "note"):
            with pytest.raises(AckValidationError) as caught:
                await client.call(event, {"text": "hi"})
            assert (caught.value.event, caught.value.direction) == (event, "outbound")


async def _judge(_: Any) -> bool:
    return False


def test_is_refusal_must_not_be_async() -> None:
    """A coroutine function is rejected, as its result would always count as a refusal."""
    with pytest.raises(TypeError, match="plain function"):
        TestServer(app(), is_refusal=_judge)  # type: ignore[arg-type]  # the mistake


async def test_refusals_of_another_shape() -> None:
    """With `is_refusal`, an application's own refusal is returned as an answer without validation."""
    served = app(refusal_body=lambda error: {"failed": error.code})
    testing = TestServer(served, is_refusal=lambda value: "failed" in value)
    async with testing as server, server.connect() as client:
        assert await client.call("say", {"text": ""}, unchecked=True) == {"failed": "invalid_payload"}
        await client.emit("say", {"text": ""}, unchecked=True)
        assert (await client.receive("exception"))["failed"] == "invalid_payload"


async def test_waiting_in_vain_says_what_came_instead() -> None:
    """The error names the expected event, the time in seconds and the events that arrived."""
    served = app(say=lambda _: asyncio.Event().wait())
    async with TestServer(served) as server, server.connect() as client:
        await served.emit("said", {"text": "hi"})
        with pytest.raises(
            NothingReceivedError, match=re.escape("'moved' did not come within 0.05 s")
        ) as caught:
            await client.receive("moved", timeout=SHORT)
        assert caught.value.arrived == [("said", {"text": "hi"})]
        assert "said" in str(caught.value)
        with pytest.raises(UnexpectedEventError, match="'said' came"):
            await client.expect_nothing("said", within=SHORT)
        with pytest.raises(TimeoutError, match=r"acknowledgement of 'go'.*none$"):
            await client.call("go", "now", timeout=0)


async def test_waiting_for_an_undeclared_event_fails_at_once() -> None:
    """A misspelt event name raises, as expecting nothing of it would always succeed."""
    async with TestServer(app()) as server, server.connect() as client:
        for wait in (
            client.receive("siad"),
            client.receive_event("siad"),
            client.expect_nothing("siad"),
        ):
            with pytest.raises(UndeclaredEventError, match="did you mean 'said'"):
                await wait
        with pytest.raises(UndeclaredEventError, match="no such event in this direction"):
            client.on("say", print)
        with pytest.raises(UndeclaredEventError, match="did you mean 'say'"):
            await client.call("sya", {"text": "hi"})
        await client.expect_nothing("exception", within=SHORT)


async def test_a_failing_handler_fails_the_test() -> None:
    """An exception in a client's handler is raised in the test."""
    served = app()

    def fail(_: Any) -> None:
        raise LookupError("bug in the test")

    async with TestServer(served) as server, server.connect() as client:
        client.on("said", fail)
        await served.emit("said", {"text": "hi"})
        with pytest.raises(LookupError, match="bug in the test"):
            await client.receive("moved")


@pytest.mark.parametrize(
    ("how", "reason"), [("drop", "transport close"), ("disconnect", "client disconnect")]
)
async def test_disconnecting_runs_the_disconnect_handler(how: str, reason: str) -> None:
    """The handler gets the reason, and afterwards the client can neither send nor receive."""
    reasons: list[str] = []

    async def disconnect(_: str, reason: str) -> None:
        await asyncio.sleep(0)
        reasons.append(reason)

    async with TestServer(app(disconnect=disconnect)) as server, server.connect() as client:
        await getattr(client, how)()
        assert reasons == [reason]
        assert not client.connected
        for attempt in (client.receive("said"), client.call("go", "now")):
            with pytest.raises(DisconnectedError):
                await attempt
    assert reasons == [reason]


async def test_the_server_ends_the_connection() -> None:
    """A wait for an event fails at once, and `wait_disconnected` returns."""

    async def go(socket: Socket, _: str) -> None:
        await socket.disconnect()

    async with TestServer(app(go=go)) as server, server.connect() as client:
        with pytest.raises(NothingReceivedError, match="end of the connection"):
            await client.wait_disconnected(timeout=SHORT)
        await client.emit("go", "now")
        with pytest.raises(DisconnectedError, match=client.sid):
            await client.receive("said")
        await client.wait_disconnected()


def test_an_eager_task_factory_works() -> None:
    """Connections work the same if tasks start eagerly, as in Python 3.12."""
    factory = getattr(asyncio, "eager_task_factory", None)

    async def run() -> None:
        if factory is not None:
            asyncio.get_running_loop().set_task_factory(factory)
        async with TestServer(app(say=lambda _: 1)) as server, server.connect() as client:
            assert await client.call("say", {"text": "hi"}) == 1

    asyncio.run(run())
