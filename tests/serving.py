"""Real servers for the tests: uvicorn on a loopback port, in a separate thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class _Signalled(uvicorn.Server):
    """Sets an event when it accepts connections, so that no test polls or sleeps."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self.failed = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        except SystemExit:  # uvicorn exits if the application did not start
            self.failed = True
        finally:
            self.settled.set()


@contextlib.contextmanager
def serve(app: Any, *, port: int = 0, **options: Any) -> Iterator[str]:
    """Serve an ASGI app over loopback until the block ends, and yield ``http://127.0.0.1:port``.

    Without `port` a free one is used.

    Raises:
        RuntimeError: The server did not start or stop in time.
    """
    options = {"log_level": "warning", "log_config": None, "timeout_graceful_shutdown": 3, **options}
    options.setdefault("timeout_keep_alive", 60)  # a busy machine may pause a client for uvicorn's 5 s
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = _Signalled(uvicorn.Config(app, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        if not server.settled.wait(START_SECONDS) or server.failed:
            raise RuntimeError("the server did not start")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)
            if thread.is_alive():
                raise RuntimeError("the server did not stop")
