"""What the engine relies on in its upstreams' private parts.

The engine subclasses python-socketio, python-engineio and uvicorn at places that they do not promise
to keep. A failure here says that a release has changed one: read its diff, see whether the engine's
override still means the same, and write the new fingerprint down.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import textwrap
import tokenize
from typing import Any

import pytest

from asynction_asgi.engine import Server, create_server
from asynction_asgi.engine.engine_server import EngineServer
from asynction_asgi.engine.protocol import WebSocketProtocol
from asynction_asgi.engine.queues import AmqpRooms, RedisRooms
from asynction_asgi.engine.rooms import Rooms
from asynction_asgi.engine.transport import EngineSocket

from .stage import Script

STATEMENT_ENDS = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
LAYOUT = STATEMENT_ENDS | {tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER}
FINGERPRINTS: dict[str, str] = {
    "engineio.async_server:AsyncServer.handle_request": "55633d292da2d726",
    "engineio.async_server:AsyncServer._handle_connect": "1a256500b96ce5e7",
    "engineio.async_server:AsyncServer._trigger_event": "0de6f418da1b46f2",
    "engineio.async_server:AsyncServer._make_response": "bc4c605759a87a12",
    "engineio.async_server:AsyncServer.disconnect": "b42f434e4871b830",
    "engineio.async_server:AsyncServer.send_packet": "c7bb846b80f1e3b5",
    "engineio.base_server:BaseServer.__init__": "028f5695c5496170",
    "engineio.base_server:BaseServer._ok": "e1817d2e69a5e32f",
    "engineio.base_server:BaseServer._upgrades": "e889ecd7e7dd13da",
    "engineio.base_server:BaseServer._bad_request": "7f6d3a7f119304c9",
    "engineio.base_server:BaseServer._cors_allowed_origins": "cfe56ed0d70b789d",
    "engineio.base_server:BaseServer._get_socket": "9f2fb22b2132c7fc",
    "engineio.base_socket:BaseSocket.__init__": "6a7e139427368fa0",
    "engineio.async_socket:AsyncSocket": "9beb1ae5eb3c7990",
    "engineio.async_drivers.asgi:translate_request": "b7c0b55141863686",
    "engineio.async_drivers.asgi:make_response": "3bbe955c043937ae",
    "engineio.async_drivers.asgi:WebSocket": "d213e865ecc5f0bf",
    "engineio.packet:Packet.encode": "7f2083714e51f52d",
    "engineio.payload:Payload.encode": "0ea4d3bb4deab853",
    "socketio.base_server:BaseServer.__init__": "d4a8684e908173ae",
    "socketio.base_server:BaseServer._get_event_handler": "0f7ab6fde25d8ef4",
    "socketio.base_server:BaseServer._get_namespace_handler": "acb6857f65870fbf",
    "socketio.async_server:AsyncServer.emit": "55b961ec65d317bb",
    "socketio.async_server:AsyncServer.call": "45e213b0835e6b53",
    "socketio.async_server:AsyncServer.disconnect": "36bbf72688b57ee8",
    "socketio.async_server:AsyncServer._trigger_event": "cd794247ce1fa5e2",
    "socketio.async_server:AsyncServer._handle_connect": "a23200384d8db2d2",
    "socketio.async_server:AsyncServer._handle_eio_connect": "eb7e3a68efcdf635",
    "socketio.async_server:AsyncServer._handle_eio_message": "2bb072b970c08bba",
    "socketio.async_server:AsyncServer._handle_eio_disconnect": "9572ee64d25bf8bb",
    "socketio.async_server:AsyncServer.session": "a3d1e4e12a39744b",
    "socketio.async_manager:AsyncManager": "0d99c3912a8f9bb9",
    "socketio.base_manager:BaseManager": "17d207092d81a734",
    "socketio.async_pubsub_manager:AsyncPubSubManager": "df738145bd1e1c1a",
    "socketio.packet:Packet.__init__": "31c7bffab61d3085",
    "socketio.packet:Packet.add_attachment": "96d887435bcaf102",
    "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol": "e9c57ba8525ac149",
}


def fingerprint(place: str) -> str:
    """Of the code alone: comments, docstrings and layout may change."""
    module, _, name = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    functions = [found] if inspect.isfunction(found) else filter(inspect.isfunction, vars(found).values())
    source = "".join(textwrap.dedent(inspect.getsource(function)) for function in functions)
    words: list[str] = []
    fresh = True  # whether a statement begins, where a string is a docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in LAYOUT:
            fresh = fresh or token.type in STATEMENT_ENDS
        elif not (fresh and token.type == tokenize.STRING):
            words.append(token.string)
            fresh = False
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


@pytest.mark.parametrize("place", FINGERPRINTS)
def test_upstreams_code_is_what_the_engine_was_written_against(place: str) -> None:
    """Overridden, called or circumvented by the engine, so its meaning matters."""
    assert fingerprint(place) == FINGERPRINTS[place], f"{place} has changed: see this module's docstring"


@pytest.mark.parametrize(
    "ours", [Server, EngineServer, EngineSocket, Rooms, WebSocketProtocol], ids=lambda one: one.__name__
)
def test_what_is_overridden_is_still_there(ours: type) -> None:
    """An override of something that upstream has dropped would silently do nothing."""
    upstream = next(one for one in ours.__mro__ if not one.__module__.startswith("asynction_asgi"))
    written = {name for one in ours.__mro__[: ours.__mro__.index(upstream)] for name in vars(one)}
    overridden = {
        "Server": {
            "_engineio_server_class",
            "_handle_eio_connect",
            "_handle_eio_message",
            "_handle_eio_disconnect",
        },
        "EngineServer": {"_handle_connect", "_ok", "_bad_request", "_log_error_once", "_cors_headers"},
        "EngineSocket": {"_websocket_handler"},
        "Rooms": {"_generate_ack_id"},
        "WebSocketProtocol": set(),
    }[ours.__name__]
    for name in overridden:
        assert name in written
        assert hasattr(upstream, name), f"{upstream.__module__} has no {name} any more"


def test_queue_managers_reach_our_rooms() -> None:
    """Upstream's queue managers come before our rooms, and those before upstream's own."""
    for manager in (RedisRooms, AmqpRooms):
        names = [one.__name__ for one in manager.__mro__]
        assert names.index("AsyncPubSubManager") < names.index("Rooms") < names.index("AsyncManager")


async def test_upstreams_objects_have_what_the_engine_reads() -> None:
    """Attributes that are set in constructors, which no signature shows."""
    server = create_server(Script())
    for name in (
        "handlers",
        "namespace_handlers",
        "environ",
        "not_handled",
        "packet_class",
        "manager_initialized",
    ):
        assert hasattr(server, name), name
    for name in ("sockets", "handlers", "ping_interval", "ping_timeout", "max_http_buffer_size", "_async"):
        assert hasattr(server.eio, name), name
    assert set(server.eio._async) >= {"asyncio", "translate_request", "make_response", "websocket"}
    assert server.eio.handlers.keys() == {"connect", "message", "disconnect"}
    socket = EngineSocket(server.eio, "x")
    for name in ("session", "connected", "upgrading", "upgraded", "closing", "closed", "last_ping"):
        assert hasattr(socket, name), name
