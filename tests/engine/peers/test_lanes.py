"""The order in which the handlers of one client run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine import Limits
from asynction_asgi.errors import RefusedError
from tests.protocols import LONG_WAY, SHORT_WAY

from ..stage import SECONDS, Script, payload, serve, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

BOTH = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])


class Gates:
    """A handler that records its calls and returns once the test opens it."""

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.ended: list[Any] = []
        self.waiting: dict[Any, asyncio.Event] = {}

    async def __call__(self, peer: Peer[Any], name: Any) -> Sequence[Any]:
        self.started.append(name)
        self.waiting[name] = asyncio.Event()
        await self.waiting[name].wait()
        self.ended.append(name)
        return [name]

    def open(self, *names: Any) -> None:
        for name in names:
            self.waiting[name].set()


@BOTH
async def test_handlers_start_in_order_and_overlap(ws: str) -> None:
    """A handler starts while an earlier one awaits, and may be answered before it."""
    gates = Gates()
    async with serve(ws=ws) as stage, stage.client() as client:
        stage.script.handlers["wait"] = gates
        await client.send(*(f'42{number}["wait",{number}]' for number in range(5)))
        await until(lambda: len(gates.started) == 5)
        assert gates.started == [0, 1, 2, 3, 4]
        gates.open(3)
        assert await client.receive() == "433[3]"
        gates.open(0, 1, 2, 4)
        assert sorted([await client.receive() for _ in range(4)]) == ["430[0]", "431[1]", "432[2]", "434[4]"]


@pytest.mark.parametrize("option", [{"ordering": "serial"}, {"async_handlers": False}, {}], ids=str)
async def test_serial_handlers_run_one_at_a_time(option: Any) -> None:
    """Serial order, by option or for the event, does not delay other clients or concurrent events."""
    gates = Gates()
    async with serve(**option) as stage, stage.client() as client, stage.client() as bystander:
        stage.script.handlers["wait"] = gates
        stage.script.orderings = {"wait": "serial", "free": "concurrent"}
        await client.send(*(f'42{number}["wait",{number}]' for number in range(3)), '429["free"]')
        assert await client.receive() == "439[]"
        assert await bystander.ask('421["echo",1]') == [1]
        assert gates.started == [0]
        for number in range(3):
            await until(lambda: number in gates.waiting)  # noqa: B023  # awaited in this iteration
            assert gates.started == list(range(number + 1))
            gates.open(number)
            assert await client.receive() == f"43{number}[{number}]"


@BOTH
async def test_the_running_handlers_of_a_client_are_limited(ws: str) -> None:
    """Further events wait in order, then reading pauses; nothing is lost and other clients are unaffected."""
    gates = Gates()
    async with (
        serve(ws=ws, limits=Limits(handlers=3, backlog=4)) as stage,
        stage.client() as client,
        stage.client() as bystander,
    ):
        stage.script.handlers["wait"] = gates
        await client.send(*(f'42{number}["wait",{number}]' for number in range(50)))
        socket = stage.server.eio.sockets[client.opened["sid"]]
        await until(lambda: socket.paused)
        assert gates.started == [0, 1, 2]
        assert len(stage.script.told) == 2 + 3
        assert await bystander.ask('421["echo",1]') == [1]
        for number in range(50):
            await until(lambda: number in gates.waiting)  # noqa: B023  # awaited in this iteration
            gates.open(number)
            assert await client.receive() == f"43{number}[{number}]"
        assert gates.started == list(range(50))
        assert not socket.paused


@BOTH
@pytest.mark.parametrize("ordering", ["concurrent", "serial"])
async def test_running_events_are_limited_by_their_size(ws: str, ordering: Any) -> None:
    """A single one of any size runs, and more events are read beside it; with others, reading goes on once some end."""
    gates = Gates()
    async with serve(ws=ws, ordering=ordering, limits=Limits(backlog_bytes=2000)) as stage:
        stage.script.handlers["wait"] = gates
        async with stage.client() as client:
            [socket] = stage.server.eio.sockets.values()
            large = "x" * 3000
            await client.send(f'421["wait","{large}"]')
            await until(lambda: gates.started == [large])
            assert not socket.paused
            assert socket.connection.held_bytes > 3000
            await client.send('422["wait","b"]', '423["wait","c"]')
            await until(lambda: socket.paused)
            assert "c" not in gates.started
            gates.open(large)
            for name in "bc":
                await until(lambda: name in gates.started)  # noqa: B023  # awaited in this iteration
                gates.open(name)
            answers = sorted([await client.receive() for _ in range(3)])
            assert [answer[:3] for answer in answers] == ["431", "432", "433"]
            assert socket.connection.held_bytes == 0


@BOTH
async def test_the_running_events_of_a_client_that_owes_an_ack_are_limited_too(ws: str) -> None:
    """It is not paused; events beyond the limit are refused, and taken again once some have ended."""
    gates = Gates()
    async with serve(ws=ws, limits=Limits(backlog_bytes=2000)) as stage, stage.client() as client:
        stage.script.handlers["wait"] = gates
        asking = asyncio.ensure_future(
            stage.server.request("question", None, to=client.sid, namespace="/", timeout=SECONDS)
        )
        assert await client.receive() == '421["question"]'
        first, second = "x" * 1500, "y" * 1500
        await client.send(f'421["wait","{first}"]', f'422["wait","{second}"]')
        assert "rate_limited" in await client.ask_raw('423["echo"]')
        gates.open(first, second)
        assert {(await client.receive())[:3] for _ in range(2)} == {"431", "432"}
        assert await client.ask_raw('424["echo"]') == "434[]"
        await client.send('431["yes"]')
        assert await asking == ("yes",)


@pytest.mark.parametrize("how", ["refused", "disconnected"])
async def test_a_client_is_read_again_when_nothing_waits_any_more(how: str) -> None:
    """Also where what had waited was dropped: by a refused connect handler, or with the namespace that it was for."""
    decide = asyncio.Event()
    gates = Gates()

    async def connect(peer: Peer[Any], auth: Any) -> None:
        if peer.namespace == "/chat" and how == "refused":
            await decide.wait()
            raise RefusedError("forbidden")

    script = Script()
    script.on_connect = connect
    script.orderings["wait"] = "serial"
    script.handlers["wait"] = gates
    limits = Limits(backlog=8, drain_seconds=0.01)
    async with serve(script, limits=limits) as stage, stage.client() as client:
        [socket] = stage.server.eio.sockets.values()
        await client.send("40/chat,")
        if how == "disconnected":
            sid = payload(await client.receive())["sid"]
            await client.send(*(f'42/chat,["wait",{number}]' for number in range(9)))
        else:
            await client.send(*(f'42/chat,["wait",{number}]' for number in range(8)))
            await client.send('421["echo","first"]')
        await until(lambda: socket.paused)
        if how == "disconnected":
            await stage.server.disconnect(sid, "/chat")
            assert await client.receive() == "41/chat,"
        else:
            decide.set()
            answers = {await client.receive() for _ in range(2)}
            assert '431["first"]' in answers
        assert await client.ask_raw('422["echo","second"]') == '432["second"]'


async def test_a_client_owing_an_ack_is_not_paused() -> None:
    """Its acks must arrive, so excess events are refused and the transport is still read."""

    async def ask(peer: Peer[Any]) -> Sequence[Any]:
        return [await stage.server.call("q", to=peer.sid, timeout=SECONDS)]

    async with serve(limits=Limits(handlers=1, backlog=2)) as stage, stage.client() as client:
        stage.script.handlers["ask"] = ask
        await client.send('42100["ask"]')
        assert await client.receive() == '421["q"]'
        await client.send(*(f'42{number}["echo"]' for number in range(5)), '431["answer"]')
        answers = [await client.receive() for _ in range(6)]
        assert ['"rate_limited"' in answer for answer in answers] == [True, True, True, False, False, False]
        assert answers[3:] == ['43100["answer"]', "430[]", "431[]"]


@BOTH
async def test_a_client_may_vanish_while_paused(ws: str) -> None:
    """The loss is noticed, running handlers finish, and waiting events are dropped."""
    gates = Gates()
    limits = Limits(handlers=1, backlog=1, drain_seconds=0.05)
    async with serve(ws=ws, limits=limits) as stage:
        stage.script.handlers["wait"] = gates
        async with stage.client() as client:
            await client.send(*(f'42["wait",{number}]' for number in range(20)))
            await until(lambda: any(socket.paused for socket in stage.server.eio.sockets.values()))
            client.raw.transport.abort()
            await stage.emptied()
        assert gates.started == [0]
        gates.open(0)
        await until(lambda: gates.ended == [0])
        assert [entry[0] for entry in stage.script.told] == ["connect", "wait", "disconnect"]


@BOTH
async def test_events_sent_before_leaving_are_handled(ws: str) -> None:
    """Waiting events are handled as well, and the disconnect handler runs last."""
    async with serve(ws=ws, ordering="serial") as stage:
        gates = Gates()
        stage.script.handlers["wait"] = gates
        async with stage.client() as client:
            await client.send('42["wait",1]', '42["a"]', '42["b"]', "41")
            await until(lambda: 1 in gates.waiting)
        gates.open(1)
        await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "wait", "a", "b", "disconnect"]


async def test_other_namespaces_do_not_delay_disconnect_handlers() -> None:
    """Events of the left namespace get the drain time, while another namespace is busy all the time."""
    gates, links = Gates(), [asyncio.Event()]

    async def link(peer: Peer[Any]) -> list[Any]:
        """Run until the next call has begun, so that there is always a running handler."""
        links[-1].set()
        links.append(asyncio.Event())
        await links[-1].wait()
        return []

    async with serve(limits=Limits(drain_seconds=0.1)) as stage, stage.client() as client:
        stage.script.handlers |= {"wait": gates, "link": link}
        stage.script.orderings["wait"] = "serial"
        await client.join("/chat")
        await client.send('42["link"]')
        await client.send('42/chat,["wait",1]', '42/chat,["wait",2]', "41/chat,")
        async with asyncio.timeout(SECONDS):
            while ("disconnect", "/chat", "client disconnect") not in stage.script.told:
                await client.send('421["link"]', '42["link"]')
                assert await client.receive() == "431[]"
        assert gates.started == [1]
        gates.open(1)
        links[-1].set()
        await until(lambda: gates.ended == [1])


async def test_handlers_have_contexts_of_their_own() -> None:
    """An event does not see an earlier event's context variables or task."""
    seen: list[Any] = []

    async def look(peer: Peer[Any]) -> Sequence[Any]:
        seen.append(asyncio.current_task())
        return []

    async with serve() as stage, stage.client() as client:
        stage.script.handlers["look"] = look
        for number in range(3):
            assert await client.ask(f'42{number}["look"]') == []
    assert len(set(map(id, seen))) == 3
