"""Refusals that cannot be sent as intended still reach the peer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed

from asynction_asgi.engine import Limits
from asynction_asgi.errors import RefusedError

from ..stage import serve, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

    from ..stage import WebSocketClient


async def refuse(_: Peer[Any]) -> Sequence[Any]:
    raise RefusedError("forbidden", "no")


async def no(_: Peer[Any], __: Any) -> None:
    raise RefusedError("forbidden", "no")


def raises(_: RefusedError) -> Any:
    raise LookupError("secret")


async def wait(_: RefusedError) -> Any:
    """Return nothing; the coroutine is never awaited."""


def waits(error: RefusedError) -> Any:
    """Hide a coroutine function from the check at start-up."""
    return wait(error)


def contains_itself(_: RefusedError) -> Any:
    body: dict[str, Any] = {}
    body["again"] = body
    return body


@pytest.mark.parametrize(
    "body",
    [raises, waits, contains_itself, lambda _: object(), lambda _: float("nan"), lambda _: {("a",): 1}],
    ids=["raises", "coroutine", "circle", "object", "not a number", "key"],
)
async def test_a_failing_refusal_body_is_replaced(body: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The standard body replaces it everywhere, and the log has a single line with the same reference."""
    async with serve(refusal_body=body) as stage, stage.client() as client:
        stage.script.handlers["bad"] = refuse
        stage.script.on_connect = no
        [answer] = await client.ask('421["bad"]')
        error = answer["error"]
        assert (error["code"], error["message"]) == ("forbidden", "no")
        event = await client.ask('42["bad"]')
        assert event == ["exception", {"error": error, "event": "bad"}]
        assert await client.ask("40/chat,") == {"message": "no", "data": error}
        records = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert len(records) == 1
        assert error["ref"] in records[0].getMessage()
        assert await client.ask('422["echo",1]') == [1]


async def test_each_failure_of_a_refusal_body_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Each kind of failure is logged with its own reference."""

    def body(error: RefusedError) -> Any:
        raise KeyError(error.code) if error.code == "a" else ValueError(error.code)

    async def fail(_: Peer[Any], code: str) -> Sequence[Any]:
        raise RefusedError(code, ref="kept" if code == "c" else None)

    async with serve(refusal_body=body) as stage, stage.client() as client:
        stage.script.handlers["fail"] = fail
        answers = [(await client.ask(f'421["fail","{code}"]'))[0]["error"] for code in "aabc"]
    refs = [answer["ref"] for answer in answers]
    assert refs[0] == refs[1] != refs[2]
    assert refs[3] == "kept", "the refusal's own reference leads to its line in the log"
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


@pytest.mark.parametrize("message", [object(), float("inf")], ids=["object", "infinity"])
async def test_an_unencodable_refusal_becomes_an_internal_error(
    message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The peer gets `internal_error` with a reference into the log if the refusal cannot be encoded."""

    async def fail(_: Peer[Any]) -> Sequence[Any]:
        raise RefusedError("mine", message)

    async def fail_to_connect(_: Peer[Any], __: Any) -> None:
        raise RefusedError("mine", message)

    async with serve() as stage, stage.client() as client:
        stage.script.handlers["fail"] = fail
        stage.script.on_connect = fail_to_connect
        error = (await client.ask('421["fail"]'))[0]["error"]
        refused = await client.ask("40/chat,")
    assert error["code"] == refused["data"]["code"] == "internal_error"
    refs = [error["ref"], refused["data"]["ref"]]
    assert [record.getMessage()[-18:] for record in caplog.records] == [f"[ref {ref}]" for ref in refs]


async def test_a_refused_connection_with_bytes(caplog: pytest.LogCaptureFixture) -> None:
    """CONNECT_ERROR is sent without bytes, which would arrive as an ack without a request."""
    body: Any = {"icon": b"x"}
    async with serve(refusal_body=lambda _: body) as stage, stage.client() as client:
        stage.script.on_connect = no
        answer = await client.ask("40/chat,")
    assert answer["data"]["code"] == "forbidden"
    assert len(caplog.records) == 1


async def test_a_refusal_counts_if_the_client_has_left_the_namespace() -> None:
    """So that nobody guesses on one connection without end; a CONNECT that no handler has seen does not count."""
    seen: list[Any] = []

    async def slow(_: Peer[Any], auth: Any) -> None:
        seen.append(auth)
        await until(lambda: not connection.members, "the client leaves")
        raise RefusedError("unauthorized")

    async with serve(limits=Limits(refusals=3)) as stage, stage.websocket() as client:
        stage.script.on_connect = slow
        [socket] = stage.server.eio.sockets.values()
        connection = socket.connection
        for number in range(1, 4):
            await client.send("40")
            await until(lambda: len(seen) == number)  # noqa: B023  # awaited in this iteration
            await client.send("41")
            await until(lambda: connection.refusals == number)  # noqa: B023  # as above
        await client.closed()
        assert (connection.refusals, len(seen)) == (3, 3)
        await stage.emptied()


async def connect_for_ever(client: WebSocketClient) -> None:
    while True:
        assert (await client.ask_raw("40"))[:2] in ("44", "1")


async def test_refused_clients_get_no_more_time_to_connect() -> None:
    """The connection is closed in time, however often its client tries."""
    limits = Limits(connect_seconds=0.2, refusals=1_000_000)
    async with serve(limits=limits) as stage, stage.websocket() as client:
        stage.script.on_connect = no
        with pytest.raises(ConnectionClosed):
            await connect_for_ever(client)
        await stage.emptied()
