"""Whatever user code raises, the client is answered, the error is logged, and the server continues."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError, Socket
from tests.clients import ConnectError, connected
from tests.engine.stage import serve_app, until
from tests.server.documents import channel, document, message
from tests.server.secured import FLOWS, bearer, namespace, secret_info, secured

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = {"type": "array", "maxItems": 0}
GO = message("go", NONE, **{"x-ack": True})
SPEC = document(root=channel([GO, message("ping", NONE, **{"x-ack": True})], [message("question", NONE)]))


class Halt(BaseException):
    """An application's own exception class."""


RAISED = [
    pytest.param(lambda: ValueError("secret"), id="Exception"),
    pytest.param(lambda: GeneratorExit("secret"), id="GeneratorExit"),
    pytest.param(lambda: BaseExceptionGroup("secret", [GeneratorExit()]), id="BaseExceptionGroup"),
    pytest.param(lambda: Halt("secret"), id="own class"),
    pytest.param(lambda: SystemExit("secret"), id="SystemExit"),
    pytest.param(lambda: BaseExceptionGroup("secret", [SystemExit()]), id="SystemExit in a group"),
    pytest.param(lambda: asyncio.CancelledError("secret"), id="CancelledError"),
]
PLAIN = pytest.mark.parametrize("plain", [False, True], ids=["coroutine", "plain"])


def raising(make: Callable[[], BaseException], *, plain: bool) -> Any:
    """Return a function of any arity that raises a new exception like that of `make`."""
    error = make()  # a closure over a function would be mistaken for a wrapper

    async def coroutine_function(*_: Any) -> Any:
        await asyncio.sleep(0)
        raise type(error)(*error.args)

    def plain_function(*_: Any) -> Any:
        raise type(error)(*error.args)

    return plain_function if plain else coroutine_function


async def ping(*_: Any) -> str:
    return "pong"


def served(**handlers: Any) -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"go": ping, "ping": ping, **handlers}})


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages at level ERROR, without tracebacks."""
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def says(line: str, error: BaseException) -> bool:
    """Return whether a line reports a failure, or names an ignored SystemExit."""
    exits = isinstance(error, SystemExit) or "SystemExit" in repr(error)
    return ("SystemExit" in line) is exits and ("failed" in line) is not exits


@PLAIN
@pytest.mark.parametrize("make", RAISED)
async def test_an_event_handler_may_raise_anything(
    make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """Each ack is the standard refusal with the log's reference, and other events are served."""
    app = served(go=raising(make, plain=plain))
    async with serve_app(app) as url, connected(url) as client:
        bodies = [(await client.call("go"))["error"] for _ in range(2)]
        await client.emit("go")
        name, refusal = await client.receive()
        assert await client.call("ping") == "pong"
    bodies.append(refusal["error"])
    assert (name, {body["code"] for body in bodies}) == ("exception", {"internal_error"})
    assert "secret" not in str(bodies)
    lines = errors(caplog)
    assert [body["ref"] in line for body, line in zip(bodies, lines, strict=True)] == [True] * 3
    assert all(says(line, make()) for line in lines)
    assert all(record.exc_info for record in caplog.records if record.levelname == "ERROR")


@PLAIN
@pytest.mark.parametrize("make", RAISED)
async def test_a_connect_handler_may_raise_anything(
    make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """Each CONNECT is refused with `internal_error`, and nothing of the client stays stored."""
    app = served(connect=raising(make, plain=plain))
    async with serve_app(app) as url:
        for _ in range(2):
            with pytest.raises(ConnectError) as refused:
                async with connected(url):
                    pass
            assert refused.value.answer["data"]["code"] == "internal_error"
        await until(lambda: not app.server.eio.sockets, "the transports are closed")
    assert not app.server.manager.rooms
    assert [says(line, make()) for line in errors(caplog)] == [True, True]


@PLAIN
@pytest.mark.parametrize("make", RAISED)
async def test_a_disconnect_handler_may_raise_anything(
    make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """The error is logged, and nothing of the client stays stored."""
    app = served(disconnect=raising(make, plain=plain))
    async with serve_app(app) as url:
        async with connected(url) as client:
            sid = client.sid
        await until(lambda: errors(caplog), "the line in the log")
        await until(lambda: not app.server.eio.sockets, "the transport is closed")
        assert app.socket(sid) is None
        assert not app.server.manager.rooms
    assert [says(line, make()) for line in errors(caplog)] == [True]


@PLAIN
@pytest.mark.parametrize("make", RAISED)
async def test_an_error_handler_may_raise_anything(
    make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """The client gets the standard refusal of its event or connection."""

    def refuse(*, auth: Any) -> bool:
        return not auth

    app = served(error=raising(make, plain=plain), go=raising(ValueError, plain=False), connect=refuse)
    async with serve_app(app) as url:
        async with connected(url) as client:
            assert (await client.call("go"))["error"]["code"] == "internal_error"
            assert await client.call("ping") == "pong"
        with pytest.raises(ConnectError) as refused:
            async with connected(url, auth={"unwanted": True}):
                pass
        assert refused.value.answer["data"]["code"] == "internal_error"
    assert [says(line, make()) for line in errors(caplog)] == [True, True]


@PLAIN
@pytest.mark.parametrize("failing", ["verify", "scopes"])
@pytest.mark.parametrize("make", RAISED)
async def test_security_functions_may_raise_anything(
    make: Callable[[], BaseException],
    failing: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    plain: bool,
) -> None:
    """CONNECT and event are refused, and the log names the function without the exception's text."""
    monkeypatch.setattr(f"{__name__}.judge", raising(make, plain=plain))
    scheme = {"type": "oauth2", "flows": FLOWS, "x-scopeValidateFunc": f"{__name__}.judge"}
    verify = secret_info if failing == "scopes" else raising(make, plain=plain)
    spec = secured(
        {"oauth": scheme},
        {"root": namespace(GO, security=[]), "closed": namespace(security=[{"oauth": ["read"]}])},
    )
    spec["channels"]["/"]["publish"]["security"] = [{"oauth": ["read"]}]
    app = AsynctionSocketIO.from_spec(spec, security_handlers={"oauth": verify}, handlers={"/": {"go": ping}})
    async with serve_app(app) as url:
        async with connected(url, headers=bearer("good")) as client:
            assert (await client.call("go"))["error"]["code"] == "internal_error"
        with pytest.raises(ConnectError) as refused:
            async with connected(url, "/closed", headers=bearer("good")):
                pass
        assert refused.value.answer["data"]["code"] == "internal_error"
    lines = errors(caplog)
    assert len(lines) == 2
    assert "secret" not in caplog.text
    assert all("security function of 'oauth'" in line for line in lines)


def judge(required: list[str], granted: list[str]) -> bool:
    """Fail when called; each test replaces this function with its own."""
    raise NotImplementedError


@pytest.mark.parametrize("make", RAISED)
async def test_refusal_body_may_raise_anything(
    make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """The standard refusal is sent instead, in acks, events and refused connections."""

    def refuse(*, auth: Any) -> bool:
        return not auth

    async def go() -> None:
        raise RefusedError("full")

    def body(_: RefusedError) -> Any:
        raise make()

    app = AsynctionSocketIO.from_spec(
        SPEC, handlers={"/": {"go": go, "ping": ping, "connect": refuse}}, refusal_body=body
    )
    async with serve_app(app) as url:
        async with connected(url) as client:
            assert (await client.call("go"))["error"]["code"] == "full"
            assert (await client.call("disconnect"))["error"]["code"] == "reserved_event"
            await client.emit("go")
            assert (await client.receive())[1]["error"]["code"] == "full"
        with pytest.raises(ConnectError) as refused:
            async with connected(url, auth={"unwanted": True}):
                pass
        assert refused.value.answer["data"]["code"] == "forbidden"
    assert ["refusal_body failed" in line for line in errors(caplog)] == [True]


@PLAIN
@pytest.mark.parametrize("way", ["checked", "wrapped server"])
@pytest.mark.parametrize("make", RAISED)
async def test_a_callback_may_raise_anything(
    make: Callable[[], BaseException], way: str, caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """The error is only logged, as no caller waits."""
    app = served()

    async def ask(sid: str) -> None:
        emit = app.emit if way == "checked" else app.server.emit
        await emit("question", to=sid, callback=raising(make, plain=plain))

    app.on("go", ask)
    async with serve_app(app) as url, connected(url, on={"question": lambda: None}) as client:
        await client.call("go")
        await until(lambda: errors(caplog), "the line in the log")
        assert await client.call("ping") == "pong"
    assert [says(line, make()) for line in errors(caplog)] == [True]


@pytest.mark.parametrize("way", ["call", "callback"])
async def test_answers_that_do_not_match_do_not_fill_the_log(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that answers wrongly each time is named once in a while, and refused each time."""
    question = message("question", NONE, **{"x-ack": {"args": {"type": "integer"}}})
    app = AsynctionSocketIO.from_spec(document(root=channel([GO], [question])))
    answered = asyncio.Semaphore(0)

    @app.on("error")
    async def error_handler(error: Exception) -> None:
        answered.release()

    @app.on("go")
    async def go(socket: Socket) -> None:
        if way == "call":
            await socket.call("question")
        else:
            await socket.emit("question", callback=lambda *_: None)

    async with serve_app(app) as url, connected(url, on={"question": lambda: "no"}) as client:
        for _ in range(20):
            answer = await client.call("go")
            assert (answer is None) == (way == "callback")
            if way == "call":
                assert answer["error"]["code"] == "invalid_ack"
            await answered.acquire()
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(lines) == 1
    assert "'question'" in lines[0]
