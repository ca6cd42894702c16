"""An event loop in a daemon thread, one per process, for connections that must outlive the loops of callers."""

from __future__ import annotations

import asyncio
import threading

from .per_process import PerProcess

_private: PerProcess[asyncio.AbstractEventLoop] = PerProcess()


def private_loop() -> asyncio.AbstractEventLoop:
    """Return the running loop; use `call_soon_threadsafe` to schedule something there."""
    with _private.lock:
        loop = _private.value
        if loop is None:
            loop = _private.value = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="asynction-asgi queue", daemon=True).start()
        return loop
