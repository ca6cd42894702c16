"""Faults over HTTP: polling, and requests that no Socket.IO client sends."""

from __future__ import annotations

import asyncio

from .clients import PATH, SEPARATOR, Polling, decode
from .faults import PATIENCE, Table, World
from .sockets import SECONDS, ClosedError, Connection, request, request_head, turned_away

posts = Table("polling POST")
for name, body in {
    "invalid UTF-8": b'42["echo","\xff"]',
    "no packet type": b"abc",
    "an unknown packet type": b"9",
    "invalid base64": b"b!!!",
    "base64 of a wrong length": b"bAQI",
    "a separator alone": SEPARATOR.encode(),
    "a broken packet after a valid one": b'42["echo"]' + SEPARATOR.encode() + b'42["echo"',
    "bytes in place of text": b"bAAEC",
    "NaN": b'42["echo",NaN]',
}.items():

    @posts.fault(name)
    async def _(world: World, body: bytes = body) -> None:
        client = await world.client(transport="polling")
        answer = await client.polling.post(body)
        assert answer.status == 400, answer
        await client.closed()
        await world.freed()


@posts.fault("an empty body")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    assert (await client.polling.post("")).status in {200, 400}
    await world.harmless(client)


@posts.fault("40 packets at once")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    answer = await client.polling.post(SEPARATOR.join(f'42{number}["echo",{number}]' for number in range(40)))
    if answer.status == 200:
        for number in range(40):
            assert await client.answer(number) == [number]
    else:
        await client.closed()


@posts.fault("100,000 packets at once")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    answer = await client.polling.post(SEPARATOR.join(["3"] * 100_000))
    assert answer.status in {200, 400, 413}
    if answer.status == 200:
        await world.harmless(client)


@posts.fault("a body over the limit")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    try:
        answer = await client.polling.post(b'42["echo","' + b"x" * 1_100_000 + b'"]')
        assert answer.status in {400, 413}, answer
    except ClosedError:
        pass  # the server may close while the rest of the body is being sent
    await client.closed()
    await world.freed()


@posts.fault("a body over the limit that is announced and never sent")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    post = await Connection.dial(world.stage.url)
    await post.raw(request_head(world.stage.url, "POST", client.polling.target, {"Content-Length": 10**12}))
    async with asyncio.timeout(SECONDS):
        status, _ = await post.head()
    assert status in {400, 413}
    await post.hang_up()
    await client.closed()
    await world.freed()


@posts.fault("a body over the limit whose length is not announced")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    post = await Connection.dial(world.stage.url)
    await post.raw(
        request_head(world.stage.url, "POST", client.polling.target, {"Transfer-Encoding": "chunked"})
    )
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with asyncio.timeout(SECONDS):
        for _ in range(18):
            await post.raw(chunk)
        await post.raw(b"0\r\n\r\n")
        status, _ = await post.head()
    assert status in {400, 411, 413}
    await post.hang_up()
    await client.closed()
    await world.freed()


@posts.fault("an event whose length is not announced")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    post = await Connection.dial(world.stage.url)
    await post.raw(
        request_head(world.stage.url, "POST", client.polling.target, {"Transfer-Encoding": "chunked"})
    )
    await post.raw(b'e\r\n425["echo","a"]\r\n0\r\n\r\n'.replace(b"e\r\n", b"f\r\n", 1))
    status, _ = await post.head()
    await post.hang_up()
    if status == 200:
        assert await client.answer(5) == ["a"]
    else:
        assert status in {400, 411}


@posts.fault("half a body, then nothing more", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(transport="polling", answers_pings=False)
    post = await Connection.dial(world.stage.url)
    await post.raw(
        request_head(world.stage.url, "POST", client.polling.target, {"Content-Length": 50}) + b'42["echo"'
    )
    await client.closed()
    await world.freed(but=("tasks",))
    await post.hang_up()
    await world.freed()


@posts.fault("half a body, then a reset")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    post = await Connection.dial(world.stage.url)
    await post.raw(
        request_head(world.stage.url, "POST", client.polling.target, {"Content-Length": 50}) + b'42["echo"'
    )
    post.reset()
    await world.harmless(client)


@posts.fault("two at once")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    answers = await asyncio.gather(*(client.polling.post(f'42{number}["echo",1]') for number in (1, 2)))
    assert {answer.status for answer in answers} <= {200, 400}
    if all(answer.status == 200 for answer in answers):
        assert [await client.answer(1), await client.answer(2)] == [[1], [1]]


polls = Table("polling GET")


@polls.fault("two at once close the session")
async def _(world: World) -> None:
    polling = await Polling.open(world.stage.url)
    first = await polling.waiting_poll()
    second = await request(world.stage.url, polling.target)
    assert second.status == 400
    answer = await first
    assert (answer.status, answer.body) == (200, "1")
    assert (await request(world.stage.url, polling.target)).status == 400
    await world.freed()


@polls.fault("aborted: later packets are not lost silently")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    await client.stop_reading()
    poll = await client.polling.waiting_poll()
    client.polling.reset()
    await asyncio.wait([poll])
    assert poll.exception() is not None
    await asyncio.sleep(0.05)  # no event shows when the reset has arrived
    answer = await client.polling.post('427["echo","kept"]')
    if answer.status == 200:
        body = (await request(world.stage.url, client.polling.target)).body
        assert body in {'437["kept"]', "1"} or '437["kept"]' in body.split(SEPARATOR), body


@polls.fault("never again", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    await client.vanish()
    await world.freed()


@polls.fault("answers carry at most 16 packets, in order")
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    await client.send('42["burst",50,10]')
    for number in range(50):
        packet = decode(await client.expect("42"))
        assert packet[1] == number, packet
    assert client.polling.largest_answer <= 16
    for _ in range(50):
        await world.bystander.expect('42["news"')


requests = Table("foreign request")
for name, method, target, expected in (
    ("an unknown session", "GET", f"{PATH}?EIO=4&transport=polling&sid=nobody", {400}),
    ("a POST to an unknown session", "POST", f"{PATH}?EIO=4&transport=polling&sid=nobody", {400}),
    ("a POST without a session", "POST", f"{PATH}?EIO=4&transport=polling", {400}),
    ("no protocol version", "GET", f"{PATH}?transport=polling", {400}),
    ("Engine.IO 3", "GET", f"{PATH}?EIO=3&transport=polling", {400}),
    ("Engine.IO abc", "GET", f"{PATH}?EIO=abc&transport=polling", {400}),
    ("no transport", "GET", f"{PATH}?EIO=4", {400}),
    ("an unknown transport", "GET", f"{PATH}?EIO=4&transport=carrier-pigeon", {400}),
    ("a WebSocket without its headers", "GET", f"{PATH}?EIO=4&transport=websocket", {400}),
    ("PUT", "PUT", f"{PATH}?EIO=4&transport=polling", {400, 405}),
    ("DELETE", "DELETE", f"{PATH}?EIO=4&transport=polling", {400, 405}),
    ("an unknown path", "GET", "/elsewhere/?EIO=4&transport=polling", {404}),
    ("a query that is not text", "GET", f"{PATH}?EIO=4&transport=%ff&sid=%00", {400}),
):

    @requests.fault(name)
    async def _(
        world: World, method: str = method, target: str = target, expected: set[int] = expected
    ) -> None:
        answer = await request(world.stage.url, target, method=method)
        assert answer.status in expected, answer
        await world.freed()


for name, target in {
    "a WebSocket to an unknown path": "/elsewhere/?EIO=4&transport=websocket",
    "a WebSocket to an unknown session": f"{PATH}?EIO=4&transport=websocket&sid=nobody",
    "a WebSocket of Engine.IO 3": f"{PATH}?EIO=3&transport=websocket",
    "a WebSocket of an unknown transport": f"{PATH}?EIO=4&transport=carrier-pigeon",
    "a WebSocket without a transport": f"{PATH}?EIO=4",
}.items():

    @requests.fault(name)
    async def _(world: World, target: str = target) -> None:
        await turned_away(world.stage.url, target)
        await world.freed()


@requests.fault("a page of another origin")
async def _(world: World) -> None:
    foreign = {"Origin": "https://evil.example"}
    answer = await request(world.stage.url, f"{PATH}?EIO=4&transport=polling", headers=foreign)
    assert answer.status in {400, 403}
    await turned_away(world.stage.url, f"{PATH}?EIO=4&transport=websocket", headers=foreign)
    await world.freed()


@requests.fault("a WebSocket with transport polling")
async def _(world: World) -> None:
    await turned_away(world.stage.url, f"{PATH}?EIO=4&transport=polling")
    client = await world.client(transport="polling")
    await turned_away(world.stage.url, client.polling.target)
    await world.harmless(client)


@requests.fault("200 sessions with a single request each", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    for _ in range(200):
        await Polling.open(world.stage.url)
    await world.works(world.bystander)
    await world.freed()


for method in ("HEAD", "OPTIONS", "PATCH"):

    @requests.fault(f"{method} of a session")
    async def _(world: World, method: str = method) -> None:
        client = await world.client(transport="polling")
        answer = await request(world.stage.url, client.polling.target, method=method)
        assert answer.status < 500, answer
        await world.works(client)


for index in ("0", "-1", "abc", "9" * 5_000, "0);alert(1"):

    @requests.fault(f"JSONP with index {index[:12]}")
    async def _(world: World, index: str = index) -> None:
        answer = await request(world.stage.url, f"{PATH}?EIO=4&transport=polling&j={index}")
        assert answer.status in {200, 400, 414}, answer
        assert "alert" not in answer.body


POLLING = (posts, polls, requests)
