"""The mock over the real wire: it answers and emits what the document accepts, and refuses as the server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest
import socketio

from asynction_asgi import SpecError
from asynction_asgi.mock import MockAsynctionSocketIO, MockSettings, scripts
from asynction_asgi.testing import TestServer
from tests.clients import ConnectError, connected
from tests.serving import serve
from tests.wire.clients import until

DOCUMENT: dict[str, Any] = {
    "asyncapi": "2.6.0",
    "info": {"title": "T", "version": "1"},
    "channels": {
        "/": {
            "x-handlers": {"connect": "nowhere.connect"},
            "publish": {
                "message": {
                    "oneOf": [
                        {
                            "name": "add",
                            "x-handler": "nowhere.add",
                            "payload": {"type": "integer"},
                            "x-ack": {"args": {"type": "integer", "minimum": 5, "maximum": 9}},
                            "x-mock": {"emit": "added"},
                        },
                        {"name": "fixed", "x-ack": {"args": {"type": "string"}}, "x-mock": {"ack": "mine"}},
                        {"name": "silent", "payload": {"type": "string"}},
                    ]
                }
            },
            "subscribe": {
                "message": {
                    "oneOf": [
                        {"name": "added", "payload": {"type": "integer"}, "examples": [{"payload": 77}]},
                        {"name": "tick", "payload": {"const": "t"}, "x-mock": {"interval": 0.01}},
                    ]
                }
            },
            "bindings": {
                "ws": {
                    "query": {"type": "object", "required": ["v"], "properties": {"v": {"type": "integer"}}}
                }
            },
        }
    },
}


def changed(**message: Any) -> dict[str, Any]:
    operation = {"message": {"name": "e", **message}}
    return {**DOCUMENT, "channels": {"/": {"publish": operation}}}


async def test_it_answers_and_emits_what_is_declared() -> None:
    """Acks are made or fixed, events come after others and by themselves; no handler is imported."""
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, settings=MockSettings(seed=1, interval=0))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert 5 <= await client.call("add", 1, timeout=5) <= 9
            assert await client.call("fixed", timeout=5) == "mine"
            seen = {tuple(await client.receive(timeout=5)) for _ in range(4)}
            assert seen == {("added", 77), ("tick", "t")}
            refusal = await client.call("add", "no", timeout=5)
            assert refusal["error"]["code"] == "invalid_payload"


async def test_events_come_by_themselves_by_their_weight() -> None:
    """Each at its own interval, the others in turn; without a weight, never."""
    document = changed()
    weights = {"often": 50, "never": 0}
    messages = [
        {"name": name, "payload": {"const": name}, "x-mock": {"weight": one}} for name, one in weights.items()
    ]
    document["channels"]["/"]["subscribe"] = {"message": {"oneOf": messages}}
    settings = MockSettings(seed=1, interval=0.01, jitter=0.01)
    with serve(MockAsynctionSocketIO.from_spec(document, settings=settings)) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(url, transports=["websocket"])
            assert {tuple(await client.receive(timeout=5)) for _ in range(20)} == {("often", "often")}


async def test_with_security_it_asks_for_credentials() -> None:
    """By the document's own functions; without the setting it lets everybody in."""
    document = changed()
    document["servers"] = {"live": {"url": "localhost", "protocol": "ws", "security": [{"key": []}]}}
    scheme = {"type": "http", "scheme": "bearer", "x-bearerInfoFunc": f"{__name__}.check_token"}
    document["components"] = {"securitySchemes": {"key": scheme}}
    for security, header in ((False, "Bearer wrong"), (True, "Bearer right"), (True, "Bearer wrong")):
        app = MockAsynctionSocketIO.from_spec(document, settings=MockSettings(security=security))
        with serve(app) as url:
            refused = security and header == "Bearer wrong"
            with pytest.raises(ConnectError) if refused else contextlib.nullcontext():
                async with connected(url, headers={"Authorization": header}):
                    pass


async def check_token(token: str) -> dict[str, str] | None:
    return {"sub": "ada"} if token == "right" else None


async def test_clients_are_asked_for_the_acks_that_are_theirs(caplog: pytest.LogCaptureFixture) -> None:
    """An answer that misses the document is told in the log."""
    asking = {"name": "ask", "payload": {"const": "q"}, "x-ack": {"args": {"type": "integer"}}}
    document = changed(**{"x-mock": {"emit": ["ask", "ask"]}})
    document["channels"]["/"]["subscribe"] = {"message": asking}
    answers = iter([7, "seven"])
    with serve(MockAsynctionSocketIO.from_spec(document, settings=MockSettings(interval=0))) as url:
        async with connected(url) as client:
            client.on("ask", lambda _: next(answers))
            await client.emit("e", 1)
            await until(lambda: "ask" in caplog.text, "the warning")
    assert caplog.text.count("[invalid_ack]") == 1


async def test_its_handshake_is_the_documents() -> None:
    """A client that the real server refuses is refused."""
    with serve(MockAsynctionSocketIO.from_spec(DOCUMENT)) as url:
        client = socketio.AsyncClient(reconnection=False)
        refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on("connect_error", refused.set_result)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(url, transports=["websocket"])
        assert (await refused)["data"]["code"] == "invalid_handshake"
        await client.shutdown()


async def test_it_fails_as_often_as_it_is_told() -> None:
    """Which is what a client's own handling of errors is tried with."""
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, settings=MockSettings(interval=0, fail_rate=1))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert (await client.call("add", 1, timeout=5))["error"]["code"] == "unavailable"


async def answers(seed: int | None, **settings: Any) -> list[Any]:
    """Return what one client is answered, and hears, of a document whose texts are Faker's."""
    fields = {"who": {"type": "string", "format": "name"}, "city": {"type": "string"}}
    schema = {"type": "object", "required": [*fields], "properties": fields}
    document = changed(**{"x-ack": {"args": schema}})
    app = MockAsynctionSocketIO.from_spec(document, settings=MockSettings(seed=seed, interval=0, **settings))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(url, transports=["websocket"])
            return [await client.call("e", 1, timeout=5) for _ in range(3)]


async def test_the_same_seed_says_the_same() -> None:
    """Faker's texts too; another seed says something else."""
    first = await answers(1)
    assert first == await answers(1)
    assert first != await answers(2)
    assert all(" " in one["who"] for one in first)
    assert first != await answers(1, locale="ja_JP")


@pytest.mark.parametrize(
    ("message", "pointer", "words"),
    [
        ({"x-ack": {"args": {"type": "integer", "minimum": 2, "maximum": 1}}}, "x-ack/args", "no value"),
        ({"x-ack": {"args": {"type": "integer"}}, "x-mock": {"ack": "no"}}, "x-mock/ack", "match"),
        ({"x-mock": {"ack": "no"}}, "x-mock/ack", "declares none"),
        ({"x-mock": {"emit": "nothing"}}, "x-mock/emit", "doesn't emit here"),
        ({"x-mock": {"emit": [5]}}, "x-mock/emit", "doesn't emit here"),
        ({"x-mock": {"weight": -1}}, "x-mock/weight", "zero or more"),
        ({"x-mock": {"interval": True}}, "x-mock/interval", "zero or more"),
        ({"x-mock": {"intervall": 1}}, "x-mock/intervall", "did you mean 'interval'"),
        ({"x-mock": 5}, "x-mock", "object"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_can_not_be_played_is_refused_at_the_start(
    message: dict[str, Any], pointer: str, words: str
) -> None:
    """With the place in the document, and what is wrong there."""
    with pytest.raises(SpecError) as caught:
        MockAsynctionSocketIO.from_spec(changed(**message))
    (problem,) = caught.value.diagnostics
    assert problem.pointer == f"/channels/~1/publish/message/{pointer}"
    assert words in problem.message


def test_hints_of_a_trait_have_the_place_of_their_message() -> None:
    """As they stand elsewhere."""
    with pytest.raises(SpecError) as caught:
        MockAsynctionSocketIO.from_spec(changed(traits=[{"x-mock": {"emit": "nothing"}}]))
    assert caught.value.diagnostics[0].pointer.endswith("/message")


def test_a_large_document_says_that_it_takes_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So that nobody takes it for stuck."""
    monkeypatch.setattr(scripts, "_QUIET_SECONDS", 0)
    MockAsynctionSocketIO.from_spec(DOCUMENT)
    assert "so far" in caplog.text


@pytest.mark.parametrize(
    "wrong", [{"fail_rate": 2}, {"interval": -1}, {"interval": float("nan")}, {"jitter": 2}], ids=str
)
def test_settings_out_of_range_are_refused(wrong: Any) -> None:
    """Before anything is served."""
    with pytest.raises(ValueError, match="must"):
        MockSettings(**wrong)


async def test_given_handlers_take_the_place_of_the_mocks() -> None:
    """Each by itself."""

    async def add(number: int) -> int:
        return number

    app = MockAsynctionSocketIO.from_spec(
        DOCUMENT, settings=MockSettings(interval=0), handlers={"/": {"add": add}}
    )
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert await client.call("add", 8, timeout=5) == 8
            assert await client.call("fixed", timeout=5) == "mine"


async def test_a_disconnect_handler_in_code_does_not_keep_the_mock_emitting() -> None:
    """What emits to a client ends with it, whoever is told that it left."""
    left: list[str] = []
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, handlers={"/": {"disconnect": left.append}})
    async with TestServer(app) as server, server.connect(query={"v": "1"}) as client:
        await client.receive("tick", timeout=5)
        before = asyncio.all_tasks()
        await client.disconnect()
        assert left
        await until(
            lambda: not any("_stream" in repr(one) for one in before if not one.done()),
            "the end of its tasks",
        )


async def test_schemas_that_share_their_branches_are_served_in_time() -> None:
    """Forty levels that each hold the next one twice: loaded, mocked and checked in less than a second."""
    schemas: dict[str, Any] = {
        f"s{n}": {"allOf": [{"$ref": f"#/components/schemas/s{n + 1}"}] * 2} for n in range(40)
    }
    schemas["s40"] = {"type": "string", "maxLength": 5}
    first = {"$ref": "#/components/schemas/s0"}
    document = changed(payload=first, **{"x-ack": {"args": first}}) | {"components": {"schemas": schemas}}
    started = time.process_time()
    app = MockAsynctionSocketIO.from_spec(document, settings=MockSettings(interval=0))
    with serve(app) as url:
        async with connected(url) as client:
            assert len(await client.call("e", "short")) <= 5
            refusal = await client.call("e", "longer")
    assert refusal["error"]["details"][0]["keyword"] == "maxLength"
    assert time.process_time() - started < 1
