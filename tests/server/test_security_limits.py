"""Limits on what a client may cost, and secrets that the server must not reveal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

import httpx
import pytest
import websockets.asyncio.client
import websockets.exceptions

from asynction_asgi import AsynctionSocketIO, Limits, load_spec
from tests.server.documents import channel, document, message
from tests.server.secured import bearer, namespace, secured
from tests.serving import serve

ECHO = message("echo", **{"x-ack": True})
SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"


def echoing(limits: Limits | None = None) -> AsynctionSocketIO:
    spaces = {name: channel([ECHO]) for name in ("root", "a", "b", "c")}
    handlers = {name: {"echo": lambda *values: values} for name in ("/", "/a", "/b", "/c")}
    return AsynctionSocketIO.from_spec(document(**spaces), handlers=handlers, limits=limits)


async def talk(url: str, *frames: str | bytes, count: int | None = None) -> list[str]:
    """Return the server's messages after the handshake, up to `count` or until it closes."""
    address = f"{url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
    messages: list[str] = []
    async with (
        websockets.asyncio.client.connect(address, proxy=None, max_size=None) as raw,
        asyncio.timeout(10),
    ):
        await raw.recv()
        try:
            for frame in frames:
                await raw.send(frame)
            while count is None or len(messages) < count:
                messages.append(str(await raw.recv()))
        except websockets.exceptions.ConnectionClosed:
            messages.append("closed")
    return messages


def nested(depth: int) -> str:
    return f'421["echo",{"[" * (depth - 1)}{"]" * (depth - 1)}]'


@pytest.mark.parametrize(
    ("limits", "within", "beyond"),
    [
        pytest.param(Limits(packet_bytes=2_000), f'421["echo","{"x" * 1_900}"]', f'421["echo","{"x" * 2_100}"]', id="packet"),
        pytest.param(Limits(), f'421["echo","{"x" * 900_000}"]', f'421["echo","{"x" * 1_100_000}"]', id="packet, by default"),
        pytest.param(Limits(json_depth=8), nested(8), nested(9), id="depth"),
        pytest.param(Limits(), nested(128), nested(129), id="depth, by default"),
    ],
)  # fmt: skip
async def test_a_packet_beyond_a_limit_closes_the_connection(
    limits: Limits, within: str, beyond: str
) -> None:
    """A packet beyond the limit closes the connection, and one just within it is answered."""
    with serve(echoing(limits)) as url:
        accepted, answer = await talk(url, "40", within, count=2)
        assert accepted.startswith("40")
        assert answer.startswith(("431", "43"))
        assert "error" not in answer
        assert (await talk(url, "40", beyond))[-1] == "closed"


async def test_announced_attachments_are_limited() -> None:
    """A packet that announces too many attachments closes the connection at once."""

    def announced(count: int) -> str:
        places = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(count))
        return f'45{count}-1["echo",{places}]'

    with serve(echoing(Limits(attachments=2))) as url:
        accepted, answer, *_ = await talk(url, "40", announced(2), b"x", b"y", count=4)
        assert accepted.startswith("40")
        assert answer.startswith("462-1[")
        assert (await talk(url, "40", announced(3)))[-1] == "closed"
        assert (await talk(url, "40", "45999999999-1" + announced(1)[4:]))[-1] == "closed"


async def test_namespaces_per_connection_are_limited() -> None:
    """An excess namespace is refused, and the connected ones stay."""
    with serve(echoing(Limits(namespaces=2))) as url:
        answers = await talk(url, "40/a,", "40/b,", "40/c,", '42/a,1["echo",7]', count=4)
    refused = next(answer for answer in answers if answer.startswith("44/c,"))
    assert json.loads(refused.partition(",")[2])["data"]["code"] == "rate_limited"
    assert "43/a,1[7]" in answers


async def test_events_per_second_may_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the option, events beyond the burst are refused and the connection stays open."""
    monkeypatch.setattr("asynction_asgi.engine.buckets.monotonic", lambda: 1000.0)
    with serve(echoing(Limits(events_per_second=5))) as url:
        answers = await talk(url, "40", *(f'42{number}["echo"]' for number in range(1, 21)), count=21)
    refused = [answer for answer in answers if "rate_limited" in answer]
    assert 10 <= len(refused) <= 15
    assert len({answer.partition("[")[0] for answer in answers[1:]}) == 20  # each ack id once


async def test_repeated_refusals_close_the_connection() -> None:
    """The transport is closed after a number of refused CONNECTs, which are all answered first."""
    sio = AsynctionSocketIO.from_spec(document(root=channel([ECHO])), handlers={"/": {"echo": lambda: None}})
    sio.on("connect", lambda: False)
    address = "/socket.io/?EIO=4&transport=websocket"
    messages: list[str] = []
    with serve(sio) as url:
        async with websockets.asyncio.client.connect(url.replace("http", "ws") + address, proxy=None) as raw:
            await raw.recv()
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                while len(messages) < 100:
                    await raw.send("40")
                    messages.append(str(await asyncio.wait_for(raw.recv(), 5)))
    assert sum(message.startswith("44{") for message in messages) == Limits().refusals


async def test_a_connection_must_join_a_namespace_soon() -> None:
    """A transport that joins no namespace in time is closed."""
    with serve(echoing(Limits(connect_seconds=0.2))) as url:
        assert (await talk(url))[-1] == "closed"


@pytest.mark.parametrize("value", [0, -1], ids=str)
def test_a_limit_of_zero_is_refused(value: int) -> None:
    """Zero would refuse every event and does not mean unlimited, so it raises."""
    with pytest.raises(ValueError, match="json_depth"):
        Limits(json_depth=value)


async def test_the_served_document_reveals_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions, verifiers and names of variables with secrets are removed, and clients' needs stay."""
    monkeypatch.setenv("VERY_PRIVATE", SECRET)
    verify: dict[str, Any] = {
        "x-jwt": {"issuer": "https://issuer.example", "audience": "chat", "secretEnv": "VERY_PRIVATE"}
    }
    schemes: dict[str, dict[str, Any]] = {
        "token": {"type": "http", "scheme": "bearer", "x-authField": "token", **verify},
        "key": {
            "type": "httpApiKey",
            "in": "header",
            "name": "X-Key",
            "x-apiKeyInfoFunc": "asynction_asgi.same_secret",
        },
    }
    again = message("again", {"type": "object"}, **{"x-reauth": True})
    spec = secured(schemes, {"root": namespace(again, security=[{"token": []}])})
    sio = AsynctionSocketIO.from_spec(spec)
    with serve(sio) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            pages = [
                (await http.get(f"{sio.docs_path}{path}")).text
                for path in ("", "/asyncapi.json", "/asyncapi.yaml")
            ]
    for secret in (SECRET, "VERY_PRIVATE", "x-jwt", "same_secret", "Func"):
        assert not any(secret in page for page in pages)
    shown = json.loads(pages[1])
    assert shown["components"]["securitySchemes"]["token"]["x-authField"] == "token"
    assert shown["channels"]["/"]["x-security"] == [{"token": []}]
    assert load_spec(shown).security == load_spec(spec).security


async def test_no_credential_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No log line of any level contains the credential, even if an error handler fails."""

    async def refuse(token: str) -> Any:
        raise LookupError(token)

    spec = secured(
        {"token": {"type": "http", "scheme": "bearer", "x-authField": "token"}},
        {"root": namespace(security=[{"token": []}])},
    )
    sio = AsynctionSocketIO.from_spec(spec, security_handlers={"token": refuse})

    @sio.on_error
    def failing(error: Exception) -> None:
        raise RuntimeError("error handler") from error

    with caplog.at_level(logging.DEBUG), serve(sio) as url:
        await talk(url, f'40{{"token":"{SECRET}"}}', count=1)
        address = f"{url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        async with websockets.asyncio.client.connect(
            address, additional_headers=bearer(SECRET), proxy=None
        ) as raw:
            await raw.recv()
            await raw.send("40")
            assert str(await raw.recv()).startswith("44")
    ours = [
        record
        for record in caplog.records
        if record.name.startswith(("asynction_asgi", "socketio", "engineio"))
    ]
    assert ours
    formatter = logging.Formatter()
    assert not any(SECRET in formatter.format(record) for record in ours)
