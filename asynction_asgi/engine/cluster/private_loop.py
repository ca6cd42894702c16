"""The event loop of a daemon thread of our own, one per process, for what must outlive the loops of callers."""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading

__all__ = ["private_loop"]


class _Private:
    """The loop of this process, made again after a fork."""

    def __init__(self) -> None:
        self.process = 0
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None


_private = _Private()


def private_loop() -> asyncio.AbstractEventLoop:
    """Return the loop, running; whatever is scheduled there needs `call_soon_threadsafe`."""
    if (
        _private.process != os.getpid()
    ):  # a child begins with one thread, and maybe with a lock that stays taken
        _private.lock = threading.Lock()
        _private.process = os.getpid()
        keep_for_ever(_private.loop)
        _private.loop = None
    with _private.lock:
        if _private.loop is None:
            _private.loop = asyncio.new_event_loop()
            threading.Thread(
                target=_private.loop.run_forever, name="asynction-asgi queue", daemon=True
            ).start()
        return _private.loop


def keep_for_ever(inherited: object) -> None:
    """Never let an object that a fork has copied be destroyed.

    The child shares the descriptors of its parent's loop: where a connection of that loop is destroyed here,
    asyncio takes it out of the selector, which is the parent's as well.
    """
    if inherited is not None and hasattr(ctypes, "pythonapi"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
