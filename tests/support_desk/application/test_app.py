"""The desk, as its customers and agents see it."""

import logging
import os
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import jwt
import pytest
from asynction_asgi import RefusedError
from asynction_asgi.testing import TestServer

from app import app, sio
from handlers import now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestServer]:
    monkeypatch.setenv("DESK_DATABASE", str(tmp_path / "desk.db"))
    async with TestServer(app) as server:
        yield server


def auth(name: str, scope: str = "") -> dict[str, str]:
    claims = {"sub": name, "scope": scope, "exp": time.time() + 60}
    return {"token": jwt.encode(claims, os.environ["DESK_SECRET"], "HS256")}


async def test_a_ticket_is_answered_and_closed(desk: TestServer) -> None:
    async with (
        desk.connect(auth=auth("ada", "agent")) as ada,
        desk.connect(auth=auth("bob")) as bob,
    ):
        ticket = await bob.call("open ticket", {"title": "It burns"})
        while not (queue := await ada.receive("queue", timeout=5)):
            pass
        assert queue == [ticket]
        await ada.call("reply", ticket["number"], "Take some water")
        reply = await bob.receive("replied", timeout=5)
        assert (reply["author"], reply["text"]) == ("ada", "Take some water")
        closed = await ada.call("close ticket", ticket["number"])
        assert await bob.receive("closed", timeout=5) == closed
        assert await bob.call("my tickets") == [{**ticket, "state": "closed"}]


async def test_what_is_not_allowed_is_refused(desk: TestServer) -> None:
    async with (
        desk.connect(auth=auth("bob")) as bob,
        desk.connect(auth=auth("eve")) as eve,
    ):
        ticket = await bob.call("open ticket", {"title": "It burns"})
        with pytest.raises(RefusedError, match="forbidden"):
            await eve.call("reply", ticket["number"], "Let it")
        with pytest.raises(RefusedError, match="forbidden"):
            await bob.call("close ticket", ticket["number"])
        with pytest.raises(RefusedError, match="must not be blank"):
            await bob.call("open ticket", {"title": "   "})


async def test_an_invalid_answer_leaves_no_ticket(
    desk: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "desk")
    no_zone = {now: lambda: datetime(2026, 12, 24)}  # the document asks for one
    async with desk.connect(auth=auth("bob")) as bob:
        with sio.override(no_zone), pytest.raises(RefusedError, match="invalid_ack"):
            await bob.call("open ticket", {"title": "It burns"})
        assert await bob.call("my tickets") == []
    assert "open ticket: " in caplog.text  # the hook has timed it
