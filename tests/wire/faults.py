"""What a fault is, and how a server is judged by it.

A fault passes if the client that caused it gets the right answer, everything that the server stored
for it is freed, no traceback reaches the log, and a bystander is not affected and receives nothing.
The tables are in the modules ``faults_*``; each entry is a coroutine that takes a `World`.
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

# Limits of waits in seconds, generous because other processes may occupy the machine.
LIMIT = 40.0
FREED = 30.0
# The ping timeout for faults that wait for it, long enough for bystanders on a busy machine.
PATIENCE = 3.0


@dataclass
class World:
    """The server of a fault, and clients that are closed afterwards."""

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
        receives: int | None = None,
    ) -> Client:
        """Return a new client, connected to the namespace unless that is None; `receives` is that of `dial`."""
        client = await Client.open(
            self.stage.url, transport=transport, answers_pings=answers_pings, receives=receives
        )
        self.clients.append(client)
        if namespace is not None:
            await client.connect(namespace, auth)
        return client

    async def works(self, client: Client, namespace: str = "/") -> None:
        """Check that the client is connected and served, and received nothing that it did not request."""
        assert await client.call("echo", "works", namespace=namespace) == ["works"]
        assert client.inbox == []

    async def harmless(self, client: Client) -> None:
        """Check that the server closed the connection or still serves it."""
        if client.ended is None:
            await client.send('42900["echo","alive"]')
            await until(
                lambda: client.ended is not None or '43900["alive"]' in client.inbox, "closed or alive"
            )

    def refused(self, answer: Any, code: str) -> None:
        """Check for the standard refusal; a server without one only has to answer."""
        if self.stage.refusals:
            assert len(answer) == 1, answer
            assert answer[0]["error"]["code"] == code, answer
            assert "internal detail" not in json.dumps(answer)

    async def told(self, client: Client, code: str) -> None:
        """Check for the event ``exception``; from a server without refusals, for any reaction."""
        if self.stage.refusals:
            self.refused(decode(await client.expect("42"))[1:], code)
        else:
            await until(lambda: client.ended is not None or bool(client.inbox), "any sign of refusal", 1.0)

    async def freed(self, *, but: tuple[str, ...] = (), seconds: float = SECONDS) -> None:
        """Check that the server stores no more than before the fault's clients connected."""
        try:
            await until(lambda: not self.held(but), "freed", seconds)
        except AssertionError:
            raise AssertionError(f"still holds {self.held(but)} more than before") from None

    def held(self, but: tuple[str, ...] = ()) -> dict[str, int]:
        """Return what the server stores beyond what it stored before."""
        now = self.stage.holdings()
        more = {kind: now[kind] - self.before[kind] for kind in now if kind not in but}
        return {kind: count for kind, count in more.items() if count > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An entry of the suite.

    Attributes:
        kind: The class of faults.
        run: A coroutine function that causes the fault and asserts the answer.
        handlers_fault: Whether the server's own code fails, so that a traceback is expected.
        options: Options of the server; faults with ``{}`` share a server.
    """

    kind: str
    name: str
    run: Callable[[World], Awaitable[None]]
    handlers_fault: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name in reports."""
        return f"{self.kind}: {self.name}"


class Table:
    """The faults of a class in the order of their definition."""

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
        """Add a fault: these packets close the connection, and its disconnect handler runs."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client(None)
            sid = await client.connect()
            await client.send(*packets)
            await client.closed()
            await until(lambda: world.stage.seen("disconnect", "/", sid) == 1, "disconnect handler")

    def harmless(self, name: str, *packets: str | bytes) -> None:
        """Add a fault: these packets close the connection or change nothing."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(*packets)
            await world.harmless(client)

    def ignored(self, name: str, *packets: str | bytes) -> None:
        """Add a fault: these packets change nothing."""

        @self.fault(name)
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(*packets)
            await world.works(client)

    def refuses(self, name: str, code: str, *event: Any) -> None:
        """Add two faults: an event is refused with this code, as an ack and as an event."""
        text = json.dumps(event)

        @self.fault(name + ", with an ack id")
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(f"4255{text}")
            world.refused(await client.answer(55), code)
            await world.works(client)

        @self.fault(name + ", without an ack id")
        async def _(world: World) -> None:
            client = await world.client()
            await client.send(f"42{text}")
            await world.told(client, code)


def complaints(fault: Fault, records: list[logging.LogRecord]) -> list[str]:
    """Return unexpected lines of the log: tracebacks, and errors for clients' mistakes."""

    def unexpected(record: logging.LogRecord) -> bool:
        library = record.name.partition(".")[0]
        if library == "uvicorn":
            # uvicorn logs some mistakes of clients as errors, and no option changes that.
            return record.getMessage().startswith(("Exception in ASGI", "ASGI callable"))
        if library == "asyncio":
            return record.levelno >= logging.ERROR
        error = bool(record.exc_info) or (library == "asynction_asgi" and record.levelno >= logging.ERROR)
        return error and not fault.handlers_fault

    return [f"{record.name}: {record.getMessage()[:200]}" for record in records if unexpected(record)]


async def judge(fault: Fault, stage: Stage, *, limit: float = LIMIT) -> list[str]:
    """Cause a fault on a running server, and return what the server did wrong.

    Args:
        fault: The fault to cause.
        stage: The running server.
        limit: The time for each step in seconds.
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
            problems.append(f"{what}: not finished within {limit} s")
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
        await attempt("memory", until(lambda: stage.is_empty, "all freed"))
    gc.collect()
    return problems + complaints(fault, stage.records)
