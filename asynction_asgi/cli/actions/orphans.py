"""End processes whose supervisor is gone: nothing would replace them, and they would keep its port."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from typing import TYPE_CHECKING

from ...logs import get_logger

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

logger = get_logger("cli")


def run_supervised(
    run: Callable[[list[socket.socket] | None], None], sockets: list[socket.socket] | None = None
) -> None:
    """Run a server in a process that multiprocessing started, and end it as on SIGTERM if its parent dies.

    Args:
        run: Serves until it gets a signal.
        sockets: What it listens on.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    run(sockets)


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    logger.error("the supervisor %s was killed; ending as on SIGTERM", parent.pid)
    signal.raise_signal(signal.SIGTERM)
