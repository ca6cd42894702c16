"""Connections, events and acks of the engine over the wire."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import socketio
from socketio import packet as sio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from asynction_asgi.engine import (
    ConnectionRefusedError,  # noqa: A004  # upstream's
    DisconnectedError,
    Limits,
    TimeoutError,  # noqa: A004  # upstream's
    UnencodableError,
    create_server,
)
from asynction_asgi.errors import NoAnswerError, RefusedError, Violation
from tests.cases import each_case
from tests.protocols import LONG_WAY, SHORT_WAY

from .stage import SECONDS, Script, Stage, payload, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

BOTH = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])


@BOTH
async def test_events_and_acks(ws: str) -> None:
    """Every form of event reaches the endpoint, and an ack id is answered once with the same id."""
    async with serve(ws=ws) as stage, stage.client("/chat", {"token": "x"}) as client:
        assert await client.ask('42/chat,7["a",1,{"b":"ż"}]') == [1, {"b": "ż"}]
        await client.send('451-/chat,0["a",{"_placeholder":true,"num":0}]', b"x")
        assert [await client.receive(), await client.receive()] == [
            '461-/chat,0[{"_placeholder":true,"num":0}]',
            b"x",
        ]
        await client.send('42/chat,["no ack"]', '42/chat,9["b"]')
        assert await client.receive() == "43/chat,9[]"
    await until(lambda: ("disconnect", "/chat", "transport close") in stage.script.told)
    assert stage.script.told[:5] == [
        ("connect", "/chat", {"token": "x"}),
        ("a", 1, {"b": "ż"}),
        ("a", b"x"),
        ("no ack",),
        ("b",),
    ]
    await stage.emptied()


async def refuse(peer: Peer[Any], *arguments: Any) -> Sequence[Any]:
    violation = Violation(pointer="/0", keyword="type", message="must be a string")
    raise RefusedError("invalid_payload", "not so", details=[violation])


async def test_a_refusal_is_an_ack_or_an_event() -> None:
    """With an ack id the refusal is the ack's single argument, without one it is the event `exception`."""
    async with serve() as stage, stage.client() as client:
        stage.script.handlers["bad"] = refuse
        error = {
            "code": "invalid_payload",
            "message": "not so",
            "details": [{"pointer": "/0", "keyword": "type", "message": "must be a string"}],
        }
        assert await client.ask('420["bad"]') == [{"error": error}]
        assert await client.ask('42["bad"]') == ["exception", {"error": error, "event": "bad"}]


@pytest.mark.parametrize(
    "name", sorted(["connect", "disconnect", "connect_error", "disconnecting", "newListener", "*"])
)
async def test_lifecycle_events_cannot_be_forged(name: str) -> None:
    """A client's event with a reserved name is refused and runs no handler."""
    async with serve() as stage, stage.client() as client:
        assert (await client.ask(f'421["{name}",{{"REMOTE_ADDR":"forged"}}]'))[0]["error"][
            "code"
        ] == "reserved_event"
        assert stage.script.told == [("connect", "/", None)]


async def crash(peer: Peer[Any], *arguments: Any) -> Sequence[Any]:
    raise ZeroDivisionError("internal detail")


async def answer_a_set(peer: Peer[Any], *arguments: Any) -> Sequence[Any]:
    return [{1, 2}]


async def answer_nothing(peer: Peer[Any], *arguments: Any) -> Any:
    return None


@pytest.mark.parametrize("handler", [crash, answer_nothing])
async def test_a_crash_is_logged_once_without_leaking(handler: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a reference, the log has the traceback with it, and the connection stays open."""
    async with serve() as stage, stage.client() as client:
        stage.script.handlers["crash"] = handler
        error = (await client.ask('421["crash"]'))[0]["error"]
        assert error["code"] == "internal_error"
        assert "detail" not in json.dumps(error)
        assert [error["ref"] in record.getMessage() for record in caplog.records] == [True]
        assert caplog.records[0].exc_info is not None
        assert await client.ask('422["echo",1]') == [1]


async def test_an_unencodable_answer_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a reference, and the log says with it what to change, without a traceback."""
    async with serve() as stage, stage.client() as client:
        stage.script.handlers["crash"] = answer_a_set
        error = (await client.ask('421["crash"]'))[0]["error"]
        assert error["code"] == "internal_error"
        (record,) = caplog.records
        assert error["ref"] in record.getMessage()
        assert "a set" in record.getMessage()
        assert record.exc_info is None
        assert await client.ask('422["echo",1]') == [1]


async def test_a_cancelled_handler_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that cancels itself, or awaits something cancelled, is answered with `unavailable`."""

    async def cancelled(peer: Peer[Any]) -> Sequence[Any]:
        raise asyncio.CancelledError

    async def cancels_itself(peer: Peer[Any]) -> Sequence[Any]:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return []

    async with serve() as stage, stage.client() as client:
        stage.script.handlers.update(a=cancelled, b=cancels_itself)
        stage.script.orderings = {"a": "serial", "b": "serial", "echo": "serial"}
        for name in ("a", "b"):
            await client.send(f'421["{name}"]', '422["echo"]')
            assert payload(await client.receive())[0]["error"]["code"] == "unavailable"
            assert await client.receive() == "432[]"
    assert not caplog.records


async def test_a_refused_connection() -> None:
    """The refusal is the data of CONNECT_ERROR, nothing is stored, and the client may try again."""

    async def admit(peer: Peer[Any], auth: Any) -> None:
        if auth == {"let": "me"}:
            return
        if auth == {"upstream": 1}:
            raise ConnectionRefusedError("no", {"why": 1})
        if auth == {"crash": 1}:
            raise TypeError("internal detail")
        raise RefusedError("unauthorized", "who are you")

    async with serve() as stage, stage.websocket() as client:
        stage.script.on_connect = admit
        assert await client.ask("40") == {
            "message": "who are you",
            "data": {"code": "unauthorized", "message": "who are you"},
        }
        assert await client.ask('40/chat,{"upstream":1}') == {"message": "no", "data": {"why": 1}}
        answer = await client.ask('40{"crash":1}')
        assert answer["data"]["code"] == "internal_error"
        assert "detail" not in json.dumps(answer)
        assert stage.holdings["members"] == stage.holdings["rooms"] == 0
        await client.join(auth={"let": "me"})
        assert [entry[0] for entry in stage.script.told] == ["connect"] * 4


async def test_an_unknown_namespace() -> None:
    """An unknown namespace is refused in the form that every client expects."""
    async with serve() as stage, stage.websocket() as client:
        await client.send("40/nope,")
        assert await client.receive() == '44/nope,{"message":"Invalid namespace"}'
        assert not stage.script.told


async def test_a_pending_client_receives_nothing() -> None:
    """Broadcasts skip a pending client; events sent to it alone wait for the decision, or are dropped."""
    decide: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def admit(peer: Peer[Any], auth: Any) -> None:
        await stage.server.enter_room(peer.sid, "room", peer.namespace)
        await stage.server.emit("direct", auth, to=peer.sid, namespace=peer.namespace)
        if not await decide:
            raise RefusedError("forbidden")

    async with serve() as stage, stage.websocket() as client, stage.websocket() as other:
        stage.script.on_connect = admit
        await client.send('40{"n":1}')
        await until(lambda: stage.holdings["members"] == 1)
        for room in (None, "room"):
            await stage.server.emit("news", 1, room=room)
        await client.send('421["early"]')
        decide.set_result(True)
        assert (await client.receive()).startswith('40{"sid"')
        assert await client.receive() == '42["direct",{"n":1}]'
        assert await client.receive() == "431[]"
        decide = asyncio.get_running_loop().create_future()
        decide.set_result(False)
        assert (await other.ask('40{"n":2}'))["data"]["code"] == "forbidden"
        await stage.server.emit("news", 2)
        assert await client.receive() == '42["news",2]'
        assert await other.ask("40/nope,") == {"message": "Invalid namespace"}  # and nothing before it


async def test_a_connect_handler_outlives_a_vanished_client() -> None:
    """The connect handler is not cancelled; the disconnect handler runs after it, with the reason."""
    proceed = asyncio.Event()

    async def wait(peer: Peer[Any], auth: Any) -> None:
        await proceed.wait()
        stage.script.told.append(("end of connect",))

    async with serve() as stage:
        stage.script.on_connect = wait
        async with stage.websocket() as client:
            await client.send("40", '42["early"]')
            await until(lambda: stage.script.told)
        await until(lambda: not stage.server.manager.is_pre_connected(only(stage), "/"))
        proceed.set()
        await stage.emptied()
        assert stage.script.told == [
            ("connect", "/", None),
            ("end of connect",),
            ("disconnect", "/", "transport close"),
        ]


def only(stage: Stage) -> str:
    """Return the sid of the only client."""
    (sid,) = stage.server.manager.members["/"]
    return sid


async def test_no_request_waits_for_a_hanging_connect_handler() -> None:
    """A hanging connect handler counts as a namespace of its connection, and a shutdown cancels it."""

    async def hang(peer: Peer[Any], auth: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stage.script.told.append(("cancelled",))

    async with serve(limits=Limits(namespaces=1)) as stage:
        stage.script.on_connect = hang
        async with stage.websocket() as client:
            await client.send("40")
            await until(lambda: stage.script.told)
            (socket,) = stage.server.eio.sockets.values()
            connection = socket.connection
            await client.send("41", "40/chat,")
            assert "rate_limited" in str(await client.receive())
        await until(lambda: socket.closed, "the request ends")
        assert stage.script.told == [("connect", "/", None)]
        await stage.server.shutdown(0.01)
        assert stage.script.told == [("connect", "/", None), ("cancelled",)]
        assert stage.server.manager.members == {}
        assert connection.parting == 0


async def test_refusing_a_vanished_client_runs_no_disconnect() -> None:
    """If the connect handler refuses a client that has left, no disconnect handler runs."""
    proceed = asyncio.Event()

    async def refuse_later(peer: Peer[Any], auth: Any) -> None:
        await proceed.wait()
        raise RefusedError("forbidden")

    async with serve() as stage:
        stage.script.on_connect = refuse_later
        async with stage.websocket() as client:
            await client.send("40")
            await until(lambda: stage.script.told)
        proceed.set()
        await stage.emptied()
        assert stage.script.told == [("connect", "/", None)]


async def test_leaving_before_connect_begins_runs_no_handler() -> None:
    """CONNECT and DISCONNECT in one polling request run no handler."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40", "41", "40/chat,")
        assert any(packet.startswith("40/chat,") for packet in await client.poll())
        assert [entry for entry in stage.script.told if entry[1] == "/"] == []


async def test_a_call_while_connecting_fails_on_leaving() -> None:
    """A call in a connect handler raises when its client leaves, as no answer can come."""
    errors: list[BaseException] = []

    async def ask(peer: Peer[Any], auth: Any) -> None:
        try:
            await stage.server.call("question", to=peer.sid, namespace="/")
        except DisconnectedError as error:
            errors.append(error)

    async with serve() as stage:
        stage.script.on_connect = ask
        async with stage.websocket() as client:
            await client.send("40")
            await until(lambda: stage.script.told)
        await stage.emptied()
        assert len(errors) == 1
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_a_connect_handler_may_disconnect_its_client() -> None:
    """The client gets the events emitted before and after the disconnect, and its own are not handled."""

    async def send_away(peer: Peer[Any], auth: Any) -> None:
        await stage.server.emit("sorry", 1, to=peer.sid)
        await stage.server.disconnect(peer.sid)
        await stage.server.emit("bye", 2, to=peer.sid)

    async with serve() as stage, stage.websocket() as client:
        stage.script.on_connect = send_away
        await client.send("40", '421["early"]')
        received = [await client.receive() for _ in range(4)]
        assert received[0].startswith("40{")
        assert received[1:] == ['42["sorry",1]', '42["bye",2]', "41"]
        await until(lambda: len(stage.script.told) == 2)
        assert stage.script.told == [("connect", "/", None), ("disconnect", "/", "server disconnect")]


async def test_disconnecting_a_pending_client_waits_for_its_handler() -> None:
    """Disconnecting a pending client neither cancels its connect handler nor waits for it."""
    proceed = asyncio.Event()

    async def wait(peer: Peer[Any], auth: Any) -> None:
        await proceed.wait()

    async with serve() as stage, stage.websocket() as client:
        stage.script.on_connect = wait
        await client.send("40")
        await until(lambda: stage.script.told)
        await stage.server.disconnect(only(stage))
        proceed.set()
        assert (await client.receive()).startswith("40{")
        assert await client.receive() == "41"
        await until(lambda: len(stage.script.told) == 2)
        assert stage.script.told[1] == ("disconnect", "/", "server disconnect")


class NeverReady(socketio.AsyncManager):  # type: ignore[misc]  # python-socketio is untyped
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def initialize(self) -> None:
        raise self.error


class Unusual(BaseException):
    """What only a handler for everything catches."""


@BOTH
@pytest.mark.parametrize("kind", [OSError, Unusual])
async def test_a_client_is_refused_by_a_manager_that_cannot_start(
    ws: str, kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """An error while a connection is registered refuses its client and is logged, and nothing is kept of it."""
    async with serve(ws=ws, client_manager=NeverReady(kind("no queue"))) as stage:
        url = stage.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        with pytest.raises(InvalidStatus):
            await connect(url, proxy=None)
        assert not stage.server.eio.sockets
        assert not stage.server.environ
    assert "connect handler error" in caplog.text
    assert "no queue" in caplog.text


async def test_another_handler_of_the_transport_is_called() -> None:
    """A handler that replaces the server's own decides who connects, as it does in python-engineio."""
    async with serve() as stage:
        seen: list[str] = []

        def refuse_all(sid: str, _environ: Any) -> bool:
            seen.append(sid)
            return False

        stage.server.eio.on("connect", refuse_all)
        url = stage.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        with pytest.raises(InvalidStatus):
            await connect(url, proxy=None)
        assert len(seen) == 1


async def test_a_client_may_leave_and_connect_again() -> None:
    """A DISCONNECT is handled once, the next CONNECT makes a new peer, and late packets are ignored."""
    async with serve() as stage, stage.client() as client, stage.client():
        first = client.sid
        await client.send("41", "40", '421["late"]')
        assert json.loads((await client.receive())[2:])["sid"] != first
        await until(lambda: ("disconnect", "/", "client disconnect") in stage.script.told)
        assert await client.receive() == "431[]"
        await stage.server.disconnect(stage.script.peers[-1].sid)
        assert await client.receive() == "41"
        await client.send('422["late"]')
        assert (await client.ask("40/nope,"))["message"] == "Invalid namespace"
        assert stage.script.told.count(("disconnect", "/", "server disconnect")) == 1


@pytest.mark.parametrize(
    "messages",
    [
        ['42["early"]'],
        ["43[]"],
        ["41"],
        ["40", "2nope"],
        ["40", "4"],
        ["40", "48"],
        ["40", "42{}"],
        ["40", b"x"],
        ["40", '451-["a",{"_placeholder":true,"num":0}]', '42["b"]'],
        ["40", '45999999999-["a"]'],
        ["40", "7"],
        [""],
        ["40", '451-["a"]', b"x"],
        ["40", "44{}"],
        ["40", '42["a",NaN]'],
        ["40", "2probe"],
        ["40", "0"],
    ],
    ids=str,
)
@BOTH
async def test_a_malformed_packet_closes_the_connection(
    messages: list[str | bytes], ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The disconnect handlers run, nothing stays stored, and nothing is logged."""
    async with serve(ws=ws) as stage, stage.client("/chat") as bystander, stage.websocket() as client:
        await client.send(*messages)
        assert await client.closed() == 1002
        assert await bystander.ask('42/chat,1["echo",2]') == [2]
        if messages[0] == "40":
            await until(lambda: ("disconnect", "/", "parse error") in stage.script.told)
        await until(lambda: stage.holdings["sockets"] == 1)
        assert stage.holdings["members"] == 1
    assert not caplog.records


async def test_a_call_ends_in_every_case() -> None:
    """An answer, a timeout, or an absent or leaving client ends a call at once, and nothing leaks."""
    async with serve(limits=Limits(pending_acks=3)) as stage, stage.client() as client:
        call = stage.server.call
        for answer, result in (("[]", None), ("[1]", 1), ('[1,"b"]', (1, "b"))):
            task = asyncio.ensure_future(call("q", 1, to=client.sid))
            number = (await client.receive())[2:].partition("[")[0]
            await client.send("430[]", f"43{number}{answer}", f"43{number}[0]", "4399999[]")
            assert await task == result
        with pytest.raises(TimeoutError):
            await call("q", to=client.sid, timeout=0.01)
        with pytest.raises(DisconnectedError):
            await call("q", to="nobody")
        with pytest.raises(ValueError, match="broadcast"):
            await call("q")
        with pytest.raises(UnencodableError):
            await call("q", float("nan"), to=client.sid)
        member = stage.server.manager.find(client.sid, "/")
        assert member is not None
        assert not member.callbacks
        for _ in range(5):
            await stage.server.emit("q", to=client.sid, callback=print)
        assert len(member.callbacks or ()) == 3
        left = asyncio.ensure_future(call("q", to=client.sid))
        await until(lambda: member.last_ack == 10)
        await client.raw.close()
        with pytest.raises(DisconnectedError):
            await left


async def test_a_displaced_call_fails_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond `pending_acks` a client's oldest call fails, ids are not reused, and others are unaffected."""
    async with (
        serve(limits=Limits(pending_acks=3)) as stage,
        stage.client() as client,
        stage.client() as answering,
    ):
        manager = stage.server.manager
        calls: list[asyncio.Future[Any]] = []
        for number in range(4):
            calls.append(
                asyncio.ensure_future(
                    stage.server.request("q", number, to=client.sid, namespace="/", timeout=None)
                )
            )
            assert await client.receive() == f'42{number + 1}["q",{number}]'
        with pytest.raises(NoAnswerError, match="pending_acks") as displaced:
            await calls[0]
        assert displaced.value.displaced
        answered = asyncio.ensure_future(stage.server.call("q", to=answering.sid))
        assert await answering.receive() == '421["q"]'
        await answering.send('431["fine"]')
        assert await answered == "fine"
        await client.send('431["late"]', '434["last"]')
        assert await calls[3] == ("last",)
        for number in range(3):  # the third displaces a call
            await stage.server.emit("q", to=client.sid, callback=print)
            assert (await client.receive()).startswith(f"42{number + 5}[")
        with pytest.raises(NoAnswerError):
            await calls[1]
        for _ in range(5):  # a callback has no caller to raise at, so the log says it at intervals
            await stage.server.emit("q", to=client.sid, callback=print)
        member = manager.find(client.sid, "/")
        assert member is not None
        assert len(member.callbacks or ()) == 3
        with pytest.raises(NoAnswerError):
            await calls[2]
    assert [record.getMessage() for record in caplog.records] == [
        "a callback was forgotten: its client leaves more than pending_acks unanswered"
    ]


async def test_a_handler_may_call_its_own_client() -> None:
    """In serial order too, an ack does not wait for the handler that waits for it."""

    async def ask(peer: Peer[Any], question: str) -> Sequence[Any]:
        return [await stage.server.call("q", question, to=peer.sid, timeout=SECONDS)]

    async with serve(ordering="serial") as stage, stage.client() as client:
        stage.script.handlers["ask"] = ask
        assert await client.ask('42100["ask","?"]') == ["q", "?"]
        await client.send('431["!"]')
        assert await client.receive() == '43100["!"]'


async def test_callbacks_of_emits(caplog: pytest.LogCaptureFixture) -> None:
    """Plain and coroutine functions receive the ack's arguments, and a failing one is only logged."""
    acks: list[Any] = []

    async def later(*arguments: Any) -> None:
        acks.append(("later", *arguments))

    async def fails(*_: Any) -> None:
        raise ValueError("late bug")

    def bug(*_: Any) -> None:
        raise ValueError("bug")

    async with serve() as stage, stage.client() as client:
        for number, callback in enumerate((lambda *a: acks.append(a), later, bug, fails), start=1):
            await stage.server.emit("q", to=client.sid, callback=callback)
            assert await client.receive() == f'42{number}["q"]'
            await client.send(f"43{number}[{number}]")
        assert await client.ask('429["echo",1]') == [1]
        await until(lambda: len(caplog.records) == 2)
    assert acks == [(1,), ("later", 2)]
    assert all("failed" in record.getMessage() for record in caplog.records)


async def test_sessions_belong_to_a_peer() -> None:
    """A session is still readable in the disconnect handler, and ends with the peer."""
    sessions: list[Any] = []

    async def last(peer: Peer[Any], reason: str) -> None:
        sessions.append(await stage.server.get_session(peer.sid))

    async with serve() as stage:
        stage.script.on_disconnect = last
        async with stage.client() as client:
            async with stage.server.session(client.sid) as session:
                session["user"] = "ada"
            assert await stage.server.get_session(client.sid) == {"user": "ada"}
            await stage.server.save_session(client.sid, {"user": "eve"})
        await stage.emptied()
        assert sessions == [{"user": "eve"}]
        with pytest.raises(KeyError):
            await stage.server.get_session(client.sid)


async def test_a_failing_disconnect_handler_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A failing disconnect handler is logged, and the peer is removed nevertheless."""

    async def fail(peer: Peer[Any], reason: str) -> None:
        raise ValueError("bug")

    async with serve() as stage:
        stage.script.on_disconnect = fail
        async with stage.client():
            pass
        await stage.emptied()
    assert ["disconnect handler" in record.getMessage() for record in caplog.records] == [True]


async def test_limits_on_one_connection() -> None:
    """Excess namespaces and events are refused, and the connection stays usable."""
    script = Script()
    script.namespaces = {"/", "/a", "/b"}
    async with (
        serve(script, limits=Limits(namespaces=2, events_per_second=3)) as stage,
        stage.client() as client,
    ):
        await client.join("/a")
        assert (await client.ask("40/b,"))["data"]["code"] == "rate_limited"
        codes = [await client.ask(f'42{number}["echo"]') for number in range(5)]
        assert codes[:3] == [[], [], []]
        assert codes[4][0]["error"]["code"] == "rate_limited"


@pytest.mark.parametrize(
    ("event", "option", "reaches"),
    [("within", {}, True), ("beyond", {}, False), ("within", {"json": json}, False)],
    ids=["within the limit", "beyond the limit", "another decoder"],
)
async def test_the_endpoint_may_bound_the_depth(event: str, option: dict[str, Any], *, reaches: bool) -> None:
    """A deep event reaches an endpoint that will refuse it, if the decoder has a limit, too; it closes either way."""
    script = Script()
    script.depths = {"within": 8, "beyond": 9}

    async def refuse(peer: Peer[Any], *arguments: Any) -> Sequence[Any]:
        peer.sender.check_depth(arguments)
        return []

    script.handlers[event] = refuse
    async with serve(script, limits=Limits(json_depth=8), **option) as stage, stage.client() as client:
        assert await client.ask(f'421["{event}",{"0," * 20}[[]]]') == []
        script.told.clear()
        await client.send(f'42["{event}",{"[" * 20}{"]" * 20}]')
        assert await client.closed() == 1002
    assert [name for name, *_ in script.told if name == event] == [event] * reaches


async def test_short_lived_namespaces_count_towards_the_limit() -> None:
    """Namespaces left in the same request, or with a running connect handler, count towards the limit."""
    script, proceed = Script(), asyncio.Event()

    async def admit(peer: Peer[Any], auth: Any) -> None:
        await proceed.wait()

    script.on_connect = admit
    async with serve(script, limits=Limits(namespaces=3)) as stage, stage.polling() as client:
        await client.post(*["40", "41"] * 12)
        answers = await client.poll()
        assert len(answers) == 9
        assert all('"rate_limited"' in answer for answer in answers)
        await until(lambda: not stage.server.tasks.running)
        for number in range(1, 4):
            await client.post("40")
            await until(lambda number=number: len(script.told) == number)  # type: ignore[misc]
            await client.post("41")
        await client.post("40")
        assert '"rate_limited"' in (await client.poll())[-1]
        proceed.set()
        await until(lambda: not stage.server.tasks.running)
        await client.post("40")
        assert (await client.poll())[-1].startswith("40{")


async def test_waiting_data_is_limited_by_its_size() -> None:
    """Attachments of a packet, queued events and events before the connect decision are limited in bytes."""
    gate = asyncio.Event()

    async def hang(peer: Peer[Any], *_: Any) -> Any:
        await gate.wait()
        return []

    limits = Limits(attachment_bytes=250, backlog_bytes=250, handlers=1, drain_seconds=0.01)
    async with serve(limits=limits) as stage:
        async with stage.client() as client:
            hole = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(3))
            await client.send(f'453-["a",{hole}]', b"x" * 50, b"x" * 200, b"x")
            assert await client.closed() == 1009
        stage.script.handlers["hang"] = hang
        async with stage.client() as client:
            await client.send(*['42["hang"]'] * 2, f'42["a","{"x" * 300}"]')
            await until(lambda: any(socket.paused for socket in stage.server.eio.sockets.values()))
            gate.set()
            assert await client.ask('421["b",1]') == [1]
        await stage.emptied()
        decide = asyncio.Event()

        async def admit(peer: Peer[Any], auth: Any) -> None:
            await decide.wait()

        stage.script.on_connect = admit
        async with stage.websocket() as client:
            await client.send("40", f'42["a","{"x" * 300}"]', '42["b"]')
            assert await client.closed() == 1002
        decide.set()
        await stage.emptied()


async def test_a_connection_without_a_namespace_is_closed() -> None:
    """A connection that never joined a namespace, was refused or left its last one is closed."""
    async with serve(limits=Limits(connect_seconds=3)) as stage:
        async with stage.websocket() as client, stage.websocket() as refused:
            await refused.send("40/nope,")
            await client.closed()
            await refused.closed()
        async with stage.client() as client:
            await client.send("41")
            await client.closed()
        await stage.emptied()


async def test_shutdown_cancels_hanging_disconnect_handlers() -> None:
    """Hanging disconnect handlers are cancelled, also of clients that had left, and nothing stays stored."""
    namespaces: list[str] = []

    async def hang(peer: Peer[Any], reason: str) -> None:
        namespaces.append(peer.namespace)
        await asyncio.Event().wait()

    script = Script()
    script.on_disconnect = hang
    server = create_server(script)
    async with serve_app(server.app) as url:
        stage = Stage(url, server, script)
        async with stage.client():
            pass
        async with stage.client("/chat") as client:
            await client.send("41/chat")
            await until(lambda: len(namespaces) == 2)
        await until(lambda: all(socket.closing for socket in server.eio.sockets.values()))
        await server.shutdown(0.05)
        assert not any(stage.holdings.values())


async def test_shutdown_runs_disconnect_despite_slow_handlers() -> None:
    """Events of slow handlers lose their drain time, and the disconnect handler still runs."""
    script, started = Script(), asyncio.Event()

    async def hang(peer: Peer[Any]) -> Any:
        started.set()
        await asyncio.Event().wait()

    async def leave(peer: Peer[Any], reason: str) -> None:
        for _ in range(5):  # let other tasks run
            await asyncio.sleep(0)

    script.handlers["hang"], script.on_disconnect = hang, leave
    server = create_server(script, limits=Limits(handlers=1, drain_seconds=60.0))
    async with serve_app(server.app) as url:
        stage = Stage(url, server, script)
        async with stage.client() as client:
            await client.send('42["hang"]', '42["hang"]')
            await started.wait()
            await server.shutdown(0.05)
        assert [entry[0] for entry in script.told] == ["connect", "hang", "disconnect"]
        assert not any(stage.holdings.values())


async def test_shutdown_is_bounded_and_runs_disconnect_handlers(caplog: pytest.LogCaptureFixture) -> None:
    """Clients are closed, disconnect handlers run, a hanging handler is cancelled, and requests get 503."""

    async def hang(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await asyncio.Event().wait()
        return []

    async with (
        serve() as stage,
        stage.client() as client,
        stage.client() as idle,
        stage.polling() as polling,
    ):
        stage.script.handlers["hang"] = hang
        await client.send('42["hang"]')
        await until(lambda: ("hang",) in stage.script.told)
        poll = asyncio.ensure_future(polling.poll())
        await until(lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()))
        before = asyncio.get_running_loop().time()
        await stage.server.shutdown(0.1)
        assert asyncio.get_running_loop().time() - before < 20
        assert await poll == ["6"]
        assert await client.closed() == 1012
        assert await idle.closed() == 1012
        assert stage.script.told.count(("disconnect", "/", "server shutting down")) == 2
        await stage.emptied()
        assert (await polling.get()).status_code == 503
    assert ["did not end in time" in record.getMessage() for record in caplog.records] == [True]


async def test_the_server_itself_accepts_namespaces() -> None:
    """A namespace outside the contract is served by handlers in python-socketio's style."""
    script = Script()
    calls: list[Any] = []
    async with serve(script) as stage:
        sio_server = stage.server

        async def on_connect(sid: str, environ: dict[str, Any], auth: Any = None) -> bool | None:
            calls.append(auth)
            if auth == {"crash": 1}:
                raise TypeError("not the signature")
            return False if auth == {"refuse": 1} else None

        def add(sid: str, a: int, b: int) -> tuple[int, str]:
            return a + b, "done"

        sio_server.on("connect", on_connect, namespace="/own")
        sio_server.on("add", add, namespace="/own")

        class Classy(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio is untyped
            def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
                calls.append("classy")

            async def on_hello(self, sid: str) -> None:
                calls.append("hello")

            async def on_disconnect(self, sid: str, reason: str) -> None:
                calls.append(reason)

        sio_server.register_namespace(Classy("/classy"))
        async with stage.websocket() as client:
            assert (await client.ask('40/own,{"refuse":1}'))["data"]["code"] == "forbidden"
            assert (await client.ask('40/own,{"crash":1}'))["data"]["code"] == "internal_error"
            await client.join("/own", {"a": 1})
            assert await client.ask('42/own,1["add",1,2]') == [3, "done"]
            assert (await client.ask('42/own,2["nope"]'))[0]["error"]["code"] == "unknown_event"
            await client.join("/classy")
            assert await client.ask('42/classy,3["hello"]') == []
        await stage.emptied()
        assert calls == [{"refuse": 1}, {"crash": 1}, {"a": 1}, "classy", "hello", "transport close"]
        assert not script.told


class Csv(sio.Packet):  # type: ignore[misc]  # python-socketio is untyped
    """A custom serializer that writes other brackets than JSON."""

    class json:  # noqa: N801  # upstream's name
        @staticmethod
        def dumps(value: Any, **_: Any) -> str:
            return (
                json.dumps(value, allow_nan=False, separators=(",", ":")).replace("[", "<").replace("]", ">")
            )

        @staticmethod
        def loads(text: str) -> Any:
            return json.loads(text.replace("<", "[").replace(">", "]"))


async def test_a_custom_serializer_is_served() -> None:
    """A user-supplied packet class, with attachments, is served under the same rules of shape."""
    async with serve(serializer=Csv) as stage:
        async with stage.client() as client:
            assert (await client.ask_raw('421<"a",1>')) == "431<1>"
            await client.send('451-2<"a",{"_placeholder":true,"num":0}>', b"x")
            assert [await client.receive(), await client.receive()] == [
                '461-2<{"_placeholder":true,"num":0}>',
                b"x",
            ]
            with pytest.raises(UnencodableError):
                await stage.server.emit("a", float("nan"))
            await client.send("42{}")
            await client.closed()
        await stage.emptied()


async def test_the_json_option_is_per_server() -> None:
    """Two servers in one process may use different JSON implementations."""

    class Shouting:
        loads = staticmethod(json.loads)

        @staticmethod
        def dumps(value: Any, **options: Any) -> str:
            return json.dumps(value, **options).upper()

    async with (
        serve(json=Shouting) as loud,
        serve() as plain,
        loud.websocket() as shouter,
        plain.client() as speaker,
    ):
        assert (await shouter.ask_raw("40")).startswith('40{"SID"')
        assert await shouter.ask_raw('421["echo","a"]') == '431["A"]'
        assert await speaker.ask('421["echo","a"]') == ["a"]


async def test_the_body_of_refusals_can_be_replaced() -> None:
    """`refusal_body` makes the body of acks, events and refused connections."""

    def body(error: RefusedError) -> Any:
        return {"failed": error.code}

    async def no(peer: Peer[Any], auth: Any) -> None:
        raise RefusedError("forbidden", "no")

    async with serve(refusal_body=body) as stage, stage.client() as client:
        stage.script.handlers["bad"] = refuse
        assert await client.ask('421["bad"]') == [{"failed": "invalid_payload"}]
        assert await client.ask('42["bad"]') == ["exception", {"failed": "invalid_payload", "event": "bad"}]
        stage.script.on_connect = no
        assert await client.ask("40/chat,") == {"message": "no", "data": {"failed": "forbidden"}}


async def _waits(*_: Any) -> str:
    return ""


@each_case(
    ("options", "error", "words"),
    [
        ({"async_mode": "tornado"}, ValueError, "async_mode"),
        ({"cors_allowed_origins": "*", "cors_credentials": True}, ValueError, "cors_credentials"),
        ({"message_queue": "redis://", "client_manager": object()}, ValueError, "either"),
        ({"client_manager": object()}, TypeError, "client_manager"),
        ({"ping_intervall": 1}, TypeError, "ping_interval"),
        ({"refusal_body": _waits}, TypeError, "refusal_body must be a plain function"),
        ({"refusal_body": {"error": 1}}, TypeError, "refusal_body takes a function"),
        ({"cookie": {"name": "io", "max-age": _waits}}, TypeError, "plain function"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_invalid_options_are_refused(options: Any, error: type[Exception], words: str) -> None:
    """The constructor raises an error that names the option."""
    with pytest.raises(error, match=words):
        create_server(Script(), **options)


async def test_packets_are_logged_only_on_request(caplog: pytest.LogCaptureFixture) -> None:
    """Upstream's log of every packet, with its data, is off by default, even at level INFO."""
    upstream = [logging.getLogger(name) for name in ("socketio.server", "engineio.server")]
    before = [logger.handlers[:] for logger in upstream]  # other tests may have created upstream's own server
    with caplog.at_level(logging.INFO):
        for option, logged in ((False, False), (True, True), (logging.getLogger("mine"), True)):
            caplog.clear()
            async with serve(logger=option) as stage, stage.client():
                await stage.server.emit("news", "secret")
            assert any("emitting" in record.getMessage() for record in caplog.records) is logged
    assert [logger.handlers for logger in upstream] == before


async def test_upstreams_asgi_application_works_on_top() -> None:
    """A server inside python-socketio's own ASGI class has the same protections."""
    server = create_server(Script())
    async with serve_app(socketio.ASGIApp(server)) as url:
        stage = Stage(url, server, Script())
        async with stage.client() as client:
            assert await client.ask('421["echo",1]') == [1]
        await stage.emptied()


@pytest.mark.parametrize(
    "name", ["/" + "n" * 512, "/a\nb", "/a\x00", "/\u2028"], ids=["long", "line", "nul", "separator"]
)
async def test_an_unusable_namespace_name_is_refused(name: str) -> None:
    """A name too long or with control characters is refused even if a dynamic namespace would admit it."""

    class Any_(Script):  # noqa: N801  # `Any` is taken
        def admits(self, namespace: str) -> bool:
            return True

    async with serve(Any_()) as stage, stage.client("/" + "n" * 511) as client:
        await client.send(f"40{name},")
        assert payload(await client.receive()) == {"message": "Invalid namespace"}
        assert len(stage.script.told) == 1


async def test_too_large_auth_is_refused() -> None:
    """Too large auth is refused with `payload_too_large`, and repeated refusals close the connection."""
    async with serve(limits=Limits(auth_bytes=100, refusals=3)) as stage, stage.websocket() as client:
        await client.join("/chat", {"token": "x" * 60})
        for _ in range(3):
            await client.send('40{"token":"' + "x" * 100 + '"}')
            assert payload(await client.receive())["data"]["code"] == "payload_too_large"
        await client.closed()
        await stage.emptied()
        assert [entry[:2] for entry in stage.script.told] == [
            ("connect", "/chat"),
            ("disconnect", "/chat"),
        ]


async def test_refused_namespaces_do_not_keep_a_connection_alive() -> None:
    """A refused CONNECT does not extend the time for joining a namespace."""
    async with serve(limits=Limits(connect_seconds=0.3)) as stage, stage.websocket() as client:

        async def keep_asking() -> None:
            for number in range(1000):
                await client.send(f"40/nowhere{number},")
                await client.receive()
                await asyncio.sleep(0.02)  # the pace of a client, not a wait

        with pytest.raises(ConnectionClosed):
            await keep_asking()
        await stage.emptied()
