"""Names from python-socketio, Flask-SocketIO and asynction, and what to write instead of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import name_rooms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PATH = "the path is that of the document's server (url, or pathname in AsyncAPI 3), else /socket.io"
_WRAP = "pass it as app=, or mount this application in it"
_TASK = "use @app.background, or asyncio.create_task"
_LEAVES_OUT = "socket.broadcast(…) and socket.to(room).emit(…) leave the client itself out"

# Of the application.
ATTRIBUTES = {
    "attach": "this is itself the ASGI application",
    "event": "use @app.on('name')",
    "get_environ": "use socket.environ, or app.server.get_environ(sid)",
    "handle_request": "this is itself the ASGI application",
    "init_app": f"make it by from_spec(document); to serve it with another application, {_WRAP}",
    "instrument": "use app.server.instrument()",
    "join_room": "use await socket.join(room), or await app.enter_room(sid, room)",
    "on_event": "use app.on('name', handler, namespace)",
    "on_namespace": "use app.register(namespace, object)",
    "run": "serve it as 'uvicorn module:app' or 'asynction-asgi run module:app'",
    "shutdown": "it ends with the ASGI server that serves it; app.server.shutdown() ends it earlier",
    "sleep": "use asyncio.sleep",
    "start_background_task": _TASK,
    "stop": "end the ASGI server that serves it",
    "test_client": "use asynction_asgi.testing.TestServer(app)",
    "transport": "use app.server.transport(sid)",
}
# Of emit and send, by a parameter's name.
KEYWORDS = {
    "broadcast": f"emits of the application reach every client without it; {_LEAVES_OUT}",
    "include_self": f"pass skip_sid=sid to app.emit; {_LEAVES_OUT}",
    "json": "what is not bytes travels as JSON without it",
    "namespace": "a socket emits in its own namespace; use app.emit(…, namespace=…)",
    "room": "use socket.to(room).emit(…), which leaves the client itself out, or app.emit(…, to=room)",
    "sid": "pass it as to=sid to app.emit",
    "skip_sid": f"{_LEAVES_OUT}; app.emit takes skip_sid",
    "to": "use socket.to(room).emit(…), which leaves the client itself out, or app.emit(…, to=room)",
}
# Of from_spec.
OPTIONS = {
    "always_connect": "leave it out: what a connect handler emits reaches its client without it",
    "engineio_path": _PATH,
    "manage_session": "sessions are socket.session() and app.session(sid)",
    "mount_location": _PATH,
    "on_shutdown": "write it into the lifespan of the application that you pass as app=",
    "on_startup": "write it into the lifespan of the application that you pass as app=",
    "other_asgi_app": _WRAP,
    "path": _PATH,
    "resource": _PATH,
    "socketio_path": _PATH,
    "static_files": "serve them by the application that you pass as app=",
}


def missing_attribute(owner: object, name: str) -> AttributeError:
    """Return the error for a missing attribute, which says what to write instead of a known name."""
    cure = ATTRIBUTES.get(name)
    message = f"{type(owner).__name__!r} object has no attribute {name!r}"
    if cure is None:
        return AttributeError(message, name=name, obj=owner)
    return AttributeError(f"{message}: {cure}")


def refuse_more(method: str, event: str, further: Sequence[Any], names: Iterable[str] = ()) -> None:
    """Refuse further arguments of an event, and keywords that `method` does not take.

    Raises:
        TypeError: There are some; nothing was sent.
    """
    if further:
        raise TypeError(
            f"{method}() takes one argument of {event!r}, not {1 + len(further)}; {one_tuple(event)}"
        )
    refuse_keywords(method, names)


def refuse_keywords(method: str, names: Iterable[str]) -> None:
    """Refuse keywords that `method` does not take.

    Raises:
        TypeError: `names` is not empty; nothing was sent.
    """
    for name in names:
        cure = KEYWORDS.get(name)
        what = f"{method}() got an unexpected keyword argument {name!r}"
        raise TypeError(what if cure is None else f"{what}: {cure}")


def check_recipients(event: str, to: Any, room: Any = None) -> None:
    """Refuse a value that can't be a room, such as a second argument of the event.

    Raises:
        TypeError: `to` is not a sid, a room or several, or contradicts `room`; nothing was sent.
    """
    if room is None and (to is None or type(to) is str):
        return
    try:
        names = [name_rooms(value) for value in (to, room) if value is not None]
    except TypeError as error:
        problem = f"'to' takes a sid or a room, or a list of them: {error}"
    else:
        if len(names) < 2 or to == room:
            return
        problem = "'to' and 'room' are the same parameter, and got different values"
    raise TypeError(f"{problem}; {one_tuple(event)}")


def one_tuple(event: str) -> str:
    """Say how an event carries several arguments."""
    return f"several arguments of an event are one tuple: ({event!r}, (first, second))"
