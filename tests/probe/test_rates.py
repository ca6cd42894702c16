"""Rates of the document under test: kept to by all cases, and exceeded once at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import socketio
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.mock import MockAsynctionSocketIO

from ..serving import serve
from .conftest import codes, report

if TYPE_CHECKING:
    from pathlib import Path

RATED = """\
asyncapi: 2.6.0
info: {title: Rated, version: 1.0.0}
channels:
  /:
    x-rate: {limit: 30, per: 3600}
    publish:
      message:
        oneOf:
          - {name: count, payload: {type: integer, minimum: 0}, x-ack: {args: {type: integer}}, x-rate: {limit: 4, per: 3600}}
          - {name: free, payload: {type: integer}, x-ack: {args: {type: integer}}}
          - {name: mute, payload: {type: integer}, x-rate: {limit: 100, per: 1}}
  /shared:
    publish: {message: {name: order, payload: {type: integer}, x-ack: {args: {type: integer}}, x-rate: {limit: 3, per: 3600, by: address}}}
"""


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rated") / "rated.yaml"
    path.write_text(RATED, "utf-8")
    return path


def test_a_server_that_enforces_its_rates_has_no_finding(rated: Path) -> None:
    """Rates refuse none of the cases; those that would have to wait for long are left out, counted and reported."""
    with serve(MockAsynctionSocketIO.from_spec(rated)) as url:
        body = report(url, "--examples", "9", spec=rated, code=0)
        again = CliRunner().invoke(main, ["test", url, "--spec", str(rated), "--examples", "3"])
    assert (body["flaky"], body["stopped"]) == ([], None)
    assert body["cases"]["refused_by_state"] == {}
    assert body["cases"]["limited"] > 0
    for item in (["/", "count", "refused"], ["/", "free", "refused"], ["/shared", "order", "refused"]):
        assert item in body["exercised"]
    assert "that a rate limit of the document would delay too long" in again.output


def test_a_rate_that_is_not_enforced_is_a_finding(rated: Path) -> None:
    """Each rate, of a message and of a channel, is found by few events, with what was sent and how often."""
    server = socketio.AsyncServer(async_mode="asgi", namespaces=["/", "/shared"], logger=False)

    async def answer(_sid: str, value: Any) -> Any:
        is_valid = type(value) is int and value >= 0
        return value if is_valid else {"error": {"code": "invalid_payload", "message": "no"}}

    for event in ("count", "free", "mute"):
        server.on(event, answer)
    server.on("order", answer, namespace="/shared")
    with serve(socketio.ASGIApp(server)) as url:
        body = report(url, "--examples", "3", spec=rated, code=1)
    found = [finding for finding in body["findings"] if finding["code"] == "RATE_EXCEEDED"]
    assert [(finding["namespace"], finding["event"]) for finding in found] == [
        ("/", "count"),
        ("/", "free"),
        ("/shared", "order"),
    ]
    assert "6 events were accepted in" in found[0]["message"]
    assert "though the rate of 'count' is 4 per 3,600 s by connection" in found[0]["message"]
    assert "though the rate of the channel is 30 per 3,600 s by connection" in found[1]["message"]
    assert ("INVALID_ACCEPTED", "count", "minimum") not in codes(body)
