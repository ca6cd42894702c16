"""Handlers registered on the server itself, in namespaces that the contract leaves to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import socketio

from ..stage import serve, until

Told = list[tuple[Any, ...]]


class Bare(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio is untyped
    """Keeps what its handlers are called with."""

    def __init__(self, told: Told) -> None:
        super().__init__("/own")
        self.told = told


class Older(Bare):
    async def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
        self.told.append(("connect", environ["PATH_INFO"]))

    async def on_disconnect(self, sid: str) -> None:
        self.told.append(("disconnect",))


class Newer(Bare):
    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        self.told.append(("connect", environ["PATH_INFO"], auth))

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.told.append(("disconnect", reason))


class Optional(Bare):
    def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        self.told.append(("connect", environ["PATH_INFO"], auth))

    def on_disconnect(self, sid: str, reason: str = "") -> None:
        self.told.append(("disconnect", reason))


class Overriding(Older):
    """Dispatches by itself, as upstream allows."""

    async def trigger_event(self, event: str, *arguments: Any) -> Any:
        self.told.append(("trigger", event))
        return await super().trigger_event(event, *arguments)


@pytest.mark.parametrize("auth", [None, {}, {"token": "x"}], ids=["no auth", "empty auth", "auth"])
@pytest.mark.parametrize("kind", [Older, Newer, Optional, Overriding])
@pytest.mark.parametrize("form", ["class", "functions"])
async def test_lifecycle_handlers_are_called_with_what_they_take(
    form: str, kind: type[Bare], auth: Any
) -> None:
    """With auth and reason, or without them; an empty auth, which python-socketio sends, is None."""
    told: Told = []
    handlers = kind(told)
    async with serve() as stage:
        if form == "class":
            stage.server.register_namespace(handlers)
        else:
            stage.server.on("connect", handlers.on_connect, namespace="/own")
            stage.server.on("disconnect", handlers.on_disconnect, namespace="/own")
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(stage.url, auth=auth, namespaces=["/own"], transports=["websocket"])
        await stage.server.disconnect(client.get_sid("/own"), namespace="/own")
        await until(lambda: any(entry[0] == "disconnect" for entry in told))
        await client.disconnect()
        await stage.emptied()
    if kind is Overriding and form == "class":
        assert [entry for entry in told if entry[0] == "trigger"] == [
            ("trigger", "connect"),
            ("trigger", "disconnect"),
        ]
    told = [entry for entry in told if entry[0] != "trigger"]
    if issubclass(kind, Older):
        assert told == [("connect", "/socket.io/"), ("disconnect",)]
    else:
        assert told == [("connect", "/socket.io/", auth or None), ("disconnect", "server disconnect")]


async def test_a_lifecycle_handler_with_a_bug_is_called_once(caplog: pytest.LogCaptureFixture) -> None:
    """A TypeError from within it does not pass for a wrong signature."""
    told: Told = []

    class Broken(Bare):
        async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            told.append(("connect",))
            if auth is not None:
                raise TypeError("bug")

        async def on_disconnect(self, sid: str, reason: str = "") -> None:
            told.append(("disconnect",))
            raise TypeError("bug")

    async with serve() as stage:
        stage.server.register_namespace(Broken(told))
        async with stage.websocket() as client:
            answer = await client.ask('40/own,{"fail":1}')
            assert answer["data"]["code"] == "internal_error"
            assert "bug" not in json.dumps(answer)
            await client.join("/own")
            await client.send("41/own,")
            await until(lambda: ("disconnect",) in told)
        await stage.emptied()
    assert told == [("connect",), ("connect",), ("disconnect",)]
    assert sum(record.exc_info is not None for record in caplog.records) == 2
