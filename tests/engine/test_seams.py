"""Check the private parts of upstream packages that the engine relies on.

The engine subclasses python-socketio, python-engineio and uvicorn in places without a stability
promise. A failure here says that a release has changed one of them: read its diff, check that the
engine's override still means the same, and write the new fingerprint down.
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
from asynction_asgi.engine.cluster.managers import QueueRooms
from asynction_asgi.engine.peers.rooms import Rooms
from asynction_asgi.engine.transport.engineio_server import EngineServer
from asynction_asgi.engine.transport.session import EngineSocket
from asynction_asgi.engine.transport.uvicorn import self_test
from tests.cases import each_case

from .stage import Script

STATEMENT_ENDS = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
LAYOUT = STATEMENT_ENDS | {tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER}
FINGERPRINTS: dict[str, str] = {
    "engineio.async_server:AsyncServer.handle_request": "17a5dc1bfe4170be",
    "engineio.async_server:AsyncServer._handle_connect": "8bced200979207bc",
    "engineio.async_server:AsyncServer._trigger_event": "e821dcb00fa4daab",
    "engineio.async_server:AsyncServer._make_response": "00be550872325773",
    "engineio.async_server:AsyncServer.disconnect": "8b9b2629c239084c",
    "engineio.async_server:AsyncServer.send_packet": "5e12fd72c414536f",
    "engineio.base_server:BaseServer.__init__": "c7228237a2996cc2",
    "engineio.base_server:BaseServer._ok": "7827aee0657c23fa",
    "engineio.base_server:BaseServer._upgrades": "89856c9ac516f2e8",
    "engineio.base_server:BaseServer._bad_request": "c61bee189cd4b71b",
    "engineio.base_server:BaseServer._cors_allowed_origins": "59c0dbec849dd6f2",
    "engineio.base_server:BaseServer._get_socket": "3f71a7f99d3ce90b",
    "engineio.base_socket:BaseSocket.__init__": "bcfa8653bc4f4516",
    "engineio.async_socket:AsyncSocket": "98e6dede80bc1b42",
    "engineio.async_drivers.asgi:translate_request": "12b59719276c02c4",
    "engineio.async_drivers.asgi:make_response": "181e2a7b07ae30ec",
    "engineio.async_drivers.asgi:WebSocket": "17caa1487d69999a",
    "engineio.packet:Packet.encode": "412950b7ce3d9fce",
    "socketio.base_server:BaseServer.__init__": "88f3d5695324a92e",
    "socketio.base_server:BaseServer._get_event_handler": "7645140a7105a853",
    "socketio.base_server:BaseServer._get_namespace_handler": "3f7f51d3b26f9dea",
    "socketio.async_server:AsyncServer.emit": "7427cff1b2036ee7",
    "socketio.async_server:AsyncServer.call": "b4a7b93f8b25cb59",
    "socketio.async_server:AsyncServer.disconnect": "9b3e72d51b0e054d",
    "socketio.async_server:AsyncServer._trigger_event": "70e953a039be589d",
    "socketio.async_server:AsyncServer._handle_connect": "7befa6ae9e25ef86",
    "socketio.async_server:AsyncServer._handle_eio_connect": "f290f9cdb775b372",
    "socketio.async_server:AsyncServer._handle_eio_message": "a2bcf11babb0c35b",
    "socketio.async_server:AsyncServer._handle_eio_disconnect": "f416ce57a262cb4e",
    "socketio.async_server:AsyncServer.session": "6ed4b8a9c33a887b",
    "socketio.async_manager:AsyncManager": "28b475d4574061b8",
    "socketio.base_manager:BaseManager": "d7d607267f4ab25b",
    "socketio.async_pubsub_manager:AsyncPubSubManager": "fda6ce44bbf74a5c",
    "socketio.packet:Packet.__init__": "fa57dc16f265412a",
    "socketio.packet:Packet.add_attachment": "890bfdac86f2cc8d",
    "socketio.async_client:AsyncClient.connect": "38586d3d98afa27a",
    "socketio.async_client:AsyncClient.disconnect": "75bc67d13645f564",
    "socketio.async_client:AsyncClient._send_packet": "f4a7d2a8339c7c4a",
    "socketio.async_client:AsyncClient._handle_connect": "704fdd526da88738",
    "socketio.async_client:AsyncClient._handle_disconnect": "036ec5d8903fe5af",
    "socketio.async_client:AsyncClient._handle_event": "3ebb40924fed0969",
    "socketio.async_client:AsyncClient._handle_error": "509b105491cd5d61",
    "socketio.async_client:AsyncClient._handle_eio_connect": "f57d19137acd9e89",
    "socketio.async_client:AsyncClient._handle_eio_message": "6fca67d362007661",
    "socketio.async_client:AsyncClient._handle_eio_disconnect": "3a9d6a364bae4033",
    "engineio.async_client:AsyncClient.disconnect": "118ff23d6c8a398e",
    "engineio.async_client:AsyncClient._write_loop": "14b53cfbf9a9eebb",
    "engineio.async_client:AsyncClient._read_loop_polling": "8f16b9ab44f76418",
    "engineio.async_client:AsyncClient._read_loop_websocket": "79a867921d2109fb",
    "uvicorn.server:Server.shutdown": "d76d7b2738ea9fec",
    "uvicorn.server:Server.handle_exit": "b1106ed1450f6375",
    "uvicorn.supervisors.multiprocess:Multiprocess": "95a8699703441460",
    "uvicorn.supervisors.multiprocess:Process": "57b77557b75eccba",
    "uvicorn.supervisors.basereload:BaseReload": "a5b13ac68d37e8a2",
    "uvicorn.supervisors.watchfilesreload:WatchFilesReload": "e1dcf2ec5ac44696",
    "uvicorn.supervisors.statreload:StatReload": "fbf66496a3d5c460",
}
# Code that the shortcut relies on, with the part of the self-test that fails if its meaning changes.
SHORTCUT: dict[str, tuple[str, str]] = {
    "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol": (
        "c7890d31c0a34558",
        "_run",
    ),
    "websockets.protocol:Protocol.parse": ("1c52f90acea32826", "_find_rest"),
    "websockets.streams:StreamReader.at_eof": ("6f5572fcd6785996", "_find_rest"),
    "websockets.streams:StreamReader.read_exact": ("d33faff0bf99a1ba", "_find_rest"),
    "websockets.utils:apply_mask": ("2cecd1b901c55829", "_messages"),
    "websockets.protocol:Protocol.recv_frame": ("eb1ae3a9ff95cb1b", "_client_closes"),
    "websockets.protocol:Protocol.discard": ("267040c2105f8bd0", "_client_closes"),
    "websockets.protocol:Protocol.fail": ("b2c3693825c026cf", "_malformed"),
}


def fingerprint(place: str) -> str:
    """Return a hash of the code alone; comments, docstrings and layout do not count."""
    module, _, name = place.partition(":")
    target: Any = importlib.import_module(module)
    for part in name.split("."):
        target = getattr(target, part)
    functions = [target] if inspect.isfunction(target) else filter(inspect.isfunction, vars(target).values())
    source = "".join(textwrap.dedent(inspect.getsource(function)) for function in functions)
    words: list[str] = []
    fresh = True  # whether a statement begins, where a string is a docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in LAYOUT:
            fresh = fresh or token.type in STATEMENT_ENDS
        elif not (fresh and token.type == tokenize.STRING):
            words.append(token.string)
            fresh = False
    # Without spaces, because Python 3.12 takes f-strings apart where 3.11 does not.
    return hashlib.sha256("".join(words).encode()).hexdigest()[:16]


@each_case("place", FINGERPRINTS)
def test_upstream_code_is_unchanged(place: str) -> None:
    """Upstream code that the engine overrides, calls or circumvents has a known fingerprint."""
    assert fingerprint(place) == FINGERPRINTS[place], f"{place} has changed: see this module's docstring"


@each_case("place", SHORTCUT)
def test_code_under_the_self_test_is_unchanged(place: str) -> None:
    """Upstream code below the shortcut has a known fingerprint; if it changes, the self-test decides."""
    known, scenario = SHORTCUT[place]
    assert callable(getattr(self_test, scenario))
    assert fingerprint(place) == known, (
        f"{place} has changed. If the self-test's {scenario!r} fails as well, the shortcut must be adapted, and"
        " WebSockets cost twice the CPU until then; if it passes, write the new fingerprint down"
    )


@pytest.mark.parametrize("ours", [Server, EngineServer, EngineSocket, Rooms], ids=lambda cls: cls.__name__)
def test_overridden_methods_exist_upstream(ours: type) -> None:
    """Every method that the engine overrides still exists upstream, as the override would else do nothing."""
    upstream = next(cls for cls in ours.__mro__ if not cls.__module__.startswith("asynction_asgi"))
    written = {name for cls in ours.__mro__[: ours.__mro__.index(upstream)] for name in vars(cls)}
    overridden = {
        "Server": {
            "_engineio_server_class",
            "_handle_eio_connect",
            "_handle_eio_message",
            "_handle_eio_disconnect",
        },
        "EngineServer": {
            *("_handle_connect", "_ok", "_bad_request", "_log_error_once"),
            *("_cors_allowed_origins", "_cors_headers", "_make_response"),
        },
        "EngineSocket": {"_websocket_handler"},
        "Rooms": {"_generate_ack_id"},
    }[ours.__name__]
    for name in overridden:
        assert name in written
        assert hasattr(upstream, name), f"{upstream.__module__} no longer has {name}"


# Methods of upstream's servers that the engine uses unchanged.
INHERITED = {
    "Server": {
        *("attach", "event", "get_environ", "instrument", "is_asyncio_based", "send", "session"),
        *("sleep", "start_background_task", "transport"),
        *("_get_event_handler", "_get_namespace_handler", "_send_eio_packet", "_send_packet"),
    },
    "EngineServer": {
        *("async_modes", "attach", "create_event"),
        *("get_queue_empty_exception", "get_session", "handle_request", "is_asyncio_based", "save_session"),
        *("send", "send_packet", "session", "shutdown", "sleep", "start_background_task", "transport"),
        *("_deflate", "_generate_sid_cookie", "_get_socket", "_gzip"),
        *("_method_not_found", "_unauthorized", "_upgrades"),
    },
}
NOT_USED = {
    "Server": {
        *("_handle_ack", "_handle_connect", "_handle_disconnect", "_handle_event", "_handle_event_internal"),
    },
    "EngineServer": {"_service_task"},
}


@pytest.mark.parametrize("ours", [Server, EngineServer], ids=lambda server: server.__name__)
def test_every_method_of_upstream_is_accounted_for(ours: type) -> None:
    """Each upstream method is inherited on purpose, overridden or disabled; a new one fails the test."""
    offered = {
        name
        for base in ours.__mro__
        if base.__module__.partition(".")[0] in ("socketio", "engineio")
        for name, value in vars(base).items()
        if inspect.isroutine(value) and not name.startswith("__")
    }
    written = {
        name for base in ours.__mro__ if base.__module__.startswith("asynction") for name in vars(base)
    }
    assert offered - written == INHERITED[ours.__name__]


async def test_unused_upstream_methods_raise() -> None:
    """Upstream's packet handling and its service task raise, as they would bypass the engine."""
    server = create_server(Script())
    for owner in (server, server.eio):
        for name in NOT_USED[type(owner).__name__]:
            with pytest.raises(NotImplementedError):
                await getattr(owner, name)()


def test_queue_managers_reach_our_rooms() -> None:
    """Upstream's queue manager precedes our rooms in the MRO, and those precede upstream's manager."""
    names = [ancestor.__name__ for ancestor in QueueRooms.__mro__]
    assert names.index("AsyncPubSubManager") < names.index("Rooms") < names.index("AsyncManager")


async def test_upstreams_objects_have_what_the_engine_reads() -> None:
    """Attributes that upstream sets in its constructors, which no signature shows, exist."""
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
    socket = EngineSocket(server.eio, "x", {})
    for name in ("session", "connected", "upgrading", "upgraded", "closing", "closed", "last_ping"):
        assert hasattr(socket, name), name


MANAGER, QUEUE = "socketio.async_manager:AsyncManager", "socketio.async_pubsub_manager:AsyncPubSubManager"
SIGNATURES = {
    f"{QUEUE}.__init__": "(self, channel='socketio', write_only=False, logger=None, json=None)",
    f"{QUEUE}.initialize": "(self)",
    f"{QUEUE}.emit": "(self, event, data, namespace=None, room=None, skip_sid=None, callback=None, to=None, **kwargs)",
    f"{QUEUE}.can_disconnect": "(self, sid, namespace)",
    f"{QUEUE}.disconnect": "(self, sid, namespace, **kwargs)",
    f"{QUEUE}.enter_room": "(self, sid, namespace, room, eio_sid=None)",
    f"{QUEUE}.leave_room": "(self, sid, namespace, room)",
    f"{QUEUE}.close_room": "(self, room, namespace=None)",
    f"{QUEUE}._publish": "(self, data)",
    f"{QUEUE}._thread": "(self)",
    f"{QUEUE}._return_callback": "(self, host_id, sid, namespace, callback_id, *args)",
    f"{QUEUE}._handle_close_room": "(self, message)",
    f"{QUEUE}._handle_disconnect": "(self, message)",
    f"{MANAGER}.trigger_callback": "(self, sid, id, data)",
    "socketio.base_manager:BaseManager.set_server": "(self, server)",
    "socketio.base_manager:BaseManager._get_logger": "(self)",
    "socketio.async_server:AsyncServer.start_background_task": "(self, target, *args, **kwargs)",
    "socketio.redis_manager:parse_redis_sentinel_url": "(url)",
}


@each_case("place", SIGNATURES)
def test_upstream_signatures_of_the_queue_are_unchanged(place: str) -> None:
    """The upstream methods that `QueueRooms` overrides, calls or is called by have known signatures."""
    module, _, name = place.partition(":")
    target: Any = importlib.import_module(module)
    for part in name.split("."):
        target = getattr(target, part)
    assert str(inspect.signature(target)) == SIGNATURES[place]


def test_a_queue_manager_has_upstreams_attributes() -> None:
    """A queue manager has the attributes that upstream's code reads from it."""
    server = create_server(Script(), message_queue="redis://127.0.0.1:1")
    for name in ("host_id", "channel", "write_only", "logger", "json", "server"):
        assert hasattr(server.manager, name), name
