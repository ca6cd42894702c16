"""What ``asynction-asgi test`` finds in a server without a contract, and behind a proxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from tests.probe.conftest import AUCTION, auction, codes, report
from tests.probe.test_planted import PLANTED, TOKEN
from tests.server.documents import channel, document, message
from tests.serving import serve

from .scene import in_front

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["auction"]  # a fixture

TEXT = {"type": "string"}
DOCUMENT = document(root=channel(receives=[message("say", TEXT, **{"x-ack": {"args": {"type": "integer"}}})]))


@pytest.fixture
def bare() -> socketio.AsyncServer:
    """A server that takes whatever comes."""
    sio = socketio.AsyncServer(async_mode="asgi")

    async def say(sid: str, *arguments: Any) -> Any:
        return len(str(arguments[0])) if arguments else None

    sio.on("say", say)
    return sio


def test_a_bare_server_keeps_its_contract_behind_a_proxy(bare: socketio.AsyncServer, tmp_path: Path) -> None:
    """What it accepts against the document is found directly, and not behind the proxy."""
    spec = tmp_path / "contract.json"
    spec.write_text(json.dumps(DOCUMENT), "utf-8")
    options = ("--examples", "1", "--timeout", "1.5", "--include", "say", "--phase", "faults")
    with serve(socketio.ASGIApp(bare)) as behind, in_front(behind, DOCUMENT) as (url, _):
        found = {code for code, *_ in codes(report(behind, *options, spec=spec))}
        assert found == {"INVALID_ACCEPTED"}
        assert codes(report(url, *options, spec=spec)) == []


def test_of_planted_bugs_only_those_of_handlers_are_left(auction: str) -> None:
    """A clean server on Node.js stays clean; of fourteen bugs the three remain that only it can mend."""
    with in_front(auction, AUCTION) as (url, _):
        assert codes(report(url, *TOKEN)) == []
        found = codes(report(f"{url}/?bugs={','.join(PLANTED)}", *TOKEN))
    assert sorted(found) == sorted(PLANTED[bug] for bug in ("silence", "limit", "door"))
