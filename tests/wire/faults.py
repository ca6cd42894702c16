"""What a fault is, and how a server is judged by one.

A fault passes when the client that caused it gets the right answer, everything that the server
held for it is freed, no traceback reaches the log, and a bystander neither notices nor receives
anything. The tables are in the modules ``faults_*``; each entry is a coroutine over a `World`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clients import Client, decode, until
from .sockets import SECONDS, ClosedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .stages import Stage

# Bounds of waits, in seconds, generous because other processes may occupy the machine.
LIMIT = 40.0
FREED = 30.0
# The heartbeat's timeout where a fault waits for it: bystanders of a machine that is busy must answer in time.
PATIENCE = 3.0


@dataclass
class World:
    """What one fault may use: the server, and clients that are closed afterwards."""

    stage: Stage
    bystander: Client
    before: Mapping[str, int]
    clients: list[Client] = field(default_factory=list)

    async def client(
        self,
        namespace: str | None = "/",
        auth: Any = None,
        *,
        transport: str = "websocket",
        answers_pings: bool = True,
    ) -> Client:
        """Return a new client, connected to a namespace if one is given."""
        client = await Client.open(self.stage.url, transport=transport, answers_pings=answers_pings)
        self.clients.append(client)
        if namespace is not None:
            await client.connect(namespace, auth)
        return client

    async def works(self, client: Client, namespace: str = "/") -> None:
        """Check that the client is connected, can use the server, and received nothing it did not ask for."""
        assert await client.call("echo", "works", namespace=namespace) == ["works"]
        assert client.inbox == []

    async def harmless(self, client: Client) -> None:
        """Check that the server either closed the connection or goes on serving it."""
        if client.ended is None:
            await client.send('42900["echo","alive"]')
            await until(
                lambda: client.ended is not None or '43900["alive"]' in client.inbox, "closed or alive"
            )

    def refused(self, answer: Any, code: str) -> None:
        """Check that the answer is the standard refusal; a server without one need only have answered."""
        if self.stage.refusals:
            assert len(answer) == 1, answer
            assert answer[0]["error"]["code"] == code, answer
            assert "internal detail" not in json.dumps(answer)

    async def told(self, client: Client, code: str) -> None:
        """Without an ack id the refusal travels as ``exception``; elsewhere anything at all will do."""
        if self.stage.refusals:
            self.refused(decode(await client.expect("42"))[1:], code)
        else:
            await until(lambda: client.ended is not None or bool(client.inbox), "any sign of refusal", 1.0)

    async def freed(self, *, but: tuple[str, ...] = (), seconds: float = SECONDS) -> None:
        """Check that the server holds no more than before the fault's clients came."""
        try:
            await until(lambda: not self.held(but), "freed", seconds)
        except AssertionError:
            raise AssertionError(f"still holds {self.held(but)} more than before") from None

    def held(self, but: tuple[str, ...] = ()) -> dict[str, int]:
        """Return what the server holds beyond what it held before."""
        now = self.stage.holdings()
        more = {kind: now[kind] - self.before[kind] for kind in now if kind not in but}
        return {kind: count for kind, count in more.items() if count > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of the suite.

    Attributes:
        kind: The class of faults it belongs to.
        run: Causes the fault and asserts the answer.
        handlers_fault: Whether the server's own code is at fault, so that it should log a traceback.
        options: Of the server it needs; ``{}`` shares one server with others.
    """

    kind: str
    name: str
    run: Callable[[World], Awaitable[None]]
    handlers_fault: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """A name for reports."""
        return f"{self.kind}: {self.name}"


class Table:
    """The faults of one class, in the order of their definition."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.faults: list[Fault] = []

    def fault(
        self, name: str, *, handlers_fault: bool = False, **options: Any
    ) -> Callable[[Callable[[World], Awaitable[None]]], Callable[[World], Awaitable[None]]]:
        """Register the decorated coroutine."""

        def register(run: Callable[[World], Awaitable[None]]) -> Callable[[World], Awaitable[None]]:
            self.faults.append(
                Fault(kind=self.kind, name=name, run=run, handlers_fault=handlers_fault, options=options)
            )
            return run

        return register

    def closes(self, name: str, *packets: str | bytes) -> None:
        """Add a fault: sending these packets ends the connection, and its disconnect handler runs."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client(None)
            sid = await client.connect()
            await client.send(*packets)
            await client.closed()
            await until(lambda: world.stage.seen("disconnect", "/", sid) == 1, "disconnect handler")

    def harmless(self, name: str, *packets: str | bytes) -> None:
        """Add a fault: sending these packets either ends the connection or changes nothing."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(*packets)
            await world.harmless(client)

    def ignored(self, name: str, *packets: str | bytes) -> None:
        """Add a fault: sending these packets changes nothing."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(*packets)
            await world.works(client)

    def refuses(self, name: str, code: str, *event: Any) -> None:
        """Add two faults: an event is refused with this code, as an ack where one is asked for, and as an event."""
        text = json.dumps(event)

        @self.fault(name + ", with an ack id")
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(f"4255{text}")
            world.refused(await client.answer(55), code)
            await world.works(client)

        @self.fault(name + ", without one")
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(f"42{text}")
            await world.told(client, code)


def complaints(fault: Fault, records: list[logging.LogRecord]) -> list[str]:
    """Return what the log says that it should not: tracebacks, and errors of ours that are the peer's."""

    def unexpected(record: logging.LogRecord) -> bool:
        library = record.name.partition(".")[0]
        if library == "uvicorn":
            # It logs what some clients do as errors, and nothing above it can change that.
            return record.getMessage().startswith(("Exception in ASGI", "ASGI callable"))
        if library == "asyncio":
            return record.levelno >= logging.ERROR
        error = bool(record.exc_info) or (library == "asynction_asgi" and record.levelno >= logging.ERROR)
        return error and not fault.handlers_fault

    return [f"{one.name}: {one.getMessage()[:200]}" for one in records if unexpected(one)]


async def judge(fault: Fault, stage: Stage, *, limit: float = LIMIT) -> list[str]:
    """Cause a fault on a running server and return what the server did wrong.

    Args:
        fault: What a client does.
        stage: The server.
        limit: Seconds that each step may take.
    """
    problems: list[str] = []
    stage.diary.clear()
    stage.records.clear()
    bystander = await Client.open(stage.url)
    await bystander.connect()
    world = World(stage=stage, bystander=bystander, before=stage.holdings())

    async def attempt(what: str, work: Awaitable[Any]) -> None:
        try:
            async with asyncio.timeout(limit):
                await work
        except TimeoutError:
            problems.append(f"{what}: not over within {limit} s")
        except (AssertionError, ClosedError, RejectedError, OSError) as error:
            problems.append(f"{what}: {type(error).__name__} {error}")

    await attempt("the client", fault.run(world))
    stage.release()
    await attempt("the bystander", world.works(bystander))
    for client in world.clients:
        await client.close()
    await attempt("memory", world.freed(seconds=FREED))
    await bystander.close()
    if not problems:
        await attempt("memory", until(lambda: stage.is_empty, "all forgotten"))
    gc.collect()
    return problems + complaints(fault, stage.records)
