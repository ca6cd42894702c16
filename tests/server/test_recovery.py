"""``x-recovery`` beside what else a document says: its handshake, its security, and whether it is heeded."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import json
import logging
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import StatusCode

from asynction_asgi import AsynctionSocketIO, Socket, Tracing
from asynction_asgi.engine.transport import websocket
from tests.engine.returner import Returner
from tests.engine.stage import Script, Stage, payload, serve_app, until
from tests.server.documents import channel, message
from tests.server.secured import secured
from tests.tracing.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AUTH = {
    "type": "object",
    "properties": {"token": {"type": "string"}},
    "required": ["token"],
    "additionalProperties": False,
}
SCHEMES = {"token": {"type": "http", "scheme": "bearer", "x-authField": "token"}}


class Incomparable:
    """A user that can't be compared with another."""

    __hash__ = None  # type: ignore[assignment]  # as Python has it for a class that defines __eq__

    def __eq__(self, other: object) -> bool:
        raise LookupError


class Headers(list[Any]):
    """Those of a request, which can tell whether anything keeps them."""


def is_freed(kept: weakref.ref[Any]) -> bool:
    """Return whether nothing keeps an object, asyncio's cancelled timers aside.

    They keep a context until they are due, or until asyncio finds that they are the most of many.
    """
    loop = asyncio.get_running_loop()
    for _ in range(1000):
        loop.call_later(60.0, gc.collect).cancel()
    gc.collect()
    return kept() is None


@contextlib.asynccontextmanager
async def staged(handlers: dict[str, Any], **options: Any) -> AsyncIterator[Stage]:
    """Serve a namespace whose auth is a token, and nothing else."""
    extensions: dict[str, Any] = {"x-recovery": True, "x-auth": AUTH}
    channels = {"root": channel(sends=[message("news")], **extensions)}
    now = time.time()
    known = {
        "ada": {"sub": "ada"},
        "ada's other": {"sub": "ada", "role": "new"},
        "bob": {"sub": "bob"},
        "ada's short": {"sub": "ada", "exp": now + 0.3},
        "odd": {"sub": Incomparable()},
    }
    app = AsynctionSocketIO.from_spec(
        secured(SCHEMES, channels, [{"token": []}]),
        handlers={"/": handlers},
        security_handlers={"token": known.get},
        **options,
    )
    async with serve_app(app) as url:
        yield Stage(url, app.server, Script())
        await app.server.shutdown(1.0)


async def test_a_return_is_checked_as_any_connection() -> None:
    """The new token decides; the handler gets a new socket of the same id, and the auth without pid and offset."""
    seen: list[tuple[Any, ...]] = []

    async def connect(socket: Socket, auth: Any) -> None:
        seen.append((socket.id, socket.recovered, auth, socket.auth, dict(socket.token_info or {})))

    async def disconnect(socket: Socket) -> None:
        seen.append((socket.id, socket.recoverable))

    async with staged({"connect": connect, "disconnect": disconnect}) as stage:
        one = Returner(stage)
        async with one.there(token="ada"):
            pass
        async with stage.websocket() as client:
            refused = payload(await client.ask_raw("40" + json.dumps({"pid": one.pid, "token": "none"})))
            assert refused["data"]["code"] == "unauthorized"
        await stage.server.emit("news", 1)
        async with one.there(token="ada's other"):
            assert await one.take(1) == [1]
        auth, other = {"token": "ada"}, {"token": "ada's other"}
        await until(lambda: len(seen) == 4, "the disconnect handler")
        assert seen == [
            (one.sid, False, auth, auth, {"sub": "ada"}),
            (one.sid, True),
            (one.sid, True, other, other, {"sub": "ada", "role": "new"}),
            (one.sid, True),
        ]


@pytest.mark.parametrize(("token", "recovered"), [("ada", True), ("ada's other", True), ("bob", False)])
async def test_only_the_same_user_gets_the_session_back(token: str, recovered: bool) -> None:
    """By whatever credentials; another one gets a new session, and none of the events."""
    async with staged({}) as stage:
        one = Returner(stage)
        async with one.there(token="ada"):
            pass
        await stage.server.emit("news", "for ada")
        async with one.there(token=token):
            assert one.recovered == recovered
            await stage.server.emit("news", "for all")
            assert await one.take(1 + recovered) == ["for ada"] * recovered + ["for all"]


async def test_a_client_that_is_away_costs_neither_its_request_nor_its_auth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once its disconnect handler has run, which still sees both; it comes back with new ones."""
    monkeypatch.setattr(websocket, "_LINGER_SECONDS", 0.0)  # a timer keeps a context until it is due
    requests: list[weakref.ref[Headers]] = []
    request: contextvars.ContextVar[Any] = contextvars.ContextVar("request")
    seen: list[tuple[Any, ...]] = []
    sockets: list[Socket] = []

    async def disconnect(socket: Socket) -> None:
        seen.append((socket.auth, bool(socket.environ["asgi.scope"]["headers"]), request.get() is not None))
        sockets.append(socket)

    extensions: dict[str, Any] = {"x-recovery": True}
    channels = {"root": channel(sends=[message("news")], **extensions)}
    handlers = {"/": {"disconnect": disconnect}}
    app = AsynctionSocketIO.from_spec(secured({}, channels, []), handlers=handlers)

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        headers = Headers(scope["headers"])
        requests.append(weakref.ref(headers))
        request.set(headers)
        scope["headers"] = headers
        del headers
        await app(scope, receive, send)

    async with serve_app(middleware) as url:
        stage = Stage(url, app.server, Script())
        one = Returner(stage)
        async with one.there(name="ada"):
            pass
        await until(lambda: sockets and sockets[0].environ.keys() == {"asgi.scope"})
        assert seen == [({"name": "ada"}, True, True)]
        [socket] = sockets
        assert (socket.auth, socket.token_info, socket.recoverable) == (None, None, True)
        assert socket.environ["asgi.scope"].keys() == {"client"}
        await until(lambda: is_freed(requests[0]), "the request is freed")
        async with one.there(name="ada"):
            assert one.recovered
        await until(lambda: len(seen) == 2)
        assert seen[1] == seen[0]
        await app.server.shutdown(1.0)


async def test_a_handler_that_runs_on_keeps_what_the_client_presented() -> None:
    """Also after the disconnect handler has run; once it has ended, auth and request go, and user and token info stay."""
    go = asyncio.Event()
    seen: list[Any] = []
    sockets: list[Socket] = []

    def see(socket: Socket) -> None:
        scope = socket.environ["asgi.scope"]
        seen.append((socket.auth, "headers" in scope, socket.user, socket.token_info))

    async def work(socket: Socket) -> None:
        sockets.append(socket)
        await go.wait()
        see(socket)

    extensions: dict[str, Any] = {"x-recovery": True}
    channels = {"root": channel([message("work")], **extensions)}
    info = {"sub": "ada"}
    app = AsynctionSocketIO.from_spec(
        secured(SCHEMES, channels, [{"token": []}]),
        handlers={"/": {"work": work}},
        security_handlers={"token": {"ada": info}.get},
    )
    async with serve_app(app) as url:
        one = Returner(Stage(url, app.server, Script()))
        async with one.there(token="ada"):
            await one.client.send('42["work"]')
            await until(lambda: sockets, "the handler is running")
        [session] = app.server._returning._sessions.values()
        await until(lambda: session.is_settled, "the disconnect handler has run")
        go.set()
        await until(lambda: sockets[0].auth is None, "the auth is dropped")
        see(sockets[0])
        assert seen == [({"token": "ada"}, True, "ada", info), (None, False, "ada", info)]
        await app.server.shutdown(1.0)


async def test_the_id_of_a_session_is_neither_kept_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The server keeps a hash, and no log line of any level has the id, also if the connect handler fails."""

    async def connect(auth: Any) -> None:
        if failing:
            raise LookupError(auth)

    failing = False
    with caplog.at_level(logging.DEBUG):
        async with staged({"connect": connect}) as stage:
            one = Returner(stage)
            async with one.there(token="ada"):
                pass
            async with one.there(token="ada"):
                assert one.recovered
            kept = stage.server._returning._sessions
            assert len(kept) == 1
            assert one.pid not in kept
            failing = True
            async with stage.websocket() as client:
                await client.send(f'40{{"pid":"{one.pid}","token":"ada"}}')
                assert (await client.receive()).startswith("44")
    assert "connect handler of / failed" in caplog.text
    ours = [record for record in caplog.records if record.name.startswith(("asynction_asgi", "socketio"))]
    formatter = logging.Formatter()
    assert not any(one.pid in formatter.format(record) for record in ours)


async def test_a_session_ends_with_its_credentials() -> None:
    """A client that the server disconnected because its token expired does not come back."""
    async with staged({}) as stage:
        one = Returner(stage)
        async with one.there(token="ada's short"):
            before = one.sid
            await until(lambda: before not in stage.server.manager.members.get("/", {}), "expired")
        async with one.there(token="ada"):
            assert not one.recovered


async def test_recovery_can_be_turned_off() -> None:
    """The option ignores what the document says; clients that show a pid from before are let in."""
    async with staged({}, recovery=False) as stage, stage.websocket() as client:
        shown = {"pid": "r1" + "x" * 24, "offset": "x", "token": "ada"}
        answer = await client.ask("40" + json.dumps(shown))
        assert list(answer) == ["sid"]
        await stage.server.emit("news", 1)
        assert await client.receive() == '42["news",1]'


async def test_a_failure_between_the_checks_and_the_handler_is_reported() -> None:
    """A returning client whose user can't be compared is refused, and its span ends."""
    recorder = Recorder()
    async with staged({}, tracing=Tracing(provider=recorder.provider)) as stage:
        one = Returner(stage)
        async with one.there(token="odd"):
            pass
        async with stage.websocket() as client:
            refused = payload(await client.ask_raw("40" + json.dumps({"pid": one.pid, "token": "odd"})))
            assert refused["data"]["code"] == "internal_error"
    spans = [span for span in recorder.spans if span.name == "connect /"]
    assert [span.status.status_code for span in spans] == [StatusCode.UNSET, StatusCode.ERROR]
