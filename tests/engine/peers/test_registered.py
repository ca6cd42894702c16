"""Handlers registered on the server itself, in namespaces outside the contract."""

from __future__ import annotations

import json
from typing import Any

import pytest
import socketio

from ..stage import serve, until

Calls = list[tuple[Any, ...]]


class Bare(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio is untyped
    """Records the arguments of its handlers."""

    def __init__(self, calls: Calls) -> None:
        super().__init__("/own")
        self.calls = calls


class Older(Bare):
    async def on_connect(self, sid: str, environ: dict[str, Any]) -> None:
        self.calls.append(("connect", environ["PATH_INFO"]))

    async def on_disconnect(self, sid: str) -> None:
        self.calls.append(("disconnect",))


class Newer(Bare):
    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        self.calls.append(("connect", environ["PATH_INFO"], auth))

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.calls.append(("disconnect", reason))


class Optional(Bare):
    def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        self.calls.append(("connect", environ["PATH_INFO"], auth))

    def on_disconnect(self, sid: str, reason: str = "") -> None:
        self.calls.append(("disconnect", reason))


class Overriding(Older):
    """Dispatches events itself, as upstream allows."""

    async def trigger_event(self, event: str, *arguments: Any) -> Any:
        self.calls.append(("trigger", event))
        return await super().trigger_event(event, *arguments)


@pytest.mark.parametrize("auth", [None, {}, {"token": "x"}], ids=["no auth", "empty auth", "auth"])
@pytest.mark.parametrize("kind", [Older, Newer, Optional, Overriding])
@pytest.mark.parametrize("form", ["class", "functions"])
async def test_lifecycle_handlers_get_the_arguments_they_take(form: str, kind: type[Bare], auth: Any) -> None:
    """Auth and reason are passed if the handler takes them; python-socketio's empty auth becomes None."""
    calls: Calls = []
    handlers = kind(calls)
    async with serve() as stage:
        if form == "class":
            stage.server.register_namespace(handlers)
        else:
            stage.server.on("connect", handlers.on_connect, namespace="/own")
            stage.server.on("disconnect", handlers.on_disconnect, namespace="/own")
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(stage.url, auth=auth, namespaces=["/own"], transports=["websocket"])
        await stage.server.disconnect(client.get_sid("/own"), namespace="/own")
        await until(lambda: any(entry[0] == "disconnect" for entry in calls))
        await client.disconnect()
        await stage.emptied()
    if kind is Overriding and form == "class":
        assert [entry for entry in calls if entry[0] == "trigger"] == [
            ("trigger", "connect"),
            ("trigger", "disconnect"),
        ]
    calls = [entry for entry in calls if entry[0] != "trigger"]
    if issubclass(kind, Older):
        assert calls == [("connect", "/socket.io/"), ("disconnect",)]
    else:
        assert calls == [("connect", "/socket.io/", auth or None), ("disconnect", "server disconnect")]


async def test_a_failing_lifecycle_handler_is_called_once(caplog: pytest.LogCaptureFixture) -> None:
    """A TypeError raised inside the handler is not mistaken for a wrong signature."""
    calls: Calls = []

    class Broken(Bare):
        async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            calls.append(("connect",))
            if auth is not None:
                raise TypeError("bug")

        async def on_disconnect(self, sid: str, reason: str = "") -> None:
            calls.append(("disconnect",))
            raise TypeError("bug")

    async with serve() as stage:
        stage.server.register_namespace(Broken(calls))
        async with stage.websocket() as client:
            answer = await client.ask('40/own,{"fail":1}')
            assert answer["data"]["code"] == "internal_error"
            assert "bug" not in json.dumps(answer)
            await client.join("/own")
            await client.send("41/own,")
            await until(lambda: ("disconnect",) in calls)
        await stage.emptied()
    assert calls == [("connect",), ("connect",), ("disconnect",)]
    assert sum(record.exc_info is not None for record in caplog.records) == 2
