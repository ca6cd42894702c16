"""Engine.IO 4 and Socket.IO 5 follow their specifications, as root and mounted."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from ..serving import serve
from .clients import SEPARATOR, Client, Polling
from .protocol import MOUNT, engineio_app, socketio_app
from .sockets import SECONDS, WebSocket, request

if TYPE_CHECKING:
    from collections.abc import Iterator

TRANSPORTS = ("websocket", "polling")
# For clients that answer no ping: longer than a test takes on a busy machine.
PATIENT = {"ping_interval": 25, "ping_timeout": 20}
# For clients that answer pings, and in the end wait until the server gives them up.
BEATING = {"ping_interval": 0.3, "ping_timeout": 5}
PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.fixture(scope="module", params=[False, True], ids=["root", "mounted"])
def socketio(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the Socket.IO application."""
    with serve(socketio_app(mounted=request.param, **PATIENT)) as url:
        yield url + MOUNT if request.param else url


@pytest.fixture(scope="module", params=[False, True], ids=["root", "mounted"])
def engineio(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an application that sends back every Engine.IO message."""
    with serve(engineio_app(mounted=request.param, **PATIENT)) as url:
        yield url + MOUNT if request.param else url


@pytest.fixture(scope="module", params=[False, True], ids=["root", "mounted"])
def beating(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of such an application that pings often."""
    with serve(engineio_app(mounted=request.param, **BEATING)) as url:
        yield url + MOUNT if request.param else url


def split(url: str, library: str = "socket.io") -> tuple[str, str]:
    """Return an origin and the Engine.IO path below it."""
    origin = "/".join(url.split("/")[:3])
    return origin, f"{url[len(origin) :]}/{library}/"


async def joined(url: str, transport: str, namespace: str = "/") -> Client:
    """Return a client that is connected and received its auth."""
    origin, path = split(url)
    client = await Client.open(origin, transport=transport, path=path)
    await client.connect(namespace)
    await client.expect("42")
    return client


async def upgraded(url: str, library: str = "engine.io") -> tuple[Polling, WebSocket]:
    """Return a polling session and the WebSocket to which it upgrades."""
    origin, path = split(url, library)
    polling = await Polling.open(origin, path)
    socket = await WebSocket.open(origin, polling.target.replace("polling", "websocket"))
    return polling, socket


async def message(socket: WebSocket) -> str | bytes:
    """Return the next packet that is not a ping."""
    async with asyncio.timeout(SECONDS):
        while (packet := await socket.receive()) == "2":
            await socket.send("3")
    return packet


async def test_polling_opens_a_session(engineio: str) -> None:
    """The open packet names the session, the upgrade, the heartbeat and the largest payload."""
    origin, path = split(engineio, "engine.io")
    answer = await request(origin, f"{path}?EIO=4&transport=polling")
    assert (answer.status, answer.body[0]) == (200, "0")
    opening = json.loads(answer.body[1:])
    assert isinstance(opening.pop("sid"), str)
    assert opening == {
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }


async def test_a_websocket_opens_a_session(engineio: str) -> None:
    """The open packet over WebSocket offers no upgrade."""
    origin, path = split(engineio, "engine.io")
    socket = await WebSocket.open(origin, f"{path}?EIO=4&transport=websocket")
    opening = json.loads(str(await message(socket))[1:])
    assert opening["upgrades"] == []
    assert set(opening) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    await socket.hang_up()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("4hello", id="text"),
        pytest.param(SEPARATOR.join(["4one", "4two", "4three"]), id="several"),
        pytest.param(f"4hello{SEPARATOR}bAQIDBA==", id="text and bytes"),
        pytest.param("4größe \N{SNOWMAN} \N{PILE OF POO}", id="beyond ASCII"),
    ],
)
async def test_polling_carries_messages(engineio: str, body: str) -> None:
    """A POST is answered with ok, and a body may hold several packets, with bytes as base64."""
    polling = await Polling.open(*split(engineio, "engine.io"))
    answer = await polling.post(body)
    assert (answer.status, answer.body) == (200, "ok")
    received = (await polling.poll()).body
    while received.count(SEPARATOR) < body.count(SEPARATOR):
        received += SEPARATOR + (await polling.poll()).body
    assert received == body
    await polling.send("1")


@pytest.mark.parametrize("packet", ["4hello", b"\x01\x02\x03\x04"], ids=["text", "bytes"])
async def test_a_websocket_carries_messages(engineio: str, packet: str | bytes) -> None:
    """Each packet is a separate frame, and bytes are sent unchanged."""
    origin, path = split(engineio, "engine.io")
    socket = await WebSocket.open(origin, f"{path}?EIO=4&transport=websocket")
    await message(socket)
    await socket.send(packet)
    assert await message(socket) == packet
    await socket.hang_up()


async def test_concurrent_polls_end_the_session(engineio: str) -> None:
    """The first poll receives a close packet, and the second and all later ones are refused."""
    polling = await Polling.open(*split(engineio, "engine.io"))
    first = await polling.waiting_poll()
    assert (await polling.poll()).status == 400
    answer = await first
    assert (answer.status, answer.body) == (200, "1")
    assert (await polling.poll()).status == 400


async def test_heartbeats_over_polling(beating: str) -> None:
    """A ping comes once per interval as the only packet of its response."""
    polling = await Polling.open(*split(beating, "engine.io"))
    for _ in range(3):
        answer = await polling.poll()
        assert (answer.status, answer.body) == (200, "2")
        assert (await polling.post("3")).status == 200
    await polling.send("1")


async def test_heartbeats_over_websocket(beating: str) -> None:
    """The server pings as long as the client answers, and then closes."""
    origin, path = split(beating, "engine.io")
    socket = await WebSocket.open(origin, f"{path}?EIO=4&transport=websocket")
    async with asyncio.timeout(SECONDS):
        await socket.receive()
        for _ in range(3):
            assert await socket.receive() == "2"
            await socket.send("3")
    await socket.ended()


async def test_a_client_closes_over_polling(engineio: str) -> None:
    """A held poll is answered with a noop, and later ones are refused."""
    polling = await Polling.open(*split(engineio, "engine.io"))
    poll = await polling.waiting_poll()
    assert (await polling.post("1")).status == 200
    answer = await poll
    assert (answer.status, answer.body) == (200, "6")
    assert (await polling.poll()).status == 400


async def test_a_client_closes_over_websocket(engineio: str) -> None:
    """The server closes the WebSocket after the client's close packet."""
    origin, path = split(engineio, "engine.io")
    socket = await WebSocket.open(origin, f"{path}?EIO=4&transport=websocket")
    await message(socket)
    await socket.send("1")
    await socket.ended()


async def test_an_upgrade_moves_the_session(engineio: str) -> None:
    """The probe is answered, the poll ends with a noop, and messages continue over the WebSocket."""
    polling, socket = await upgraded(engineio)
    await socket.send("2probe")
    assert await message(socket) == "3probe"
    answer = await polling.poll()
    assert (answer.status, answer.body) == (200, "6")
    await socket.send("5")
    await socket.send("4hello")
    assert await message(socket) == "4hello"
    await socket.hang_up()


async def test_an_upgraded_session_refuses_other_transports(engineio: str) -> None:
    """Polls and a second WebSocket of the session are refused, and the first WebSocket stays open."""
    polling, socket = await upgraded(engineio)
    await socket.send("2probe")
    await socket.send("5")
    assert await message(socket) == "3probe"
    assert (await polling.poll()).status == 400
    second = await WebSocket.open(polling.url, polling.target.replace("polling", "websocket"))
    await second.ended()
    await socket.send("4hello")
    assert await message(socket) == "4hello"
    await socket.hang_up()


@pytest.mark.parametrize("auth", [None, {"token": "123"}], ids=["no auth", "auth"])
@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_namespace_is_joined(
    socketio: str, transport: str, namespace: str, auth: dict[str, str] | None
) -> None:
    """The answer to CONNECT is an object with a sid, sent before the handler's emits."""
    origin, path = split(socketio)
    client = await Client.open(origin, transport=transport, path=path)
    sent = "" if namespace == "/" else namespace + ","
    await client.send(f"40{sent}{'' if auth is None else json.dumps(auth)}")
    answer = json.loads(str(await client.next()).removeprefix(f"40{sent}"))
    assert set(answer) == {"sid"}
    assert await client.next() == f"42{sent}" + json.dumps(["auth", auth or {}], separators=(",", ":"))
    await client.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_unknown_namespace_is_refused(socketio: str, transport: str) -> None:
    """The refusal has the words of every server, with or without a comma at the packet's end."""
    origin, path = split(socketio)
    client = await Client.open(origin, transport=transport, path=path)
    for packet in ("40/random", "40/random,"):
        await client.send(packet)
        assert await client.next() == '44/random,{"message":"Invalid namespace"}'
    await client.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_leaving_one_namespace_keeps_the_others(socketio: str, transport: str) -> None:
    """DISCONNECT ends a single peer, not the transport."""
    client = await joined(socketio, transport)
    await client.connect("/custom")
    await client.expect("42/custom,")
    await client.send("41/custom,", '42["message","to the main namespace"]')
    assert await client.next() == '42["message-back","to the main namespace"]'
    await client.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("sent", "received"),
    [
        pytest.param(
            ('42["message",1,"2",{"3":[true]}]',), ['42["message-back",1,"2",{"3":[true]}]'], id="event"
        ),
        pytest.param(
            ('42456["message-with-ack",1,"2",{"3":[false]}]',), ['43456[1,"2",{"3":[false]}]'], id="ack"
        ),
        pytest.param(
            (f'452-["message",{PLACEHOLDERS}]', b"\x01\x02", b"\x03"),
            [f'452-["message-back",{PLACEHOLDERS}]', b"\x01\x02", b"\x03"],
            id="binary event",
        ),
        pytest.param(
            (f'452-789["message-with-ack",{PLACEHOLDERS}]', b"\x01\x02", b""),
            [f"462-789[{PLACEHOLDERS}]", b"\x01\x02", b""],
            id="binary ack",
        ),
    ],
)
async def test_events_and_acks_return_their_arguments(
    socketio: str, transport: str, sent: tuple[str | bytes, ...], received: list[str | bytes]
) -> None:
    """Arguments and attachments return as they were sent."""
    client = await joined(socketio, transport)
    await client.send(*sent)
    assert [await client.next() for _ in received] == received
    await client.close()
