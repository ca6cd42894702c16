"""The mock over the real wire: it answers and emits valid examples, and refuses as the server does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest
import socketio

from asynction_asgi import RefusedError, SpecError
from asynction_asgi.mock import MockAsynctionSocketIO, MockSettings, scripts
from asynction_asgi.mock.player import Player
from asynction_asgi.testing import ConnectError as InMemoryConnectError
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.clients import WAIT_SECONDS, ConnectError, connected
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
    """Acks and events are valid examples, sent without importing any handler."""
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, settings=MockSettings(seed=1, interval=0))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert 5 <= await client.call("add", 1, timeout=WAIT_SECONDS) <= 9
            assert await client.call("fixed", timeout=WAIT_SECONDS) == "mine"
            seen = {tuple(await client.receive(timeout=WAIT_SECONDS)) for _ in range(4)}
            assert seen == {("added", 77), ("tick", "t")}
            refusal = await client.call("add", "no", timeout=WAIT_SECONDS)
            assert refusal["error"]["code"] == "invalid_payload"


async def test_events_are_chosen_by_weight() -> None:
    """Only events with a positive weight are emitted at the interval of the settings."""
    document = changed()
    weights = {"often": 50, "never": 0}
    messages = [
        {"name": name, "payload": {"const": name}, "x-mock": {"weight": weight}}
        for name, weight in weights.items()
    ]
    document["channels"]["/"]["subscribe"] = {"message": {"oneOf": messages}}
    settings = MockSettings(seed=1, interval=0.01, jitter=0.01)
    with serve(MockAsynctionSocketIO.from_spec(document, settings=settings)) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(url, transports=["websocket"])
            assert {tuple(await client.receive(timeout=WAIT_SECONDS)) for _ in range(20)} == {
                ("often", "often")
            }


async def test_with_security_it_asks_for_credentials() -> None:
    """Credentials are checked by the document's functions, and only if the setting says so."""
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


async def test_rates_are_enforced() -> None:
    """As by the server itself; without security, clients of a rate by user are counted by connection."""
    rate = {"limit": 1, "per": 3600, "by": "user"}
    document = changed(**{"x-rate": rate, "x-ack": {"args": {"const": 7}}})
    document["channels"]["/"]["x-security"] = [{"key": []}]
    document["components"] = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    with serve(MockAsynctionSocketIO.from_spec(document)) as url:
        for _ in range(2):
            async with connected(url) as client:
                assert await client.call("e") == 7
                assert (await client.call("e"))["error"]["code"] == "rate_limited"


async def test_without_security_its_keys_have_no_effect() -> None:
    """Fresh credentials, scopes and a rate by user are nothing to a mock without security, which serves the events."""
    keys = {"x-reauth": True, "x-scopes": ["write"], "x-rate": {"limit": 9, "per": 60, "by": "user"}}
    document = changed(**keys, payload={"type": "string"}, **{"x-ack": {"args": {"const": 7}}})
    document["channels"]["/"] |= {"x-security": [{"key": []}], "x-scopes": ["read"]}
    document["components"] = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    with serve(MockAsynctionSocketIO.from_spec(document)) as url:
        async with connected(url) as client:
            assert await client.call("e", "fresh") == 7
            assert (await client.call("e", 1))["error"]["code"] == "invalid_payload"


async def test_acks_from_clients_are_checked(caplog: pytest.LogCaptureFixture) -> None:
    """The mock asks clients for acks, and logs an invalid answer."""
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


async def test_an_invalid_handshake_is_refused() -> None:
    """The mock refuses a client that the real server would refuse."""
    with serve(MockAsynctionSocketIO.from_spec(DOCUMENT)) as url:
        client = socketio.AsyncClient(reconnection=False)
        refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on("connect_error", refused.set_result)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(url, transports=["websocket"])
        assert (await refused)["data"]["code"] == "invalid_handshake"
        await client.shutdown()


async def test_the_fail_rate_refuses_events() -> None:
    """With a fail rate of 1 each event is refused as unavailable."""
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, settings=MockSettings(interval=0, fail_rate=1))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert (await client.call("add", 1, timeout=WAIT_SECONDS))["error"]["code"] == "unavailable"


async def answers(seed: int | None, **settings: Any) -> list[Any]:
    """Return three acks for one client, from a document whose texts come from Faker."""
    fields = {"who": {"type": "string", "format": "name"}, "city": {"type": "string"}}
    schema = {"type": "object", "required": [*fields], "properties": fields}
    document = changed(**{"x-ack": {"args": schema}})
    app = MockAsynctionSocketIO.from_spec(document, settings=MockSettings(seed=seed, interval=0, **settings))
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(url, transports=["websocket"])
            return [await client.call("e", 1, timeout=WAIT_SECONDS) for _ in range(3)]


async def test_the_seed_determines_all_answers() -> None:
    """Equal seeds give equal answers; another seed or locale gives different answers."""
    first = await answers(1)
    assert first == await answers(1)
    assert first != await answers(2)
    assert all(" " in answer["who"] for answer in first)
    assert first != await answers(1, locale="ja_JP")


@each_case(
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
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_impossible_mock_is_refused_at_start_up(message: dict[str, Any], pointer: str, words: str) -> None:
    """The diagnostic has the place in the document and the reason."""
    with pytest.raises(SpecError) as caught:
        MockAsynctionSocketIO.from_spec(changed(**message))
    (problem,) = caught.value.diagnostics
    assert problem.pointer == f"/channels/~1/publish/message/{pointer}"
    assert words in problem.message


def test_hints_of_a_trait_point_to_the_message() -> None:
    """A wrong hint in a trait is reported at the message that uses the trait."""
    with pytest.raises(SpecError) as caught:
        MockAsynctionSocketIO.from_spec(changed(traits=[{"x-mock": {"emit": "nothing"}}]))
    assert caught.value.diagnostics[0].pointer.endswith("/message")


def test_progress_is_logged_for_a_large_document(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A long preparation logs its progress."""
    monkeypatch.setattr(scripts, "_QUIET_SECONDS", 0)
    MockAsynctionSocketIO.from_spec(DOCUMENT)
    assert "so far" in caplog.text


@pytest.mark.parametrize(
    "wrong", [{"fail_rate": 2}, {"interval": -1}, {"interval": float("nan")}, {"jitter": 2}], ids=str
)
def test_settings_out_of_range_are_refused(wrong: Any) -> None:
    """Settings out of range raise at construction."""
    with pytest.raises(ValueError, match="must"):
        MockSettings(**wrong)


async def test_handlers_replace_mocks_one_by_one() -> None:
    """An event with a handler is answered by it, and the other events stay mocked."""

    async def add(number: int) -> int:
        return number

    app = MockAsynctionSocketIO.from_spec(
        DOCUMENT, settings=MockSettings(interval=0), handlers={"/": {"add": add}}
    )
    with serve(app) as url:
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(f"{url}?v=1", transports=["websocket"])
            assert await client.call("add", 8, timeout=WAIT_SECONDS) == 8
            assert await client.call("fixed", timeout=WAIT_SECONDS) == "mine"


async def test_the_mock_stops_emitting_after_a_disconnect() -> None:
    """The tasks that emit to a client end with it, even if a handler replaces disconnect."""
    left: list[str] = []
    app = MockAsynctionSocketIO.from_spec(DOCUMENT, handlers={"/": {"disconnect": left.append}})
    async with TestServer(app) as server, server.connect(query={"v": "1"}) as client:
        await client.receive("tick", timeout=WAIT_SECONDS)
        before = asyncio.all_tasks()
        await client.disconnect()
        assert left
        await until(
            lambda: not any("_stream" in repr(task) for task in before if not task.done()),
            "the end of its tasks",
        )


async def test_a_failing_emit_does_not_end_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next event is emitted."""
    app = MockAsynctionSocketIO.from_spec(DOCUMENT)
    tried = 0

    @app.around_emit
    async def fail_first(emission: Any, proceed: Any) -> Any:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise RuntimeError("no bell")
        return await proceed()

    async with TestServer(app) as server, server.connect(query={"v": "1"}) as client:
        await client.receive("tick", timeout=WAIT_SECONDS)
    assert "the mock can't emit 'tick'" in caplog.text
    assert "no bell" in caplog.text


async def test_nothing_is_kept_of_refused_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook may refuse a client after the mock began to emit to it; no disconnect follows."""
    players: list[Player] = []

    class Kept(Player):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            players.append(self)

    monkeypatch.setattr("asynction_asgi.mock.serve.Player", Kept)
    app = MockAsynctionSocketIO.from_spec(DOCUMENT)

    @app.around("/", "connect")
    async def refuse(call: Any, proceed: Any) -> None:
        await proceed()
        raise RefusedError("forbidden", "no")

    async with TestServer(app) as server:
        for _ in range(3):
            with pytest.raises(InMemoryConnectError):
                async with server.connect(query={"v": "1"}):
                    pass
        await until(lambda: not any(player._tasks for player in players), "the end of the tasks")
    assert players


async def test_schemas_with_shared_branches_are_served_in_time() -> None:
    """Forty levels that each use the next one twice do not take exponential time."""
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
