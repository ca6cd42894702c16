"""Blocking forms of what the application and its sockets do, for plain functions in worker threads.

What they wrap is Any here: applications and sockets offer these forms, so that their modules import this one.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .sync_sockets import SyncAsking, SyncSockets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterator
    from typing import Never, Unpack

    from ..engine import Audience, Found, Room
    from .emitter_options import EmitOptions

    Result = TypeVar("Result")

_LOOK_SECONDS = 1.0  # between looks at whether the loop still runs


class SyncApp:
    """The application's methods, each of which returns when it is done; see `AsynctionSocketIO.emit`.

    They are called in worker threads, where plain handlers run, or in threads of yours.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._wait = Waiting(app).wait

    def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # python-socketio's own signature
        **misplaced: Never,
    ) -> None:
        """Emit to a client, a room, several rooms, or every client of a namespace."""
        self._wait(
            self._app.emit(event, data, to, room, skip_sid, namespace, callback, ignore_queue, **misplaced)
        )

    def send(self, data: Any, to: Audience | None = None, **options: Unpack[EmitOptions]) -> None:
        """Emit the event ``message``."""
        self._wait(self._app.send(data, to, **options))

    def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float = 60,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # python-socketio's own signature
    ) -> Any:
        """Emit to one client and wait for its answer, which holds a worker thread.

        Raises:
            ValueError: Neither `to` nor `sid` is given, or `timeout` is None, which could hold one of the 40
                worker threads for ever.
        """
        return self._wait(self._app.call(event, data, to, sid, namespace, _bounded(timeout), ignore_queue))

    def ask(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        *,
        namespace: str | None = None,
        timeout: float = 60,
    ) -> SyncAsking:
        """Ask the clients of a room, or of the namespace; a loop over their answers holds a worker thread."""
        asking = self._wait(_call(self._app.ask, event, data, to, namespace=namespace, timeout=timeout))
        return SyncAsking(asking, self._wait)

    def sockets(
        self, room: Audience | None = None, namespace: str | None = None, *, timeout: float = 2
    ) -> SyncSockets:
        """Address the clients of a room, or of the namespace, in every process on the message queue."""
        return SyncSockets(self._app.sockets(room, namespace, timeout=timeout), self._wait)

    def find(self, sid: str, namespace: str | None = None, *, timeout: float = 2) -> Found | None:
        """Find a client in any process on the message queue, or return None if it is in none."""
        found: Found | None = self._wait(self._app.find(sid, namespace, timeout=timeout))
        return found

    def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room."""
        self._wait(self._app.enter_room(sid, room, namespace))

    def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room."""
        self._wait(self._app.leave_room(sid, room, namespace))

    def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take every client out of a room."""
        self._wait(self._app.close_room(room, namespace))

    def rooms(self, sid: str, namespace: str | None = None) -> list[str | int]:
        """Return the rooms of a client of this process, its own included."""
        rooms: list[str | int] = self._wait(_call(self._app.rooms, sid, namespace))
        return rooms

    def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """Return a client's session."""
        return self._wait(self._app.get_session(sid, namespace))

    def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        """Replace a client's session."""
        self._wait(self._app.save_session(sid, session, namespace))

    @contextmanager
    def session(self, sid: str, namespace: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield a client's session; changes are saved when the block ends."""
        session = self.get_session(sid, namespace)
        try:
            yield session
        finally:
            self.save_session(sid, session, namespace)

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # python-socketio's own signature
        """End a client's connection to a namespace."""
        self._wait(self._app.disconnect(sid, namespace, ignore_queue))


class SyncSocket:
    """The socket's coroutine methods, each of which returns when it is done; see `Socket`."""

    __slots__ = ("_socket", "_wait")

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._wait = Waiting(socket.app).wait

    def emit(
        self,
        event: str,
        data: Any = None,
        *further: Never,
        callback: Callable[..., Any] | None = None,
        **misplaced: Never,
    ) -> None:
        """Emit to this client."""
        self._wait(self._socket.emit(event, data, *further, callback=callback, **misplaced))

    def send(self, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit the event ``message`` to this client."""
        self._wait(self._socket.send(data, *further, **misplaced))

    def broadcast(self, event: str, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit to every other client of this namespace."""
        self._wait(self._socket.broadcast(event, data, *further, **misplaced))

    def to(self, room: Audience) -> SyncRecipients:
        """Address the other clients of a room, or of several rooms."""
        return SyncRecipients(self._socket.to(room), self._wait)

    def call(self, event: str, data: Any = None, *further: Never, timeout: float = 60) -> Any:
        """Emit to this client and wait for its answer, which holds a worker thread.

        Raises:
            ValueError: `timeout` is None; there are 40 threads.
        """
        return self._wait(self._socket.call(event, data, *further, timeout=_bounded(timeout)))

    def join(self, room: Room) -> None:
        """Enter a room of this namespace."""
        self._wait(self._socket.join(room))

    def leave(self, room: Room) -> None:
        """Leave a room of this namespace."""
        self._wait(self._socket.leave(room))

    @contextmanager
    def session(self) -> Iterator[dict[str, Any]]:
        """Yield the session of this connection; changes are saved when the block ends."""
        manager = self._socket.session()
        session = self._wait(_enter(manager))
        try:
            yield session
        finally:
            self._wait(_exit(manager))

    def disconnect(self) -> None:
        """End this connection."""
        self._wait(self._socket.disconnect())


class SyncRecipients:
    """The clients of some rooms, without the client that addresses them."""

    __slots__ = ("_recipients", "_wait")

    def __init__(self, recipients: Any, wait: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._recipients = recipients
        self._wait = wait

    def to(self, room: Audience) -> SyncRecipients:
        """Add the clients of other rooms."""
        return SyncRecipients(self._recipients.to(room), self._wait)

    def emit(self, event: str, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit to them."""
        self._wait(self._recipients.emit(event, data, *further, **misplaced))

    def send(self, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit the event ``message`` to them."""
        self._wait(self._recipients.send(data, *further, **misplaced))


class Waiting:
    """Runs coroutines in the loop of an application, and waits for them in another thread."""

    __slots__ = ("_app",)

    def __init__(self, app: Any) -> None:
        self._app = app

    def wait(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine returns, or raise what it raises.

        Raises:
            RuntimeError: The application does not run, or this is the thread of its loop.
        """
        loop = self._app.server.loop
        problem = None
        if loop is None or not loop.is_running():
            problem = "the application does not run, so that nothing can be sent in its event loop"
        elif _is_own(loop):
            problem = "this would block the event loop; await the method of the same name without .sync"
        if problem is not None:
            coroutine.close()
            raise RuntimeError(problem)
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        while not future.done():
            try:
                return future.result(_LOOK_SECONDS)
            except FutureTimeoutError:  # or what the coroutine raised
                if not loop.is_running() and not future.done():
                    raise RuntimeError("the application has stopped") from None
        return future.result()


def _is_own(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _bounded(timeout: float | None) -> float:
    if timeout is None:
        raise ValueError("call() holds one of 40 threads while it waits: give it a timeout in seconds")
    return timeout


async def _call(function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """Call a plain function in the event loop."""
    return function(*arguments, **named)


async def _enter(manager: Any) -> Any:
    return await manager.__aenter__()


async def _exit(manager: Any) -> None:
    await manager.__aexit__(None, None, None)
