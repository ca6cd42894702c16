"""Handlers registered on the wrapped server: served outside the document, refused within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO, BindingError
from tests.cases import each_case
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Callable

    from asynction_asgi.engine import Server

DOCUMENT = document(
    root=channel(receives=[message("say", TEXT, **{"x-ack": True})]),
    chat=channel(receives=[message("say", TEXT)]),
    **{
        "rooms/{room}": channel(
            receives=[message("say", TEXT)], parameters={"room": {"schema": {"type": "integer"}}}
        )
    },
)


async def handler(sid: str, *arguments: Any) -> str:
    return "beside"


async def say(sid: str, *arguments: Any) -> str:
    return "beside"


class Classy(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio is untyped
    async def on_say(self, sid: str, text: Any) -> str:
        return "beside"


def create(**options: Any) -> AsynctionSocketIO:
    async def within(_: Any) -> str:
        return "within"

    return AsynctionSocketIO.from_spec(
        DOCUMENT,
        handlers={name: {"say": within} for name in ("/", "/chat", "/rooms/{room}")},
        **options,
    )


@each_case(
    ("register", "instead"),
    [
        pytest.param(lambda server: server.on("say"), r"app\.on\('say'\)", id="decorator"),
        pytest.param(lambda server: server.on("say", handler), r"app\.on\('say'\)", id="on"),
        pytest.param(lambda server: server.on("say", handler, None), r"app\.on\('say'\)", id="None"),
        pytest.param(
            lambda server: server.on("say", handler, "/chat"),
            r"app\.on\('say', namespace='/chat'\)",
            id="namespace",
        ),
        pytest.param(
            lambda server: server.on("say", handler, namespace="/rooms/7"),
            r"app\.on\('say', namespace='/rooms/{room}'\)",
            id="concrete",
        ),
        pytest.param(
            lambda server: server.on("say", handler, namespace="/rooms/{room}"),
            r"app\.on\('say', namespace='/rooms/{room}'\)",
            id="template",
        ),
        pytest.param(lambda server: server.on("*", handler), r"app\.on\('\*'\)", id="catch-all event"),
        pytest.param(lambda server: server.on("connect", handler), r"app\.on\('connect'\)", id="lifecycle"),
        pytest.param(lambda server: server.event(say), r"app\.on\('say'\)", id="event"),
        pytest.param(
            lambda server: server.event(namespace="/chat")(say), r"namespace='/chat'\)", id="event of"
        ),
        pytest.param(
            lambda server: server.register_namespace(Classy()), r"app\.register_namespace", id="class"
        ),
        pytest.param(
            lambda server: server.register_namespace(Classy("/chat")),
            r"app\.register_namespace",
            id="class of",
        ),
    ],
)
def test_a_handler_for_a_declared_namespace_is_refused(
    register: Callable[[Server], Any], instead: str
) -> None:
    """Registering it raises, and the error says how to register it for the document's event."""
    server = create().server
    with pytest.raises(BindingError, match=instead):
        register(server)
    assert not server.handlers
    assert not server.namespace_handlers


@pytest.mark.parametrize(
    ("namespace", "words"), [("*", "by the option namespaces"), ("chat", "must begin with '/'")]
)
def test_an_unreachable_namespace_is_refused(namespace: str, words: str) -> None:
    """A catch-all namespace without the option `namespaces`, or a name without its slash, raises."""
    server = create().server
    with pytest.raises(ValueError, match=words):
        server.on("say", handler, namespace=namespace)
    with pytest.raises(ValueError, match=words):
        server.register_namespace(Classy(namespace))


async def test_other_namespaces_are_served_beside_the_document() -> None:
    """Catch-all handlers receive only events that the document does not declare."""
    app = create(namespaces=["/any"])
    app.server.on("say", handler, namespace="/own")
    app.server.on("*", handler, namespace="*")
    app.server.register_namespace(Classy("/classy"))
    with serve(app) as url:
        for namespace, answer in [
            ("/", "within"),
            ("/own", "beside"),
            ("/any", "beside"),
            ("/classy", "beside"),
        ]:
            async with connected(url, namespace) as client:
                assert await client.call("say", {"text": "x"}) == answer
        with pytest.raises(ConnectError):
            async with connected(url, "/other"):
                pass
