"""Faults of the server's own handlers, which its clients do not cause."""

from __future__ import annotations

from .clients import decode, until
from .faults import Table, World
from .scenery import UNSENDABLE

own = Table("handler")
for event in ("boom", "bad type", "cancelled", "plain boom"):

    @own.fault(f"{event}, with an ack id", handlers_fault=True)
    async def _(world: World, event: str = event) -> None:
        client = await world.client()
        world.refused(await client.call(event), "internal_error")
        await world.works(client)

    @own.fault(f"{event}, without an ack id", handlers_fault=True)
    async def _(world: World, event: str = event) -> None:
        client = await world.client()
        await client.send(f'42["{event}"]')
        await world.told(client, "internal_error")


for what in UNSENDABLE:

    @own.fault(f"returns a value outside JSON: {what}", handlers_fault=True)
    async def _(world: World, what: str = what) -> None:
        client = await world.client()
        answer = await client.call("give", what)
        if answer != ["\ud800"]:
            world.refused(answer, "internal_error")
        await world.works(client)

    @own.fault(f"broadcasts a value outside JSON: {what}", handlers_fault=True)
    async def _(world: World, what: str = what) -> None:
        client = await world.client()
        answer = await client.call("tell", what)
        if answer:
            world.refused(answer, "internal_error")
        else:
            assert decode(await client.expect("42"))[0] == "news"
            await world.bystander.expect("42")
        await world.works(client)


@own.fault("hangs: the same client is served meanwhile")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('421["hang"]')
    await world.works(client)
    world.stage.release()
    assert await client.answer(1) == ["done"]


@own.fault("hangs, and the client leaves")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('421["hang"]')
    await until(lambda: world.stage.seen("hang") == 1, "hanging")
    await client.vanish()
    await world.freed(but=("tasks",))
    world.stage.release()
    await world.freed()


@own.fault("hangs, and its namespace is left")
async def _(world: World) -> None:
    client = await world.client()
    sid = await client.connect("/moods")
    await client.send('421["hang"]', "41/moods,")
    await until(lambda: world.stage.seen("disconnect", "/moods", sid) == 1, "the disconnect handler")
    await world.works(client)


@own.fault("500 hang for one client")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(*(f'42{number}["hang"]' for number in range(500)))
    await until(lambda: world.stage.seen("hang") > 0, "hanging")
    await world.works(world.bystander)
    assert world.stage.seen("hang") < 500, "a single client may run any number of handlers"
    await client.vanish()
    await world.freed(but=("tasks",))


@own.fault("blocks: no other client waits")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('421["block"]')
    await until(lambda: world.stage.seen("block") == 1, "blocking")
    await world.works(world.bystander)
    assert not world.stage.seen("unblocked"), "a plain function blocks the loop"
    assert await client.answer(1) == ["done"]


@own.fault("disconnect raises", handlers_fault=True)
async def _(world: World) -> None:
    client = await world.client()
    await client.connect("/moods", {"mood": "bad leaver"})
    await client.vanish()
    await world.freed()


@own.fault("emits to a client that has left")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('42["ask later"]')
    await client.vanish()
    await world.freed()


@own.fault("disconnects its own client")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('42["kick"]')
    await client.expect("41")
    await client.send('421["echo"]')
    await world.freed(but=("sockets", "environs", "tasks"))


HANDLERS = (own,)
