"""Refusals that can't be made as they were meant to be still reach the peer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.errors import RefusedError

from ..stage import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer


async def refuse(_: Peer[Any]) -> Sequence[Any]:
    raise RefusedError("forbidden", "no")


async def no(_: Peer[Any], __: Any) -> None:
    raise RefusedError("forbidden", "no")


def raises(_: RefusedError) -> Any:
    raise LookupError("secret")


async def wait(_: RefusedError) -> Any:
    """Return nothing: the coroutine is never awaited."""


def waits(error: RefusedError) -> Any:
    """Wrap a coroutine function, which start-up can't see."""
    return wait(error)


def holds_itself(_: RefusedError) -> Any:
    body: dict[str, Any] = {}
    body["again"] = body
    return body


@pytest.mark.parametrize(
    "body",
    [raises, waits, holds_itself, lambda _: object(), lambda _: float("nan"), lambda _: {("a",): 1}],
    ids=["raises", "coroutine", "circle", "object", "not a number", "key"],
)
async def test_a_refusal_body_that_fails_gives_way_to_the_standard_one(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """In acks, events and refused connections; logged once, under the reference that each peer gets."""
    async with serve(refusal_body=body) as stage, stage.client() as client:
        stage.script.handlers["bad"] = refuse
        stage.script.on_connect = no
        [answer] = await client.ask('421["bad"]')
        error = answer["error"]
        assert (error["code"], error["message"]) == ("forbidden", "no")
        told = await client.ask('42["bad"]')
        assert told == ["exception", {"error": error, "event": "bad"}]
        assert await client.ask("40/chat,") == {"message": "no", "data": error}
        records = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert len(records) == 1
        assert error["ref"] in records[0].getMessage()
        assert await client.ask('422["echo",1]') == [1]


async def test_different_failures_of_a_refusal_body_are_all_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Each kind under a reference of its own."""

    def body(error: RefusedError) -> Any:
        raise KeyError(error.code) if error.code == "a" else ValueError(error.code)

    async def fail(_: Peer[Any], code: str) -> Sequence[Any]:
        raise RefusedError(code, ref="kept" if code == "c" else None)

    async with serve(refusal_body=body) as stage, stage.client() as client:
        stage.script.handlers["fail"] = fail
        answers = [(await client.ask(f'421["fail","{code}"]'))[0]["error"] for code in "aabc"]
    refs = [answer["ref"] for answer in answers]
    assert refs[0] == refs[1] != refs[2]
    assert refs[3] == "kept", "what was logged of the refusal itself is found by its own reference"
    assert [one.exc_info is not None for one in caplog.records] == [True, True]


@pytest.mark.parametrize("message", [object(), float("inf")], ids=["object", "infinity"])
async def test_a_refusal_that_holds_what_json_has_not(message: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A handler raised it: to the peer it is a failure like any other, with a reference into the log."""

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
    """CONNECT_ERROR has no attachments: they would arrive as an acknowledgement that nobody asked for."""
    body: Any = {"icon": b"x"}
    async with serve(refusal_body=lambda _: body) as stage, stage.client() as client:
        stage.script.on_connect = no
        answer = await client.ask("40/chat,")
    assert answer["data"]["code"] == "forbidden"
    assert len(caplog.records) == 1
