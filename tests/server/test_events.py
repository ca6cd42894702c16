"""Events from clients are checked, handled and answered over the real wire."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from typing import TYPE_CHECKING, Any, Literal

import pytest

from asynction_asgi import AsynctionSocketIO, Limits, RefusedError
from tests.clients import connected
from tests.server.documents import BYTES, PAIR, TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable

SAVED = {"args": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}
SPEC = document(
    root=channel(
        receives=[
            message("say", TEXT, **{"x-ack": SAVED}),
            message("move", PAIR, **{"x-ack": {"args": {"type": "boolean"}}}),
            message("typing", {"type": "array", "maxItems": 0}),
            message("upload", BYTES, **{"x-ack": {"args": BYTES}}),
            message("maybe", {"type": ["string", "null"]}, **{"x-ack": {"args": True}}),
            message("pair back", TEXT, **{"x-ack": {"args": PAIR}}),
            message("free", **{"x-ack": True}),
        ],
        sends=[message("said", TEXT)],
    )
)


def app(*, validation: Literal["enforce", "off"] = "enforce", **handlers: Any) -> AsynctionSocketIO:
    """Return a server of SPEC; events without a handler here get one that does nothing."""
    named = {name.replace("_", " "): handler for name, handler in handlers.items()}
    events = SPEC["channels"]["/"]["publish"]["message"]["oneOf"]

    async def nothing(*_: Any) -> None:
        return None

    return AsynctionSocketIO.from_spec(
        SPEC,
        handlers={"/": {**{event["name"]: nothing for event in events}, **named}},
        validation=validation,
    )


def refusal_of(answer: Any) -> dict[str, Any]:
    """Return the body of a standard refusal, or fail the test if the answer is something else."""
    assert isinstance(answer, dict)
    assert list(answer) == ["error"]
    body: dict[str, Any] = answer["error"]
    return body


async def test_a_handler_learns_whether_an_ack_is_wanted() -> None:
    """The keyword-only parameter ``wants_ack`` tells an event with an ack id from one without."""
    wanted: list[bool] = []

    async def free(*_: Any, wants_ack: bool) -> None:
        wanted.append(wants_ack)

    with serve(app(free=free)) as url:
        async with connected(url) as client:
            await client.emit("free")
            await client.call("free")
    assert wanted == [False, True]


async def test_a_valid_event_is_handled_and_acknowledged() -> None:
    """The argument arrives as sent, and the handler's return value is the ack's only argument."""
    received: list[Any] = []

    async def say(data: Any) -> dict[str, str]:
        received.append(data)
        return {"id": "1"}

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            assert await client.call("say", {"text": "hi"}) == {"id": "1"}
    assert received == [{"text": "hi"}]


@pytest.mark.parametrize(
    ("arguments", "pointer", "keyword"),
    [
        pytest.param(({"text": ""},), "/0/text", "minLength", id="wrong value"),
        pytest.param(({},), "/0", "required", id="missing property"),
        pytest.param(("hi",), "/0", "type", id="wrong type"),
        pytest.param((), "", "minItems", id="too few arguments"),
        pytest.param(({"text": "a"}, 2), "", "maxItems", id="too many arguments"),
    ],
)
async def test_an_invalid_event_is_refused_as_its_ack(
    arguments: tuple[Any, ...], pointer: str, keyword: str
) -> None:
    """The handler does not run, and the refusal gives pointer and keyword of the violation."""
    calls: list[Any] = []

    async def say(data: Any) -> None:
        calls.append(data)

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            body = refusal_of(await client.call("say", *arguments))
    assert body["code"] == "invalid_payload"
    assert (body["details"][0]["pointer"], body["details"][0]["keyword"]) == (pointer, keyword)
    assert calls == []


async def test_an_invalid_event_without_ack_is_refused() -> None:
    """Without an ack id the client receives the event `exception` with the refusal and the event's name."""
    with serve(app()) as url:
        async with connected(url) as client:
            await client.emit("say", {"text": ""})
            name, answer = await client.receive()
    assert name == "exception"
    assert answer["event"] == "say"
    assert answer["error"]["code"] == "invalid_payload"


async def test_an_undeclared_event_is_refused_as_unknown() -> None:
    """An event that clients may not emit is answered, with an ack id or without."""
    with serve(app()) as url:
        async with connected(url) as client:
            assert refusal_of(await client.call("sai", {}))["code"] == "unknown_event"
            assert refusal_of(await client.call("said", {"text": "x"}))["code"] == "unknown_event"
            await client.emit("sai")
            assert (await client.receive())[1]["error"]["code"] == "unknown_event"


async def by_sid(sid: str, number: int, side: str) -> bool:
    return bool(sid) and (number, side) == (3, "left")


async def by_socket(socket: Any, number: int, side: str) -> bool:
    return bool(socket.id) and (number, side) == (3, "left")


async def by_arguments(number: int, side: str, *, sid: str, socket: Any) -> bool:
    return socket.id == sid and (number, side) == (3, "left")


def in_a_thread(number: int, side: str) -> bool:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    return (number, side) == (3, "left")


class CallableObject:
    async def __call__(self, *arguments: Any) -> bool:
        return arguments == (3, "left")


@pytest.mark.parametrize(
    "handler",
    [by_sid, by_socket, by_arguments, in_a_thread, CallableObject()],
    ids=lambda function: getattr(function, "__name__", "callable object"),
)
async def test_handlers_are_called_by_their_signature(handler: Callable[..., Any]) -> None:
    """Handlers may take a sid, a socket or only arguments, and may be plain functions or objects."""
    with serve(app(move=handler)) as url:
        async with connected(url) as client:
            assert await client.call("move", 3, "left") is True


async def test_all_kinds_of_arguments_arrive_unchanged() -> None:
    """A tuple schema is the argument list, and binary arguments arrive and return as bytes."""
    typed: list[tuple[Any, ...]] = []

    async def typing(*arguments: Any) -> None:
        typed.append(arguments)

    async def upload(data: bytes) -> bytes:
        return data[::-1]

    async def pair_back(_: Any) -> tuple[int, str]:
        return 7, "right"

    with serve(app(typing=typing, upload=upload, pair_back=pair_back)) as url:
        async with connected(url) as client:
            assert await client.call("typing") is None
            assert await client.call("upload", b"\x00\x01") == b"\x01\x00"
            assert await client.call("pair back", {"text": "x"}) == (7, "right")
            assert refusal_of(await client.call("typing", 1))["code"] == "invalid_payload"
            assert refusal_of(await client.call("upload", "text"))["code"] == "invalid_payload"
    assert typed == [()]


async def test_a_missing_argument_may_be_null() -> None:
    """A missing single argument is accepted only if null is valid, and the handler gets None."""

    async def maybe(value: Any) -> bool:
        return value is None

    with serve(app(maybe=maybe)) as url:
        async with connected(url) as client:
            assert await client.call("maybe") is True


async def test_an_event_without_declared_ack_is_answered_empty(caplog: pytest.LogCaptureFixture) -> None:
    """The ack is empty whatever the handler returns, and the log says once how to declare it."""

    async def typing() -> str:
        return "undeclared"

    with serve(app(typing=typing)) as url:
        async with connected(url) as client:
            assert await client.call("typing") is None
            assert await client.call("typing") is None
    advice = "it is not sent; declare x-ack: {args: <schema>}, or x-ack: true for any value"
    assert caplog.text.count(advice) == 1


async def test_an_invalid_ack_is_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets `invalid_ack` instead of the wrong value, and the log has its reference."""

    async def say(_: Any) -> dict[str, int]:
        return {"id": 1}

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            body = refusal_of(await client.call("say", {"text": "x"}))
    assert body["code"] == "invalid_ack"
    assert body["details"][0]["pointer"] == "/0/id"
    (line,) = [record.getMessage() for record in caplog.records if body["ref"] in record.getMessage()]
    assert "outbound ack of event 'say' of namespace '/'" in line


@pytest.mark.parametrize("open_ended", [False, True], ids=["closed", "open"])
async def test_an_answer_never_turns_nan_into_null(*, open_ended: bool) -> None:
    """A NaN among nulls is refused whether the document names each member or leaves some open."""
    scores = {"a": {"type": ["number", "null"]}, "b": {"type": ["number", "null"]}}
    ack = {"type": "object", "properties": {} if open_ended else scores, "additionalProperties": open_ended}
    spec = document(root=channel([message("score", {"type": "integer"}, **{"x-ack": {"args": ack}})]))

    async def score(choice: int) -> Any:
        return {"a": None, "b": [1.5, float("nan"), float("-inf")][choice]}

    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"score": score}})) as url:
        async with connected(url) as client:
            assert await client.call("score", 0) == {"a": None, "b": 1.5}
            codes = [refusal_of(await client.call("score", choice))["code"] for choice in (1, 2)]
    assert set(codes) == {"internal_error" if open_ended else "invalid_ack"}


@pytest.mark.parametrize("validation", ["enforce", "off"])
@pytest.mark.parametrize("event", ["say", "free"])
async def test_an_unencodable_result_is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture, event: str, validation: Literal["enforce", "off"]
) -> None:
    """The log names type, place and remedy once without a traceback, and the client sees none of them."""

    async def handler(_: Any) -> dict[str, Any]:
        return {"id": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}

    with serve(app(validation=validation, **{event: handler})) as url:
        async with connected(url) as client:
            body = refusal_of(await client.call(event, {"text": "x"}))
    assert body["code"] in ("invalid_ack", "internal_error")
    assert "datetime" not in str(body)
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 1
    assert "a datetime at /0/id is not JSON: use .isoformat()" in logged[0].message
    assert repr(event) in logged[0].message
    assert body["ref"] in logged[0].message
    assert logged[0].exc_info is None


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (uuid.UUID(int=1), "a UUID at /0/id is not JSON: use str(…)"),
        (b"x", "bytes at /0/id is not JSON: declare 'format: binary', or use .decode()"),
    ],
    ids=["UUID", "bytes"],
)
async def test_a_result_is_checked_before_encoding(
    caplog: pytest.LogCaptureFixture, value: object, advice: str
) -> None:
    """A value that would become a string when encoded violates type string, and the log says what to use."""

    async def say(_: Any) -> dict[str, Any]:
        return {"id": value}

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            assert refusal_of(await client.call("say", {"text": "x"}))["code"] == "invalid_ack"
    assert advice in caplog.text


async def test_a_failing_handler_is_answered_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client gets only a reference, the log has the exception with it, and the connection stays open."""

    async def say(data: Any) -> Any:
        if data["text"] == "bad":
            raise KeyError("secret detail")
        return {"id": "2"}

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            body = refusal_of(await client.call("say", {"text": "bad"}))
            assert await client.call("say", {"text": "good"}) == {"id": "2"}
    assert body["code"] == "internal_error"
    assert "secret" not in str(body)
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 1
    assert body["ref"] in logged[0].message
    assert logged[0].exc_info is not None


async def test_a_handler_may_refuse_with_its_own_code() -> None:
    """A RefusedError is sent as the standard refusal and is not logged as a failure."""

    async def say(_: Any) -> None:
        raise RefusedError("room_full", "This room is full")

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            body = refusal_of(await client.call("say", {"text": "x"}))
    assert body == {"code": "room_full", "message": "This room is full"}


async def test_an_invalid_emit_of_a_handler_is_internal() -> None:
    """The client gets `internal_error` if its handler makes an invalid emit."""

    async def say(socket: Any, _: Any) -> None:
        await socket.emit("said", {"text": ""})

    with serve(app(say=say)) as url:
        async with connected(url) as client:
            assert refusal_of(await client.call("say", {"text": "x"}))["code"] == "internal_error"


async def test_the_handlers_arity_limits_open_arguments() -> None:
    """If the document leaves the arguments open, the handler's arity limits them."""

    async def free(value: Any) -> Any:
        return value

    with serve(app(free=free)) as url:
        async with connected(url) as client:
            assert await client.call("free", 1) == 1
            for arguments in ((), (1, 2)):
                assert refusal_of(await client.call("free", *arguments))["code"] == "invalid_payload"


async def test_the_nearest_error_handler_answers() -> None:
    """Its value becomes the ack, and the namespace's error handler precedes the default one."""
    seen: list[type] = []
    spec = document(
        root=channel(receives=[message("say", TEXT, **{"x-ack": True})]),
        other=channel(receives=[message("say", TEXT, **{"x-ack": True})]),
    )

    async def say(_: Any) -> None:
        raise ValueError("no")

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": say}, "/other": {"say": say}})

    @server.on_error("/other")
    def other_error(sid: str, error: Exception) -> Any:
        seen.append(type(error))
        return {"of": "other", "sid": bool(sid)}

    @server.on_error_default
    async def any_error(error: Exception) -> Any:
        seen.append(type(error))
        return {"of": "default"}

    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("say", {"text": "x"}) == {"of": "default"}
            assert await client.call("say", {}) == {"of": "default"}
        async with connected(url, "/other") as client:
            assert await client.call("say", {"text": "x"}) == {"of": "other", "sid": True}
    assert [error.__name__ for error in seen] == ["ValueError", "PayloadValidationError", "ValueError"]


async def test_a_declared_event_may_be_named_error() -> None:
    """Clients reach the event's handler, and `on_error` still attaches the error handler."""
    spec = document(
        root=channel(
            receives=[message("error", TEXT, **{"x-ack": True}), message("say", TEXT, **{"x-ack": True})]
        )
    )

    async def say(_: Any) -> None:
        raise ValueError("no")

    async def error(data: Any) -> Any:
        return ["event", data]

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": say, "error": error}})

    @server.on_error
    def on_error(error: Exception) -> Any:
        return type(error).__name__

    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("error", {"text": "x"}) == ["event", {"text": "x"}]
            assert await client.call("say", {"text": "x"}) == "ValueError"


async def test_a_silent_error_handler_keeps_the_standard_refusal() -> None:
    """If the error handler returns None or fails, the client gets the standard refusal."""
    spec = document(root=channel(receives=[message("say", TEXT)]))

    async def say(_: Any) -> None:
        raise ValueError("no")

    def quiet(_: Exception) -> None:
        return None

    def broken(_: Exception) -> None:
        raise KeyError("another")

    for handler in (quiet, broken):
        server = AsynctionSocketIO.from_spec(
            spec, handlers={"/": {"say": say}}, default_error_handler=handler
        )
        with serve(server) as url:
            async with connected(url) as client:
                assert refusal_of(await client.call("say", {"text": "x"}))["code"] == "internal_error"


async def test_wildcard_handlers_get_the_events_name_first() -> None:
    """A catch-all gets undeclared events unchecked and declared ones without a handler checked."""
    spec = document(root=channel(receives=[message("say", TEXT, **{"x-ack": True})]))

    async def anything(event: str, *arguments: Any) -> Any:
        return [event, *arguments]

    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": anything}})) as url:
        async with connected(url) as client:
            assert await client.call("say", {"text": "x"}) == ["say", {"text": "x"}]
            assert refusal_of(await client.call("say", {}))["code"] == "invalid_payload"
            assert await client.call("other", 1, 2) == ["other", 1, 2]


FORGED = [
    pytest.param(("*", "transfer", 999_999), id="another event's name"),
    pytest.param(("*", "*", 1), id="itself"),
    pytest.param(("*", "connect", {}), id="a lifecycle name in it"),
    pytest.param(("*", {"a": 1}), id="an object"),
    pytest.param(("*", None, b"bytes"), id="null beside bytes"),
    pytest.param(("*",), id="no argument"),
    pytest.param(("connect", {"REMOTE_ADDR": "forged"}), id="connect"),
    pytest.param(("disconnect", "why"), id="disconnect"),
    pytest.param(("disconnecting",), id="disconnecting"),
]


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in x-handlers"])
@pytest.mark.parametrize("arguments", FORGED)
async def test_no_client_forges_a_wildcard_event(
    arguments: tuple[Any, ...], *, declared: bool, serializer: str
) -> None:
    """An event named ``*`` or like a lifecycle event reaches no handler, whatever its arguments are."""
    calls: list[Any] = []

    async def anything(event: str, *arguments: Any) -> Any:
        calls.append((event, *arguments))
        return "done"

    async def transfer(amount: int) -> Any:
        calls.append(amount)

    events = [message("transfer", {"type": "integer", "maximum": 10})]
    events += [message("*", **{"x-ack": True})] if declared else []
    server = AsynctionSocketIO.from_spec(
        document(root=channel(receives=events)),
        handlers={"/": {"*": anything, "transfer": transfer}},
        serializer=serializer,
    )
    with serve(server) as url:
        async with connected(url, serializer=serializer) as client:
            assert refusal_of(await client.call(*arguments))["code"] == "reserved_event"
            assert await client.call("other", 1) == "done"
    assert calls == [("other", 1)]


async def test_no_client_forges_events_beside_the_document() -> None:
    """A catch-all of python-socketio's in another namespace gets no forged event either."""
    calls: list[Any] = []
    server = app()

    async def anything(event: str, sid: str, *arguments: Any) -> Any:
        calls.append((event, *arguments))

    server.server.on("*", anything, namespace="/beside")
    with serve(server) as url:
        async with connected(url, "/beside") as client:
            assert refusal_of(await client.call("*", "transfer", 1))["code"] == "reserved_event"
            await client.call("other", 1)
    assert calls == [("other", 1)]


async def test_a_long_backlog_is_handled_completely() -> None:
    """All events that waited for a slow one are handled in order."""
    handled: list[int] = []
    entered, proceed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def count(number: int) -> int:
        if number == 0:
            loop.call_soon_threadsafe(entered.set)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(proceed.wait(), loop))
        handled.append(number)
        return number

    server = AsynctionSocketIO.from_spec(
        document(root=channel(receives=[message("count", {"type": "integer"}, **{"x-ack": True})])),
        handlers={"/": {"count": count}},
        limits=Limits(handlers=1, backlog=2000),
    )
    with serve(server) as url:
        async with connected(url) as client:
            for number in range(1200):
                await client.emit("count", number)
            await asyncio.wait_for(entered.wait(), 5)
            last = asyncio.create_task(client.call("count", 1200))
            proceed.set()
            assert await last == 1200
    assert handled == list(range(1201))
